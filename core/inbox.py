"""Takes events in, and has each conversation's turns answered in order, many conversations at once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import structlog

from core.cancellation import Cancellation
from core.commands import QUESTION_DELETED, STOPPED
from core.conversation import Conversation
from core.errors import PlatformError
from core.fair_slots import FairSlots
from core.lease import held_lease
from core.messages import ConversationKey, Deletion, Edit, Message, Platform, PlatformEvent, Turn
from core.moderation.moderation import Moderation
from core.outcome import reference
from core.policy import Policies
from core.storage.errors import StatementRefused, StorageUnavailable, TurnLost
from core.storage.store import Store
from core.storage.turns import SKEW

log = structlog.get_logger()

FULL_EVERY = 60.0  # seconds between two sentences of one conversation that its queue is full
SILENT_ATTEMPTS = 10  # of a turn whose platform does not answer: a quarter of an hour with the pauses between them
LONGEST_PAUSE = 300.0  # seconds between two tries


@dataclass(frozen=True, slots=True)
class Pressure:
    """How many turns are answered at once, how often one is tried, and the first pause between tries, in seconds.

    `queue` is how many may wait in one conversation.
    """

    concurrency: int = 64
    attempts: int = 3
    pause: float = 2.0
    queue: int = 50


class Inbox:
    """The way from a platform's event to an answered turn; what waits is in the store, never only here."""

    def __init__(
        self,
        store: Store,
        conversation: Conversation,
        platforms: Mapping[str, Platform],
        policies: Policies,
        pressure: Pressure,
        guard: Moderation | None = None,
    ) -> None:
        self._store = store
        self._conversation = conversation
        self._platforms = platforms
        self._policies = policies
        self._pressure = pressure
        self._guard = guard
        self._slots = FairSlots(pressure.concurrency)
        self._queued: Counter[ConversationKey] = Counter()
        self._told_full: dict[ConversationKey, float] = {}
        self._serving: dict[ConversationKey, asyncio.Task[None]] = {}
        self._woken: set[ConversationKey] = set()
        self._answering: dict[Message, Cancellation] = {}
        self._open = True

    async def receive(self, event: PlatformEvent) -> bool:
        """Take an event in; on return it is on disk. Tell whether it is a new message that will be answered."""
        match event:
            case Message():
                return await self._take(event)
            case Edit(message):
                named = await self._platforms[message.key.platform].named(message)  # as the history has it
                return not await self._edited(named) and message.addressed and await self._take(message)
            case Deletion():
                await self._store.delete_message(event)
                self._conversation.forget(event)
                self._halt(QUESTION_DELETED, partial(_needs, event), replaces=True)
        return False

    async def resume(self) -> None:
        """Go on with what an earlier process left open."""
        for key in await self._store.recover_conversations():
            if key.platform in self._platforms:  # the others wait until their platform is on again
                self._wake(key)

    async def stop(self, grace: float) -> None:
        """Begin nothing new, give what is being answered `grace` seconds, and leave the rest for the next start."""
        self._open = False
        serving = list(self._serving.values())
        if serving:
            await asyncio.wait(serving, timeout=grace)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    async def _edited(self, message: Message) -> bool:
        """Take an edit in, checked where it is of something that is kept; return whether it is."""
        if not self._guard:
            return await self._store.edit_message(message)
        return await self._store.has_message(message) and await self._store.edit_message(
            message, await self._guard.filter_edit(message)
        )

    async def _take(self, message: Message) -> bool:
        policy = self._policies.of(message.key)
        follow_up = message.follow_up and policy.follow_ups
        if policy.voice_notes and _is_voice_note(message):
            message = replace(message, addressed=True)
        if not message.addressed and not follow_up:
            return False
        is_refused = self._guard is not None and self._guard.refusal_of(message) is not None
        if is_refused and not message.addressed:
            return False  # nobody asked to be told why
        if not message.command and self._queued[message.key] >= self._pressure.queue:
            return await self._turn_away(message)
        if not await self._queue(message):
            return False
        if message.command == "stop" and not is_refused:
            self._halt(STOPPED, lambda turn: _comes_before(turn, message), replaces=False)
        if message.attachments and not is_refused:
            self._conversation.prefetch(message, self._platforms[message.key.platform])
        self._wake(message.key)
        return True

    async def _queue(self, message: Message) -> bool:
        """Put a message into the store; it counts from the beginning, as others may come meanwhile."""
        self._count(message.key, 1)
        is_new = False
        try:
            is_new = await self._store.add_message(message, if_joined=not message.addressed)
        finally:
            if not is_new:
                self._count(message.key, -1)
        return is_new

    def _count(self, key: ConversationKey, change: int) -> None:
        """Keep how many wait in a conversation, for as long as any does."""
        self._queued[key] += change
        if self._queued[key] <= 0:
            del self._queued[key]

    async def _turn_away(self, message: Message) -> bool:
        """Say that too much waits already, once a minute in a conversation."""
        now, key = asyncio.get_running_loop().time(), message.key
        if now - self._told_full.get(key, -FULL_EVERY) < FULL_EVERY:
            await self._store.add_refused(message, if_joined=not message.addressed)
            return False
        self._told_full[key] = now
        log.warning("queue full", conversation=str(key), waiting=self._queued[key])
        if await self._store.add_message(replace(message, command="full"), if_joined=not message.addressed):
            self._wake(key)
        return False

    def _halt(self, sentence: str, concerns: Callable[[Message], bool], *, replaces: bool) -> None:
        for message, halt in self._answering.items():
            if concerns(message):
                halt.call(sentence, replaces=replaces)

    def _wake(self, key: ConversationKey) -> None:
        """See that somebody looks at a conversation's open turns after this moment."""
        if not self._open:
            return
        if key in self._serving:
            self._woken.add(key)
        else:
            self._serving[key] = asyncio.create_task(self._serve(key))

    async def _serve(self, key: ConversationKey) -> None:
        """Answer a conversation's open turns, one after the other, until there is none."""
        try:
            while self._open and await self._next(key):
                pass
        finally:
            del self._serving[key]
            self._queued.pop(key, None)
            self._told_full.pop(key, None)

    async def _next(self, key: ConversationKey) -> bool:
        """Answer the oldest open turn; return whether there may be another."""
        self._woken.discard(key)  # before the claim, so that what comes after it wakes us again
        try:
            turn, pause = await self._in_slot(key)
        except (
            StorageUnavailable,
            StatementRefused,
        ) as error:
            # No room, or locked by a backup: nothing is lost, so that we only wait.
            log.error("store failing", error=str(error), hint="Free space or unlock the file of CONFAB_DATABASE.")  # noqa: TRY400 - no trace: the sentence is all there is to know
            turn, pause = None, self._pressure.pause
            self._woken.add(key)
        await asyncio.sleep(pause)
        return pause > 0 or (turn is not None and turn.followed) or key in self._woken

    async def _in_slot(self, key: ConversationKey) -> tuple[Turn | None, float]:
        """Claim a turn and try it, among no more than may be answered at once; return the pause before another try."""
        channel = (key.platform, key.channel)
        await self._slots.take(channel)
        try:
            turn = await self._store.claim_turn(key)
            pause = await self._attempt(turn) if turn else 0.0
        finally:
            self._slots.give_back()
        if turn and not pause:
            self._count(key, -1)
        return turn, pause

    async def _attempt(self, turn: Turn) -> float:
        """Have a turn answered once; return the pause before it should be tried again, 0 where it should not."""
        platform = self._platforms[turn.message.key.platform]
        halt = self._answering[turn.message] = Cancellation()
        try:
            async with held_lease(self._store, turn):
                if turn.message.command == "ask":
                    self._wake(await self._conversation.post(turn, platform))
                else:
                    await self._conversation.answer(turn, platform, halt)
        except StorageUnavailable:
            raise
        except TurnLost:  # whoever has it now answers it
            log.warning("turn lost", reference=reference(turn), attempt=turn.attempts)
        except PlatformError as silence:  # all others have ended the turn
            log.warning("platform silent", reference=reference(turn), attempt=turn.attempts, detail=str(silence))
            return await self._failed(turn, platform, silence, SILENT_ATTEMPTS)
        except Exception as error:
            log.exception("turn failed", reference=reference(turn), attempt=turn.attempts)
            return await self._failed(turn, platform, error, self._pressure.attempts)
        finally:
            del self._answering[turn.message]
        return 0.0

    async def _failed(self, turn: Turn, platform: Platform, error: Exception, most: int) -> float:
        if turn.attempts >= most:
            await self._conversation.fail(turn, platform)
            return 0.0
        if not await self._store.release_turn(turn, type(error).__name__):
            return 0.0  # whoever has it now tries it again
        return min(LONGEST_PAUSE, self._pressure.pause * 2.0 ** (turn.attempts - 1))


def _comes_before(turn: Message, stop: Message) -> bool:
    """Whether a turn is one that a `stop` ends: it may arrive late, after what was asked behind it."""
    return turn.key == stop.key and turn.sent_at <= stop.sent_at + SKEW


def _is_voice_note(message: Message) -> bool:
    return message.command == "unheard" or any(file.is_voice_note for file in message.attachments)


def _needs(deletion: Deletion, question: Message) -> bool:
    """Whether a question is gone with a message: it was that message, or asked about it."""
    key, place = question.key, (deletion.platform, deletion.workspace, deletion.channel)
    same_place = (key.platform, key.workspace, key.channel) == place
    return same_place and deletion.message_id in {question.id, question.about}
