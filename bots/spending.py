"""What calls cost, and the caps on that, put together for the composition root."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack

from bots.settings import Settings
from core.chat_commands import ChatCommands
from core.llm.choice import ModelChoice
from core.llm.settings import ModelSettings
from core.messages import ConversationKey
from core.policy import Policies
from core.ports import Platform
from core.spending.caps import Caps, caps_from
from core.spending.digest import UsageDigest
from core.spending.lifting import CapLifting
from core.spending.meter import CHARACTERS, Meter, ModelCall
from core.spending.price_book import PriceBook
from core.spending.reservations import TurnReservations
from core.spending.settings import SpendingSettings
from core.spending.usage import UsageTeller
from core.storage.spending import settle_cut_calls
from core.storage.store import Store

OWN_WORDS = 200  # tokens that Confab puts into every prompt


async def open_meter(settings: Settings, store: Store, policies: Policies) -> Meter:
    """Return what measures every call, once what an earlier process left under way is settled."""
    await store.run(settle_cut_calls)
    served_here = (settings.model.host,) if settings.model.local_model else ()
    return meter_of(settings.spending, store, policies, served_here)


def meter_of(settings: SpendingSettings, store: Store, policies: Policies, local_hosts: tuple[str, ...] = ()) -> Meter:
    """Return what measures every call, by the operator's prices and caps."""
    own = {name: each.to_price() for name, each in settings.prices.items()}
    book = PriceBook(own, (*settings.local_hosts, *local_hosts))
    caps = Caps(caps_from(settings), lambda key: policies.policy_of(key).time_zone)
    return Meter(store, book, caps, time.time)


def register_commands(commands: ChatCommands, store: Store, meter: Meter) -> Meter:
    """Have people told what they have used, and let administrators lift caps; return the meter."""
    preferences = commands.preferences
    told = UsageTeller(store, meter.caps, preferences.is_named_administrator)
    commands.register("usage", told.tell_usage)
    commands.register("uncap", CapLifting(store, meter.caps, preferences.is_named_administrator).lift)
    return meter


def start_digest(
    settings: SpendingSettings,
    store: Store,
    platforms: Mapping[str, Platform],
    policies: Policies,
    stack: AsyncExitStack,
) -> None:
    """Have channels told each morning what the day before cost, until `stack` closes; they are named `platform:C1`."""
    if settings.digest:
        places = [_place_named(name) for name in settings.digest]
        digest = UsageDigest(store, platforms, places, lambda key: policies.policy_of(key).time_zone)
        stack.callback(asyncio.create_task(digest.run()).cancel)


def _place_named(name: str) -> ConversationKey:
    platform, *workspace, channel = name.split(":")
    return ConversationKey(platform, "".join(workspace), channel, "")


def bound_answers(options: ModelSettings, meter: Meter) -> ModelSettings:
    """Return how a model is asked, with a longest answer where a cap has to know it and nobody says it."""
    if options.max_tokens or {"max_tokens", "max_completion_tokens"} & options.extra_body.keys():
        return options
    price = meter.book.price_of(options.model, options.host)
    return options.model_copy(update={"max_tokens": meter.caps.longest_answer(options.model, price)})


def reservations_of(meter: Meter, choice: ModelChoice, policies: Policies, instructions: str = "") -> TurnReservations:
    """Return what reserves turns as they are claimed."""

    def largest_call(key: ConversationKey) -> ModelCall:
        return choice.model_named(policies.policy_of(key).model).largest_call()

    return TurnReservations(meter, largest_call, OWN_WORDS + len(instructions) // CHARACTERS)
