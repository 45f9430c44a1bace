"""What is kept of people, and who gets what, put together from the settings."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bots.platforms import PLATFORMS
from bots.recipients import recipients_of
from bots.settings import Settings
from core.chat_commands import ChatCommands
from core.privacy.hold import LegalHold
from core.privacy.keeper import Keeper
from core.privacy.opt_outs import OptOuts
from core.privacy.requests import PrivacyRequests, PrivacyRules
from core.privacy.statement import PrivacyFacts
from core.storage.store import Store

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


async def open_privacy(settings: Settings, environ: Mapping[str, str], store: Store) -> OpenedPrivacy:
    """Return it, once what was forgotten or is past its days is gone; raises SettingsError."""
    rules, opt_outs = privacy_rules_of(settings, environ), OptOuts(store)
    keeper = Keeper(store, settings.storage.path, settings.conversations, rules.hold)
    await keeper.begin()
    await opt_outs.load_opt_outs()
    return OpenedPrivacy(store, rules, keeper, opt_outs)


def privacy_rules_of(settings: Settings, environ: Mapping[str, str]) -> PrivacyRules:
    """Return what holds of people's requests; raises SettingsError."""
    return PrivacyRules(LegalHold(settings.privacy.legal_hold), privacy_facts_of(settings, environ), GLOBAL_IDS)


def privacy_facts_of(settings: Settings, environ: Mapping[str, str]) -> PrivacyFacts:
    """Return what the settings say of what is kept, and of who gets what; raises SettingsError."""
    storage = settings.storage
    return PrivacyFacts(
        operator=settings.preferences.operator,
        endpoints=tuple(recipients_of(settings, environ)),
        transcript_days=settings.voice.transcript_days,
        is_encrypted=bool(storage.key or storage.key_file or storage.key_command),
        is_held=bool(settings.privacy.legal_hold),
        keeps_refused_text=settings.moderation.keep_text,
    )
