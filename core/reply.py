"""How a turn's reply is shown, and what stands there when it cannot be an answer."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import structlog

from core.errors import AnswerCutByLength, BotError, GaveUp, ModelError, PlatformError, TooManyParts, Uncertain
from core.messages import NOTICE, SavedAnswer, Turn
from core.model_events import ModelEvent, Replace, ReplyEvent, Text
from core.moderation.errors import AnswerRefused, ModerationError
from core.outcome import Cancellation, Outcome, Parts, notice, record, reference, sentence, under
from core.policy import Policies
from core.ports import Platform
from core.spending.errors import SpendingRefused
from core.storage.store import Store

log = structlog.get_logger()


class Reply:
    """Shows replies, and keeps what became of them."""

    def __init__(self, store: Store, policies: Policies) -> None:
        self._store = store
        self._policies = policies

    def grows(self, turn: Turn) -> bool:
        """Whether an answer is shown while it is made."""
        return self._policies.policy_of(turn.message.key, turn.message.author.id).streaming

    async def show(self, turn: Turn, platform: Platform, events: AsyncIterator[ReplyEvent], answer: Outcome) -> None:
        """Show a reply, and a sentence below it where it cannot be shown to its end; raise PlatformError at silence."""
        try:
            await platform.reply(turn, events, Parts(self._store, turn, answer), live=self.grows(turn))
        except TooManyParts as error:
            answer.keep_characters(error.shown)
            record(turn, answer, error)
            await self._add(turn, platform, error, answer)
        except SpendingRefused as refusal:
            record(turn, answer, refusal)
            if not await self._tell_asker(turn, platform, refusal):
                await self.show(turn, platform, sentence(notice(turn, refusal)), answer)
        except PlatformError as error:
            if error.is_silence:
                raise  # another attempt goes on where this one stands
            record(turn, answer, error)
            if answer.parts or turn.posted or isinstance(error, Uncertain):
                await self._add(turn, platform, error, answer)

    async def show_words(
        self, chat: AsyncGenerator[ModelEvent, None], turn: Turn, answer: Outcome, halt: Cancellation
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Pass the model's words on; where it fails or is halted, a sentence ends the reply."""
        if answer.is_admitted and answer.above:
            yield Text(answer.above)
        try:
            async with aclosing(halt.until(chat)) as events:
                async for event in events:
                    if shown := answer.take(event):
                        yield shown
            answer.times["answered"] = time.time()
            if answer.text and not (halt.sentence or turn.kept):
                self._store.save_answer(turn, SavedAnswer(answer.text, answer.usage), answer.cited)
        except (ModelError, ModerationError) as error:
            _pass_on_refusal(error, nothing_stands=not (answer.visible_text or turn.posted))
            record(turn, answer, error)
            if isinstance(error, AnswerCutByLength) and not turn.kept:
                self._store.save_answer(turn, SavedAnswer(answer.text, answer.usage, is_cut=True), answer.cited)
            answer.text = "" if isinstance(error, AnswerRefused) else answer.text
            yield Replace(under(answer.visible_text, notice(turn, error)))
        if (ending := _ending_of(answer, halt)) is not None:
            yield Replace(ending)

    async def refuse(self, turn: Turn, platform: Platform, error: BotError, *, is_told: bool = True) -> None:
        """End a turn with a sentence in place of an answer, or without one.

        One that is for the asker alone is shown to nobody else where the platform can do that.
        """
        answer = Outcome()
        record(turn, answer, error)
        if is_told and error.is_private and await self._tell_asker(turn, platform, error):
            is_told = False
        if is_told:
            await self.show(turn, platform, sentence(notice(turn, error)), answer)
        await self._store.finish_turn(turn, [], answer.state if is_told else "refused", answer.detail)

    async def _tell_asker(self, turn: Turn, platform: Platform, error: BotError) -> bool:
        """Tell who asked, and nobody else, why there is no answer; False where the platform does not do that."""
        key = turn.message.key
        try:
            return await platform.post_notice(key, notice(turn, error), only_for=turn.message.author.id)
        except PlatformError as refusal:
            log.info("asker not told", reference=reference(turn), detail=str(refusal))
            return False

    async def fail(self, turn: Turn, platform: Platform) -> None:
        """End a turn that failed too often, with a sentence where even that can be shown."""
        answer = Outcome(error=GaveUp())
        try:
            if turn.message.command != "edit":  # which nobody waits for
                await self.show(turn, platform, sentence(notice(turn, GaveUp())), answer)
        except Exception:
            log.exception("notice not shown", reference=reference(turn))
        await self._store.finish_turn(turn, [], "failed", answer.detail)

    async def tell(self, turn: Turn, platform: Platform, text: str) -> None:
        """End a turn with what its command is answered with; empty where nothing is left standing of it."""
        answer = Outcome()
        await self.show(turn, platform, sentence(text), answer)
        state = "refused" if turn.message.command == "full" else answer.state
        await self._store.finish_turn(turn, [], state, answer.detail)

    async def _add(self, turn: Turn, platform: Platform, error: BotError, answer: Outcome) -> None:
        """Say below what stands there why it ends so, where the platform still lets us write."""
        journal = Parts(self._store, turn, answer, first=max(answer.parts, len(turn.posted)))
        apart = replace(turn, id=f"{turn.reply_id}{NOTICE}", phase=0, attempts=1, posted=())
        try:
            await platform.reply(apart, sentence(notice(turn, error)), journal, live=False)
        except PlatformError as refusal:
            log.info("notice not shown", reference=reference(turn), detail=str(refusal))


def _ending_of(answer: Outcome, halt: Cancellation) -> str | None:
    """Return what stands there in the end where that is not all that was shown before, else None.

    That is a halt's sentence, or the answer without a notice that nothing came after.
    """
    if halt.sentence and (answer.visible_text or answer.noted):
        return halt.sentence if halt.replaces else f"{answer.visible_text} {halt.sentence}".strip()
    is_left = answer.noted and not (halt.sentence or answer.error)
    return answer.visible_text if is_left else None


def _pass_on_refusal(error: BotError, *, nothing_stands: bool) -> None:
    """Raise a refusal to spend where nothing of a reply stands yet, so that who asked can be told alone."""
    if isinstance(error, SpendingRefused) and nothing_stands:
        raise error
