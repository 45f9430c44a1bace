"""What is kept of people, and who gets what, put together from the settings."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from bots.platforms import PLATFORMS
from bots.settings import Settings
from bots.voice import transcribers
from core.chat_commands import ChatCommands
from core.privacy.hold import LegalHold
from core.privacy.keeper import Keeper
from core.privacy.opt_outs import OptOuts
from core.privacy.requests import PrivacyRequests, PrivacyRules
from core.privacy.statement import Endpoint, PrivacyFacts
from core.privacy.training import training_note
from core.storage.store import Store

HERE = "this machine"
GLOBAL_IDS = frozenset(each.name for each in PLATFORMS if each.has_global_ids)


@dataclass(frozen=True, slots=True)
class OpenedPrivacy:
    """What sees to what is kept: who is left out, what goes by the clock, and what people may ask."""

    store: Store
    rules: PrivacyRules
    keeper: Keeper
    opt_outs: OptOuts

    def start_keeping(
        self, commands: ChatCommands, forget_in_memory: Callable[[], object], stack: AsyncExitStack
    ) -> None:
        """Have the commands answered, and the clock run until `stack` closes; before the platforms start."""
        requests = PrivacyRequests(
            self.store, self.rules, commands.preferences, self.keeper, self.opt_outs, forget_in_memory
        )
        requests.register(commands)
        stack.callback(asyncio.create_task(self.keeper.run()).cancel)


async def open_privacy(settings: Settings, store: Store) -> OpenedPrivacy:
    """Return it, once what was forgotten or is past its days is gone."""
    rules, opt_outs = privacy_rules_of(settings), OptOuts(store)
    keeper = Keeper(store, settings.storage.path, settings.conversations, rules.hold)
    await keeper.begin()
    await opt_outs.load_opt_outs()
    return OpenedPrivacy(store, rules, keeper, opt_outs)


def privacy_rules_of(settings: Settings) -> PrivacyRules:
    """Return what holds of people's requests."""
    return PrivacyRules(LegalHold(settings.privacy.legal_hold), privacy_facts_of(settings), GLOBAL_IDS)


def privacy_facts_of(settings: Settings) -> PrivacyFacts:
    """Return what the settings say of what is kept, and of who gets what."""
    storage = settings.storage
    return PrivacyFacts(
        operator=settings.preferences.operator,
        endpoints=tuple(_endpoints_of(settings)),
        transcript_days=settings.voice.transcript_days,
        is_encrypted=bool(storage.key or storage.key_file or storage.key_command),
        is_held=bool(settings.privacy.legal_hold),
        keeps_refused_text=settings.moderation.keep_text,
    )


def _endpoints_of(settings: Settings) -> Iterator[Endpoint]:
    model = settings.model
    host = HERE if model.local_model else model.host
    named = {
        model.model,
        *settings.preferences.models,
        *(each.model for each in settings.conversations.channels.values()),
    }
    notes = (training_note(host, name, model.extra_body) for name in sorted(named - {""}))
    note = next(filter(None, notes), "")
    asked = "what you ask, what stood around it, the text of files, and pictures"
    yield Endpoint("to answer, and to summarise long conversations", asked, host, note)
    yield from _moderators_of(settings, host, note)
    if settings.transcription.local_whisper:
        yield Endpoint("to be written down", "recordings", HERE)
    listed = transcribers(settings.transcription, model, has_local=bool(settings.transcription.local_whisper))
    for place in dict.fromkeys(urlsplit(each.base_url).netloc.rpartition("@")[2] for each in listed):
        yield Endpoint("to be written down", "recordings", place)


def _moderators_of(settings: Settings, model_host: str, note: str) -> Iterator[Endpoint]:
    """Yield who checks what is said; where it shows at the start only, who may."""
    checkers, url = set(settings.moderation.checkers), settings.moderation.url
    sent, purpose = "questions, answers and what stands around them", "to check whether they are harmful"
    if checkers & {"auto", "endpoint"}:
        host = urlsplit(url).netloc.rpartition("@")[2] if url else model_host
        yield Endpoint(purpose, sent, host, "" if url else note)
    if "judge" in checkers or ("auto" in checkers and url):
        yield Endpoint(purpose, sent, model_host, note)
