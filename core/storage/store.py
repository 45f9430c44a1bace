"""Everything that is kept, behind one noun: each method is one transaction on the database."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import structlog

from core.history import PromptRecord, StoredHistory
from core.messages import ConversationKey, Deletion, Entry, Message, SavedAnswer, Turn
from core.policy import Scope
from core.storage import consents, erase, history, moderation_log, preferences, state, steps, turns
from core.storage.connection import Connection
from core.storage.database import Database, Work
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.knowledge import Citation
from core.storage.sealing import Sealer

log = structlog.get_logger()

T = TypeVar("T")
Reserve = Callable[[Connection, Turn], Turn]
"""Reserves what answering a turn may cost; returns the turn, with the reason where it may not be answered."""
SET_ASIDE = "No row can hold it; `turns --failed` lists it, and everything else goes on."


class Store:
    """Keeps every message addressed to the bot until it is answered, and what was said.

    All methods raise StorageUnavailable where nothing can be stored or read just now.
    """

    def __init__(
        self, path: Path, key: str = "", keeps_nothing: Callable[[ConversationKey], bool] = lambda _: False
    ) -> None:
        """Open or create the file at `path`, encrypted with a `key`; raise DatabaseBusy where another process holds it.

        `keeps_nothing` tells in which conversations nothing stays of a turn that has ended. Raises SettingsError where
        the key does not open it.
        """
        self._database = Database(path, key)
        self.sealer = Sealer(path)
        self._keeps_nothing = keeps_nothing
        self._holder = uuid.uuid4().hex  # this process, as the holder of leases

    async def find_trouble(self) -> str:
        """Return in a word why nothing can be stored, empty where something can; after trouble it is tried anew."""
        if self._database.trouble:
            with suppress(StorageUnavailable):
                await self.write_state("tried", str(time.time()))
        return self._database.trouble

    async def close(self) -> None:
        """Finish what is waiting, then close the file."""
        await self._database.close()

    async def run(self, work: Work[T]) -> T:
        """Do statements of a module of ours on the connection, in a transaction; return what they return."""
        return await self._database.run(work)

    def send(self, work: Work[object]) -> None:
        """Do statements a little later, before whatever is asked for after them; nobody waits, or is told of errors."""
        self._database.send(work)

    async def run_alone(self, work: Work[T]) -> T:
        """Do on the connection what no transaction can hold; return what it returns."""
        return await self._database.run_alone(work)

    async def add_message(self, message: Message, *, if_joined: bool) -> bool:
        """Put a message into the inbox; return whether it is new there.

        With `if_joined` only where the bot takes part in the conversation already. Returns after the commit: only
        then may the platform be told that the message has arrived. One that no row can hold is set aside as failed.
        """
        return await self.admit_message(message, if_joined=if_joined, most=None) == "added"

    async def admit_message(self, message: Message, *, if_joined: bool, most: int | None) -> turns.Admission:
        """Put a message into the inbox as `add_message` does; `full` where `most` wait in its conversation already."""
        try:
            return await self._database.run(lambda db: self._admit(db, message, if_joined=if_joined, most=most))
        except (StatementRefused, ValueError) as error:
            log.error("message set aside", conversation=str(message.key), error=type(error).__name__, hint=SET_ASIDE)  # noqa: TRY400 - its trace would hold the message
            await self.set_aside(message.key, message.id)
            return "ignored"

    def _admit(self, db: Connection, message: Message, *, if_joined: bool, most: int | None) -> turns.Admission:
        sealed = self.sealer.seal_message(message)
        return turns.admit_turn(db, sealed, if_joined=if_joined, most=most)

    async def set_aside(self, key: ConversationKey, message_id: str) -> None:
        """Note a message that cannot be read as failed, so that it is listed; what is known of its place may be odd."""
        await self._database.run(lambda db: turns.insert_unreadable(db, key, message_id))

    async def add_refused(self, message: Message, *, if_joined: bool) -> bool:
        """Note a message that is not going to be answered; return whether it is new."""
        work = partial(turns.insert_turn, message=message, if_joined=if_joined, state="refused")
        return await self._database.run(work)

    async def recover_conversations(self) -> list[ConversationKey]:
        """Return every conversation with an open turn, the longest waiting first; leases of gone processes are void."""
        return await self._database.run(lambda db: turns.open_conversations(db, self._holder))

    async def parked_conversations(self) -> list[tuple[ConversationKey, float]]:
        """Return each conversation in which a turn waits for a click, and until when, in seconds since the epoch."""
        return await self._database.run(consents.select_parked)

    async def next_asker(self, key: ConversationKey) -> str:
        """Return the id of who wrote the next turn of a conversation, empty where none waits."""
        return await self._database.run(lambda db: turns.next_asker(db, key))

    async def claim_turn(self, key: ConversationKey, reserve: Reserve | None = None) -> Turn | None:
        """Take the oldest open turn of a conversation, or None where there is none or another process holds one.

        What `reserve` says of the turn is done in the same transaction.
        """

        def claim(connection: Connection) -> Turn | None:
            turn = self.unseal_turn(turns.claim_turn(connection, key, self._holder))
            return reserve(connection, turn) if turn and reserve else turn

        return await self._database.run(claim)

    async def count_ends(self, turn: Turn) -> int:
        """Return how often the process has ended in the midst of a turn."""
        return await self._database.run(lambda db: steps.count_ends(db, turn))

    def unseal_turn(self, turn: Turn | None) -> Turn | None:
        """Return a turn as a platform can answer it: with what its message's handle held before it was sealed."""
        return turn and replace(turn, message=self.sealer.open_message(turn.message))

    async def renew_lease(self, turn: Turn) -> bool:
        """Keep a turn for another lease; return whether it is still ours."""
        return await self._database.run(lambda db: turns.renew_lease(db, turn))

    async def release_turn(self, turn: Turn, error: str) -> bool:
        """Give a turn back after a failed attempt, to be claimed again; return whether it was still ours."""
        return await self._database.run(lambda db: turns.release_turn(db, turn, error))

    async def next_is_same_author(self, turn: Turn) -> bool:
        """Return whether the next message that waits in a turn's conversation is a question by the same person."""
        return await self._database.run(lambda db: turns.next_is_same_author(db, turn))

    def save_answer(self, turn: Turn, answer: SavedAnswer, cited: Sequence[Citation] = ()) -> None:
        """Keep what the model answered until the turn is done. Nobody waits for it: it is written before what follows.

        What it has `cited` takes it along when it goes.

        Its cost is a statement, and as a rule no commit of its own.
        """
        self._database.send(lambda db: turns.save_answer(db, turn, answer, cited))

    async def save_posted_part(self, turn: Turn, part: int, platform_id: str) -> bool:
        """Note that a part of the reply is visible as the message `platform_id`; return whether the turn is ours."""
        return await self._database.run(lambda db: steps.insert_posted_part(db, turn, part, platform_id))

    async def finish_turn(
        self, turn: Turn, entries: Sequence[Entry], ended: str, detail: dict[str, Any], made: PromptRecord | None = None
    ) -> bool:
        """End a turn as `done`, `failed` or `uncertain`, with what was said and what it was answered from, at once.

        Returns False, and writes nothing, where the turn was lost to another claim or ended meanwhile.
        """
        if self._keeps_nothing(turn.message.key):
            return await self._database.run(lambda db: _finish_unkept(db, turn, ended, detail))
        return await self._database.run(lambda db: turns.finish_turn(db, turn, entries, ended, detail, made))

    async def conversation_of(self, platform: str, platform_id: str) -> ConversationKey | None:
        """Return the conversation in which a message was posted as a part of an answer."""
        return await self._database.run(lambda db: turns.conversation_of(db, platform, platform_id))

    async def recent_channels(self, platform: str, workspace: str, most: int) -> list[str]:
        """Return the channels of a workspace in which the bot was asked something, the latest first."""
        return await self._database.run(lambda db: turns.recent_channels(db, platform, workspace, most))

    async def recent_conversations(self, platform: str, workspace: str, most: int) -> list[ConversationKey]:
        """Return the conversations of a workspace in which something was asked last, the latest first."""
        return await self._database.run(lambda db: turns.recent_conversations(db, platform, workspace, most))

    async def forgotten_at(self, key: ConversationKey) -> float:
        """Return when the bot was last told to forget a conversation, by the platform's clock; 0 where it was not."""
        return await self._database.run(lambda db: history.forgotten_at(db, key))

    async def read_history(self, key: ConversationKey, most: int) -> StoredHistory:
        """Return what is remembered of a conversation, with `most` entries at the most, the newest ones."""
        return await self._database.run(lambda db: history.read_history(db, key, most))

    async def entries_between(self, key: ConversationKey, after: int, upto: int, most: int) -> list[Entry]:
        """Return the newest entries with a seq above `after` and up to `upto`, `most` of them, oldest first."""
        return await self._database.run(lambda db: history.entries_between(db, key, after, upto, most))

    async def save_token_counts(self, counts: Mapping[int, int]) -> None:
        """Note the lengths of entries that had none, by their seq."""
        await self._database.run(lambda db: history.save_token_counts(db, counts))

    async def save_summary(self, key: ConversationKey, summary: str, upto: int, version: int) -> None:
        """Note a summary up to an entry's seq, unless what it tells was changed since `version`; it never goes back."""
        await self._database.run(lambda db: history.save_summary(db, key, summary, upto, version))

    async def note_unread(self, message: Message) -> None:
        """Note that a message to others stands in a conversation of the bot's: the next prompt there is to have it.

        One that no row can hold is left out.
        """
        with suppress(StatementRefused, ValueError):
            await self._database.run(lambda db: history.note_unread(db, message))

    async def known_messages(self, key: ConversationKey) -> set[str]:
        """Return the ids of all messages that a conversation's history holds, or that the bot was asked by there."""
        return await self._database.run(lambda db: history.known_messages(db, key))

    async def save_earlier(self, key: ConversationKey, entries: Sequence[Entry], upto: float) -> None:
        """Keep what others said in a conversation before a time; it is not asked for again."""
        rows = [(history.entry_values(key, "", entry), entry) for entry in entries]
        await self._database.run(lambda db: history.save_earlier(db, key, rows, upto))

    async def add_edit(self, message: Message) -> bool:
        """Take a changed text into the waiting question, and have the history follow; False where it is in neither.

        Returns after the commit, as `add_message` does. One that no row can hold changes nothing.
        """
        try:
            sealed = self.sealer.seal_message(message)
            return await self._database.run(lambda db: erase.insert_edit(db, sealed))
        except (StatementRefused, ValueError) as error:
            log.error("edit left out", conversation=str(message.key), error=type(error).__name__)  # noqa: TRY400 - its trace would hold the message
            return True

    async def edit_message(self, turn: Turn, message: Message, kept: str) -> None:
        """Change what was said, as an edit's turn has it; `kept` is what the history may have of the text."""
        await self._database.run(lambda db: erase.edit_message(db, turn, message, kept))

    async def delete_message(self, deletion: Deletion) -> list[ConversationKey]:
        """Take a message out of the inbox and out of the history, and with it every question that quotes it.

        Returns the conversations in which what is gone waited for a click, and is to be taken away now.
        """
        return await self._database.run(lambda db: erase.delete_message(db, deletion))

    async def delete_conversation(self, key: ConversationKey) -> None:
        """Drop a conversation's history, its summary, what was counted of it, and what was heard in its recordings."""
        await self._database.run(lambda db: erase.delete_conversation(db, key))

    async def read_state(self, name: str) -> str:
        """Return what was last written under `name`, empty where nothing was."""
        return await self._database.run(lambda db: state.select_state(db, name))

    async def write_state(self, name: str, value: str) -> None:
        """Remember `value` under `name`."""
        await self._database.run(lambda db: state.upsert_state(db, name, value))

    async def advance_state(self, name: str, number: int) -> None:
        """Remember a number under `name`, unless one as large stands there: it only grows."""
        await self._database.run(lambda db: state.upsert_larger_state(db, name, number))

    async def save_moderation(self, values: Sequence[object]) -> None:
        """Keep what moderation refused or could not check, as the values of moderation_log.COLUMNS."""
        await self._database.run(lambda db: moderation_log.insert_moderation(db, values))

    async def violations_since(self, paths: Sequence[str], since: float) -> list[tuple[str, str, str, float, bool]]:
        """Return who had what they said refused since a time, by one of `paths`, and who was told of a pause."""
        return await self._database.run(lambda db: moderation_log.violations_since(db, paths, since))

    async def read_choices(self) -> dict[Scope, dict[str, str]]:
        """Return what was chosen in the chat and holds, by whose it is and by name."""
        return await self._database.run(preferences.select_choices)

    async def add_choices(self, scope: Scope, by: str, values: Mapping[str, str]) -> dict[str, str]:
        """Keep what a person chose, by name, empty for what is usual; return what holds for whose it is."""
        return await self._database.run(lambda db: preferences.insert_choices(db, scope, by, values))


def _finish_unkept(connection: Connection, turn: Turn, ended: str, detail: dict[str, Any]) -> bool:
    """End a turn of which nothing is kept; what failed cannot be asked again."""
    is_ours = turns.finish_turn(connection, turn, (), ended, detail, None)
    erase.empty_turn(connection, turn)
    return is_ours
