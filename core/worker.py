"""Has each conversation's turns answered in order, many conversations at once."""

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog

from core.consent.errors import TurnParked
from core.conversation import Conversation
from core.edits import apply_edit
from core.errors import PlatformError
from core.fair_slots import PersonSlots
from core.lease import held_lease
from core.messages import ConversationKey, Message, Turn
from core.moderation.moderation import Moderation
from core.outcome import Cancellation, reference
from core.ports import Platform
from core.retry import pause_before
from core.storage.errors import StatementRefused, StorageUnavailable, TurnLost
from core.storage.store import Reserve, Store
from core.turn_settings import TurnSettings

log = structlog.get_logger()

ENDS_HINT = "Each time that it was tried the process ended in its midst: too little memory, maybe."

SILENT_ATTEMPTS = 10  # of a turn whose platform does not answer: a quarter of an hour with the pauses between them
LONGEST_PAUSE = 300.0  # seconds between two tries
MOST_ENDS = 5  # of the process in the midst of a turn, after which that turn is taken for the reason


class Worker:
    """The way from a row to an answered turn; what waits is in the store, never only here."""

    def __init__(
        self,
        store: Store,
        conversation: Conversation,
        platforms: Mapping[str, Platform],
        settings: TurnSettings,
        guard: Moderation | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        """`reserve` reserves what a turn may cost as it is claimed."""
        self._store = store
        self._conversation = conversation
        self._platforms = platforms
        self._settings = settings
        self._guard = guard
        self._reserve = reserve
        self._slots = PersonSlots(settings.concurrency, max(1, settings.concurrency // 2))
        self._tasks: dict[ConversationKey, asyncio.Task[None]] = {}
        self._woken: set[ConversationKey] = set()
        self._answering: dict[Message, Cancellation] = {}
        self._open = True

    async def resume(self) -> None:
        """Go on with what an earlier process left open."""
        for key in await self._store.recover_conversations():
            if key.platform in self._platforms:  # the others wait until their platform is on again
                self.wake(key)
        for key, until in await self._store.parked_conversations():
            if key.platform in self._platforms:
                self.wake_at(key, until)

    async def stop(self, grace: float) -> None:
        """Begin nothing new, give what is being answered `grace` seconds, and leave the rest for the next start."""
        self._open = False
        serving = list(self._tasks.values())
        if serving:
            await asyncio.wait(serving, timeout=grace)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    def end_answers(self, sentence: str, concerns: Callable[[Message], bool], *, replaces: bool) -> None:
        """End the answers to the questions that this `concerns`, with a sentence behind or in place of them."""
        for message, halt in self._answering.items():
            if concerns(message):
                halt.call(sentence, replaces=replaces)

    def wake(self, key: ConversationKey) -> None:
        """See that somebody looks at a conversation's open turns after this moment."""
        if not self._open:
            return
        if key in self._tasks:
            self._woken.add(key)
        else:
            self._tasks[key] = asyncio.create_task(self._answer_all(key))

    def wake_at(self, key: ConversationKey, at: float) -> None:
        """See that somebody looks at a conversation's open turns at a time, in seconds since the epoch."""
        left = at - time.time()
        if left > 0:
            asyncio.get_running_loop().call_later(left, self.wake_at, key, at)
        else:
            self.wake(key)

    async def _answer_all(self, key: ConversationKey) -> None:
        """Answer a conversation's open turns, one after the other, until there is none."""
        try:
            while self._open and await self._answer_next(key):
                pass
        finally:
            del self._tasks[key]

    async def _answer_next(self, key: ConversationKey) -> bool:
        """Answer the oldest open turn; return whether there may be another."""
        self._woken.discard(key)  # before the claim, so that what comes after it wakes us again
        try:
            turn, pause = await self._try_in_slot(key)
        except (
            StorageUnavailable,
            StatementRefused,
        ) as error:  # no room, or locked: nothing is lost, so that we only wait
            log.error("store failing", error=str(error), hint="Free space or unlock the file of CONFAB_DATABASE.")  # noqa: TRY400 - no trace: the sentence is all there is to know
            turn, pause = None, self._settings.retry_pause
            self._woken.add(key)
        await asyncio.sleep(pause)
        return pause > 0 or (turn is not None and turn.followed) or key in self._woken

    async def _try_in_slot(self, key: ConversationKey) -> tuple[Turn | None, float]:
        """Claim a turn and try it, among no more than may be answered at once; return the pause before another try.

        Nobody has more than half of them, and channels take turns.
        """
        asker = await self._store.next_asker(key)
        async with self._slots.hold_slot((key.workspace, asker), (key.platform, key.channel)):
            turn = await self._store.claim_turn(key, self._reserve)
            return turn, await self._try_turn(turn) if turn else 0.0

    async def _try_turn(self, turn: Turn) -> float:
        """Have a turn answered once; return the pause before it should be tried again, 0 where it should not."""
        platform = self._platforms[turn.message.key.platform]
        halt = self._answering[turn.message] = Cancellation()
        try:
            async with held_lease(self._store, turn):
                if await self._has_ended_process(turn):
                    log.error("turn given up", reference=reference(turn), attempt=turn.attempts, hint=ENDS_HINT)
                    await self._conversation.reply.fail(turn, platform)
                else:
                    await self._do_turn(turn, platform, halt)
        except StorageUnavailable:
            raise
        except TurnParked as parked:
            self.wake_at(turn.message.key, parked.until)
        except TurnLost:  # whoever has it now answers it
            log.warning("turn lost", reference=reference(turn), attempt=turn.attempts)
        except PlatformError as silence:  # all others have ended the turn
            log.warning("platform silent", reference=reference(turn), attempt=turn.attempts, detail=str(silence))
            return await self._release_or_fail(turn, platform, silence, SILENT_ATTEMPTS)
        except Exception as error:
            log.exception("turn failed", reference=reference(turn), attempt=turn.attempts)
            return await self._release_or_fail(turn, platform, error, self._settings.attempts)
        finally:
            del self._answering[turn.message]
        return 0.0

    async def _has_ended_process(self, turn: Turn) -> bool:
        """Whether the process ended each of many times in which a turn was under way."""
        return turn.attempts > MOST_ENDS and await self._store.count_ends(turn) >= MOST_ENDS

    async def _do_turn(self, turn: Turn, platform: Platform, halt: Cancellation) -> None:
        match turn.message.command:
            case "edit":
                await apply_edit(self._store, self._guard, turn, platform)
            case "click":
                await self._conversation.consents.take_click(turn, platform, self.wake)
            case "ask" | "scheduled":
                self.wake(await self._conversation.post(turn, platform))
            case _:
                await self._conversation.answer(turn, platform, halt)
        if turn.message.command:  # it may have let what waits for a click go on
            self._woken.add(turn.message.key)

    async def _release_or_fail(self, turn: Turn, platform: Platform, error: Exception, most: int) -> float:
        if turn.attempts >= most:
            await self._conversation.reply.fail(turn, platform)
            return 0.0
        if not await self._store.release_turn(turn, type(error).__name__):
            return 0.0  # whoever has it now tries it again
        return pause_before(turn.attempts - 1, self._settings.retry_pause, LONGEST_PAUSE)
