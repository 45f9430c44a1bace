"""What people ask in the chat of what is kept of them: to have it erased, to have it, to be told, to be left out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from core.chat_commands import ChatCommands
from core.commands import DONE
from core.messages import Message
from core.preferences.preferences import Preferences
from core.privacy.export import format_export
from core.privacy.hold import LegalHold
from core.privacy.keeper import Keeper
from core.privacy.opt_outs import OptOuts
from core.privacy.report import HELD, HELD_HERE, LEFT_OUT, NOT_IN_PUBLIC, READ_AGAIN, format_forgotten, format_held
from core.privacy.statement import PrivacyFacts, format_statement
from core.storage.erase_everywhere import Person
from core.storage.export import export_person
from core.storage.forgetting import forget_conversation, forget_person, places_of_person
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class PrivacyRules:
    """What holds of requests: the hold, what is told, and on which platforms an id means one person everywhere."""

    hold: LegalHold
    facts: PrivacyFacts
    global_ids: frozenset[str] = frozenset()

    def person_of(self, message: Message) -> Person:
        """Return who wrote a message: where ids are a workspace's own, there alone."""
        workspace = "" if message.key.platform in self.global_ids else message.key.workspace
        return Person(message.key.platform, workspace, message.author.id)


class PrivacyRequests:
    """Answers the commands; `forget_in_memory` drops what is held beside the database."""

    def __init__(
        self,
        store: Store,
        rules: PrivacyRules,
        preferences: Preferences,
        keeper: Keeper,
        opt_outs: OptOuts,
        forget_in_memory: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._rules = rules
        self._preferences = preferences
        self._keeper = keeper
        self._opt_outs = opt_outs
        self._forget_in_memory = forget_in_memory

    def register(self, commands: ChatCommands) -> None:
        """Have the commands answered."""
        commands.register("privacy", self._tell_statement)
        commands.register("export me", self._export_person)
        commands.register("forget me", self._forget_person)
        commands.register("forget this", self._forget_conversation)
        commands.register("leave me out", self._leave_out)
        commands.register("read me again", self._read_again)
        if self._rules.hold.is_held:
            commands.register("reset", self._reset_unless_held)

    async def _tell_statement(self, message: Message) -> str:
        return format_statement(self._rules.facts, self._preferences.policies.policy_of(message.key))

    async def _export_person(self, message: Message) -> str:
        if not message.is_alone:
            return NOT_IN_PUBLIC
        found = await self._store.run(partial(export_person, whom=self._rules.person_of(message), by=_actor(message)))
        return format_export(found, self._rules.facts.operator)

    async def _forget_person(self, message: Message) -> str:
        whom = self._rules.person_of(message)
        places = [message.key, *await self._store.run(partial(places_of_person, whom=whom))]
        if self._rules.hold.holds_person(whom) or self._rules.hold.holds_any(places):
            return format_held(HELD, self._rules.facts.operator)
        counts = await self._store.run(partial(forget_person, whom=whom, actor=_actor(message)))
        await self._forget_beside()
        return format_forgotten(counts, of_person=True)

    async def _forget_conversation(self, message: Message) -> str:
        if self._rules.hold.holds_place(message.key):
            return format_held(HELD_HERE, self._rules.facts.operator)
        counts = await self._store.run(partial(forget_conversation, key=message.key, actor=_actor(message)))
        await self._forget_beside()
        return format_forgotten(counts, of_person=False)

    async def _reset_unless_held(self, message: Message) -> str:
        if self._rules.hold.holds_place(message.key):
            return format_held(HELD_HERE, self._rules.facts.operator)
        await self._store.delete_conversation(message.key)
        return DONE["reset"]

    async def _forget_beside(self) -> None:
        """Drop what the process holds, and have the file written anew."""
        self._forget_in_memory()
        await self._preferences.restore_choices()
        self._keeper.look_soon()

    async def _leave_out(self, message: Message) -> str:
        await self._opt_outs.leave_out(self._rules.person_of(message))
        return LEFT_OUT

    async def _read_again(self, message: Message) -> str:
        await self._opt_outs.read_again(self._rules.person_of(message))
        return READ_AGAIN


def _actor(message: Message) -> tuple[str, str, str]:
    return message.key.platform, message.key.workspace, message.author.id
