"""A platform is its own folder and a line in the list: one that nobody foresaw works by that alone."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import ClassVar

import aiohttp
import pytest

from bots.doctor.check import Check, Surroundings
from bots.doctor.examination import examine
from bots.links import MessageName, parse_message_name
from bots.platform_settings import PlatformSettings
from bots.platforms import PLATFORMS, BuiltPlatform, PlatformOffer, build_platforms
from bots.settings import Settings
from bots.state import PlatformState
from core.cards import Card
from core.chat_commands import ChatCommands
from core.errors import SettingsError
from core.messages import Attachment, ConversationKey, Earlier, Message, Receive, Turn
from core.model_events import ReplyEvent
from core.policy import Policies
from core.ports import Journal
from core.preferences.preferences import Preferences
from core.setting_fields import setting_field
from core.storage.store import Store

MODEL = {"OPENAI_API_KEY": "sk-1"}


class PigeonSettings(PlatformSettings):
    """What can be set of a platform that sends pigeons."""

    title: ClassVar[str] = "Pigeons"
    needs: ClassVar[Mapping[tuple[str, ...], str]] = {("PIGEON_RING",): "ask the breeder."}
    channel: ClassVar[tuple[str, str]] = (r"loft-[a-z]+", "loft-east")

    ring: str = setting_field("PIGEON_RING", "Pigeons: the ring", "", secret=True)


class Pigeons:
    """The platform itself: it does nothing."""

    name = "pigeon"

    def __init__(self, settings: PigeonSettings, state: PlatformState) -> None:
        self.settings, self.state = settings, state

    async def start(self, receive: Receive) -> None:
        """Hear nothing."""

    async def stop(self) -> None:
        """Do nothing."""

    async def is_ready(self) -> bool:
        """Always."""
        return True

    async def wait_until_lost(self) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()

    async def resolve_names(self, message: Message) -> Message:
        """Know nobody."""
        return message

    async def fetch_earlier(self, message: Message, most: int, since: float = 0.0) -> Sequence[Earlier]:
        """Remember nothing."""
        del message, most, since
        return []

    async def open_file(self, key: ConversationKey, attachment: Attachment, most: int) -> AsyncGenerator[bytes, None]:
        """Carry an empty file."""
        del key, attachment, most
        yield b""

    async def reply(self, turn: Turn, events: AsyncIterator[ReplyEvent], journal: Journal, *, live: bool) -> None:
        """Say nothing."""

    async def show_card(self, turn: Turn, card: Card, journal: Journal) -> None:
        """Show nothing."""

    async def post_notice(self, key: ConversationKey, text: str, only_for: str = "") -> bool:  # noqa: ARG002 - the port's
        """Say nothing."""
        return False


def build_pigeons(
    settings: PigeonSettings,
    session: aiohttp.ClientSession,
    state: PlatformState,
    commands: ChatCommands,
    stack: AsyncExitStack,
) -> BuiltPlatform:
    """Return the platform."""
    del session, commands, stack
    return BuiltPlatform(Pigeons(settings, state))


async def check_pigeons(settings: PigeonSettings, around: Surroundings) -> list[Check]:
    """Look whether the ring is on."""
    assert not around.is_running
    return [Check("pigeon.ring", "ok", f"The ring {settings.ring} is on.")]


OFFERS = (
    *PLATFORMS,
    PlatformOffer("pigeon", PigeonSettings, re.compile(r"/lofts/(?P<id>\d+)"), build_pigeons, check_pigeons),
)


def test_its_settings_stand_with_the_others() -> None:
    """In the example under its own heading, its token among what matters first."""
    example = Settings.example(OFFERS)
    assert example.index("PIGEON_RING=") < example.index("## The model")
    assert "## Pigeons" in example


def test_it_is_on_where_its_token_is_there_and_the_others_are_not_wanted_then() -> None:
    """No token of Slack's or Discord's is asked for."""
    (chosen,) = Settings.load({**MODEL, "PIGEON_RING": "7", "CONFAB_MODERATORS": "pigeon:loft-east"}, OFFERS).platforms
    assert chosen.settings == PigeonSettings(ring="7")
    with pytest.raises(SettingsError) as refused:
        Settings.load(MODEL, OFFERS)
    assert refused.value.faults[0].endswith("Slack or Discord or Pigeons.")
    assert "PIGEON_RING is missing: ask the breeder." in refused.value.faults
    with pytest.raises(SettingsError, match="or pigeon:loft-east"):
        Settings.load({**MODEL, "PIGEON_RING": "7", "CONFAB_MODERATORS": "pigeon:roof"}, OFFERS)


async def test_it_is_built_and_looked_at(tmp_path: Path) -> None:
    """With a state of its own; no secret of it is printed."""
    settings = Settings.load({**MODEL, "PIGEON_RING": "ring-77"}, OFFERS)
    async with AsyncExitStack() as stack, aiohttp.ClientSession() as session:
        store = Store(tmp_path / "confab.db")
        stack.push_async_callback(store.close)
        commands = ChatCommands(Preferences(store, Policies(), settings.preferences))
        built = build_platforms(settings.platforms, session, store, commands, stack)
        assert list(built.by_name) == ["pigeon"]
        assert await built.by_name["pigeon"].is_ready()
        found = await examine(settings, [])
    assert [check.sentence for check in found] == ["The ring (secret) is on."]


def test_its_links_lead_to_messages() -> None:
    """As operators paste them."""
    assert parse_message_name("https://pigeons.example/lofts/12", OFFERS) == MessageName("12")
    assert parse_message_name("https://pigeons.example/lofts/12") is None
