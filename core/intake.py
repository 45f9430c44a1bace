"""Takes a platform's events in: each is on disk, and nothing was asked of the network, before it is acknowledged."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import structlog

from core.channel_gone import ChannelGone
from core.channel_lines import is_at_top
from core.commands import QUESTION_DELETED, STOPPED
from core.conversation import Conversation
from core.messages import ConversationKey, Deletion, Edit, Message, PlatformEvent
from core.moderation.moderation import Moderation
from core.policy import Policies
from core.ports import Platform
from core.quotes import reference_of
from core.sanitize import valid_value
from core.storage import turns
from core.storage.store import Store
from core.storage.turns import SKEW
from core.worker import Worker

log = structlog.get_logger()

FULL_EVERY = 60.0  # seconds between two sentences of one conversation that its queue is full


class Intake:
    """The way from a platform's event to a row of the store; `queue` is how many may wait in one conversation."""

    def __init__(
        self,
        store: Store,
        conversation: Conversation,
        platforms: Mapping[str, Platform],
        policies: Policies,
        worker: Worker,
        queue: int,
        guard: Moderation | None = None,
    ) -> None:
        self._store = store
        self._conversation = conversation
        self._platforms = platforms
        self._policies = policies
        self._worker = worker
        self._queue = queue
        self._guard = guard
        self._said_full: dict[ConversationKey, float] = {}

    async def receive(self, event: PlatformEvent) -> bool:
        """Take an event in; on return it is on disk. Tell whether it is a new message that will be answered."""
        match valid_value(event):
            case Message() as message:
                return await self._take_message(self._as_read(message))
            case Edit(message):
                message = self._as_read(message)
                self._conversation.earlier.note_edit(message)
                await self._take_shared(message, is_edit=True)
                return not await self._take_edit(message) and message.addressed and await self._take_message(message)
            case Deletion() as deletion:
                waiting = await self._store.delete_message(deletion)
                self._read_what_is_left()
                self._conversation.forget(deletion)
                self._worker.end_answers(QUESTION_DELETED, partial(_needs_message, deletion), replaces=True)
                for key in waiting:
                    self._worker.wake(key)
            case ChannelGone() as gone:
                if self._conversation.knowledge:
                    await self._conversation.knowledge.drop_channel(gone)
        return False

    def forget_lines(self) -> None:
        """Drop what was heard in channels: somebody was forgotten, and the platform tells again what stands there."""
        self._conversation.earlier.forget_lines()
        self._read_what_is_left()

    def _as_read(self, message: Message) -> Message:
        """Return a message without what it quotes of people of whom nothing is read."""
        return self._guard.leave_out_unread(message.key, message) if self._guard else message

    async def _take_shared(self, message: Message, *, is_edit: bool = False) -> None:
        """Take in what came with a message to be looked up later, and what it says, where that is switched on."""
        if self._conversation.knowledge:
            await self._conversation.knowledge.take_message(message, is_edit=is_edit)

    def _read_what_is_left(self) -> None:
        """See that a conversation that lost or changed a line can be looked up without it."""
        if self._conversation.knowledge:
            self._conversation.knowledge.wake_indexer()

    async def _take_edit(self, message: Message) -> bool:
        """Take an edit in; return whether it is of something that is kept. Names and checks come after, in a turn."""
        is_kept = await self._store.add_edit(message)
        self._read_what_is_left()
        self._worker.wake(message.key)  # also where only a quotation of it is kept
        return is_kept

    async def _take_message(self, message: Message) -> bool:
        """Take a message in; what the bot is not asked is noted, so that the next question brings it along."""
        policy = self._policies.policy_of(message.key, message.author.id)
        if policy.voice_notes and _is_voice_note(message):
            message = replace(message, addressed=True)
        is_refused = self._guard is not None and self._guard.refusal_of(message) is not None
        if not message.addressed and (is_refused or self._is_left_out(message)):
            return False  # nobody asked to be told why
        if not is_refused:
            await self._take_shared(message)
        may_be = message.addressed or (message.follow_up and policy.follow_ups)
        is_asked = (may_be or await self._stops_answer(message)) and await self._take_question(
            message, is_refused=is_refused
        )
        await self._conversation.earlier.note_message(message, is_asked=is_asked)
        return is_asked

    async def _stops_answer(self, message: Message) -> bool:
        """Whether a bare `stop` in a thread ends something, also where the bot goes on with nothing but mentions."""
        is_stop = message.follow_up and message.command == "stop"
        return is_stop and await self._store.run(lambda db: turns.has_open_turn(db, message.key))

    def _is_left_out(self, message: Message) -> bool:
        """Whether its author does not want to be read but where they address the bot."""
        return self._guard is not None and self._guard.leaves_out(message.key, message.author)

    async def _take_question(self, message: Message, *, is_refused: bool) -> bool:
        most = None if message.command else self._queue
        admission = await self._store.admit_message(message, if_joined=not message.addressed, most=most)
        if admission == "full":
            await self._turn_away(message)
        if admission != "added":
            return False
        if not is_refused:
            self._begin_early(message)
        self._worker.wake(message.key)
        return True

    def _begin_early(self, message: Message) -> None:
        """Do what does not wait for a message's turn: stop what it stops, listen to what came with it."""
        if message.command == "stop":
            self._worker.end_answers(STOPPED, lambda turn: _comes_before(turn, message), replaces=False)
        if message.attachments:
            self._conversation.prefetch(message, self._platforms[message.key.platform])

    async def _turn_away(self, message: Message) -> None:
        """Say that too much waits already, once a minute in a conversation."""
        now, key, if_joined = asyncio.get_running_loop().time(), message.key, not message.addressed
        self._said_full = {each: at for each, at in self._said_full.items() if now - at < FULL_EVERY}
        if key in self._said_full:
            await self._store.add_refused(message, if_joined=if_joined)
            return
        self._said_full[key] = now  # at once, as others may come meanwhile
        is_said = False
        try:
            is_said = await self._store.add_message(replace(message, command="full"), if_joined=if_joined)
        finally:
            if not is_said:
                del self._said_full[key]
        log.warning("queue full", conversation=str(key), waiting=self._queue)
        self._worker.wake(key)


def _comes_before(turn: Message, stop: Message) -> bool:
    """Whether a turn is one that a `stop` ends: it may arrive late, after what was asked behind it.

    At the top of a direct message, where each question begins a thread, it ends what is answered in any of them.
    """
    is_for_all = stop.is_alone and is_at_top(stop)
    key = replace(turn.key, thread=stop.key.thread) if is_for_all else turn.key
    return key == stop.key and turn.sent_at <= stop.sent_at + SKEW


def _is_voice_note(message: Message) -> bool:
    return message.command == "unheard" or any(file.is_voice_note for file in message.attachments)


def _needs_message(deletion: Deletion, question: Message) -> bool:
    """Whether a question is gone with a message: it was that message, or asked about it."""
    if (question.key.platform, question.key.workspace) != (deletion.platform, deletion.workspace):
        return False
    if question.key.channel != deletion.channel:
        return question.about == reference_of(deletion.channel, deletion.message_id)
    return deletion.message_id in {question.id, question.about}
