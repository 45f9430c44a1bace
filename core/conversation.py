"""The main path: one message in, one answer out, top to bottom."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import TypeGuard

import structlog

from core import commands
from core.answer import Answer, Parts, detail_of, state_of
from core.asking import Asked, chat, left_out
from core.attachments import attached
from core.context import inert
from core.documents import Documents
from core.errors import (
    AnswerCutByLength,
    BotError,
    ContentFiltered,
    ContextOverflow,
    GaveUp,
    ModelError,
    PlatformError,
    RefusedRequest,
    Uncertain,
)
from core.halting import Halt
from core.messages import (
    NOTICE,
    ConversationKey,
    Deletion,
    Entry,
    Finish,
    Kept,
    Message,
    ModelEvent,
    Platform,
    Replace,
    ReplyEvent,
    Text,
    Turn,
    Usage,
)
from core.openai.client import OpenAI
from core.policy import Policies
from core.recall import Recall
from core.store import Store
from core.summaries import Summaries
from core.voice.hearing import Ears
from core.voice.reply import around, listening
from core.voice.telling import Heard, told, unanswerable

log = structlog.get_logger()

NEVER_AGAIN = (ContextOverflow, ContentFiltered, RefusedRequest)  # kept in the history, they would fail every turn


class Conversation:
    """Answers one turn at a time; holds nothing between two turns."""

    def __init__(
        self, store: Store, model: OpenAI, policies: Policies, recall: Recall, summaries: Summaries, ears: Ears
    ) -> None:
        self._store = store
        self._model = model
        self._policies = policies
        self._recall = recall
        self._summaries = summaries
        self._ears = ears
        self._documents = Documents()

    async def answer(self, turn: Turn, platform: Platform, halt: Halt) -> None:
        """Answer a claimed turn, from the question to the last row that is kept of it; `halt` ends it early."""
        if turn.message.command:
            await self._obey(turn, platform)
            return
        turn, heard = await self._heard(turn, platform, halt)
        if error := unanswerable(turn.message, heard):
            await self._refuse(turn, platform, error)
            return
        message = await platform.named(turn.message)
        question = Entry("user", message.text, message.author, message.id, message.sent_at, about=message.about)
        files = await attached(message, platform, self._documents, told(heard), sees=self._model.sees)
        question = replace(question, files=files.text, images=files.images)
        remembered = await self._recall.joined(message, platform)
        if await self._is_part(turn):
            await self._store.finish(turn, [question], "merged", {})
            return
        asked = Asked(question, remembered, self._recall.prompt(remembered, question), files.notices)
        answer = Answer(times={"asked": time.time()})
        spoken = _again(turn.kept) if turn.kept else chat(self._model, self._recall, asked, message.author.id)
        reply = self._below(self._spoken(spoken, turn, answer, halt), asked, answer)
        await self._show(turn, platform, around(reply, heard) if heard else reply, answer)
        entries = self._entries(asked, answer)
        made = asked.made(answer.usage, seen=self._model.sees)
        await self._store.finish(turn, entries, state_of(answer), detail_of(answer), made)
        self._summaries.after(message.key, asked.prompt)

    async def _is_part(self, turn: Turn) -> bool:
        """Whether a question is to be answered with the next one, before which it then stands in the history."""
        may_be = turn.followed and not turn.posted and self._policies.of(turn.message.key).merge
        return may_be and await self._store.goes_on(turn)

    def foresee(self, message: Message, platform: Platform) -> None:
        """Begin what takes long about a message whose turn has not come yet."""
        self._ears.begin(message, platform)

    def forget(self, deletion: Deletion) -> None:
        """End what was begun for a message that is gone."""
        self._ears.drop((deletion.platform, deletion.workspace, deletion.channel, deletion.message_id))

    async def post(self, turn: Turn, platform: Platform) -> ConversationKey:
        """Post a question that stands in no message, so that it can be answered under it; return where it now waits."""
        message = await platform.named(turn.message)
        answer = Answer(message_id=next(iter(turn.posted), ""))
        await self._show(turn, platform, _sentence(commands.asked(inert(message.author.name), message.text)), answer)
        key = replace(message.key, thread=answer.message_id)
        if not answer.error:
            question = replace(turn.message, id=answer.message_id, key=key, command="", handle="")
            await self._store.put(question, if_joined=False)
        await self._store.finish(turn, [], state_of(answer), detail_of(answer))
        return key

    async def give_up(self, turn: Turn, platform: Platform) -> None:
        """End a turn that failed too often, with a sentence where even that can be shown."""
        answer = Answer(error=GaveUp())
        try:
            await self._show(turn, platform, _sentence(notice(turn, GaveUp())), answer)
        except Exception:
            log.exception("notice not shown", reference=reference(turn))
        await self._store.finish(turn, [], "failed", detail_of(answer))

    async def _heard(self, turn: Turn, platform: Platform, halt: Halt) -> tuple[Turn, tuple[Heard, ...]]:
        """Return what was said in a turn's recordings, and the turn with what was posted meanwhile.

        What an earlier try has posted stands until the answer takes its place.
        """
        hearing = self._ears.hearing(turn.message, platform)
        if hearing is None:
            return turn, ()
        try:
            if hearing.is_long and not turn.posted and self._policies.of(turn.message.key).streaming:
                shown = Answer()
                await self._show(turn, platform, halt.until(listening(hearing)), shown)
                turn = replace(turn, posted=(shown.message_id,) if shown.message_id else ())
            return turn, () if halt.sentence else await hearing.heard()
        finally:
            hearing.task.cancel()  # in vain where it is done

    async def _refuse(self, turn: Turn, platform: Platform, error: BotError) -> None:
        """End a turn with a sentence in place of an answer."""
        answer = Answer()
        _record(turn, answer, error)
        await self._show(turn, platform, _sentence(notice(turn, error)), answer)
        await self._store.finish(turn, [], state_of(answer), detail_of(answer))

    async def _obey(self, turn: Turn, platform: Platform) -> None:
        """Do what a command says; `stop` has worked at once, when it came in.

        Of a question that was deleted while it was being answered, nothing is left standing.
        """
        sentence = commands.done(turn.message.command)
        if turn.message.command == "reset":
            await self._store.forget(turn.message.key)
        if turn.message.command == "memory":
            memory = (await self._recall.of(turn.message.key)).memory
            sentence = commands.remembered(len(memory.entries), memory.earlier)
        answer = Answer()
        await self._show(turn, platform, _sentence(sentence), answer)
        state = "refused" if turn.message.command == "full" else state_of(answer)
        await self._store.finish(turn, [], state, detail_of(answer))

    async def _show(self, turn: Turn, platform: Platform, events: AsyncIterator[ReplyEvent], answer: Answer) -> None:
        live = self._policies.of(turn.message.key).streaming
        try:
            await platform.reply(turn, events, Parts(self._store, turn, answer), live=live)
        except PlatformError as error:
            if error.is_silence:
                raise  # another attempt goes on where this one stands
            _record(turn, answer, error)
            if answer.parts or turn.posted or isinstance(error, Uncertain):
                await self._add(turn, platform, error, answer)

    async def _add(self, turn: Turn, platform: Platform, error: PlatformError, answer: Answer) -> None:
        """Say below what stands there why it ends so, where the platform still lets us write."""
        below = Parts(self._store, turn, answer, first=max(answer.parts, len(turn.posted)))
        apart = replace(turn, id=f"{turn.id}{NOTICE}", attempts=1, posted=())
        try:
            await platform.reply(apart, _sentence(notice(turn, error)), below, live=False)
        except PlatformError as refusal:
            log.info("notice not shown", reference=reference(turn), detail=str(refusal))

    async def _spoken(
        self, chat: AsyncGenerator[ModelEvent, None], turn: Turn, answer: Answer, halt: Halt
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Pass the model's words on; where it fails or is halted, a sentence ends the reply."""
        try:
            async with aclosing(halt.until(chat)) as events:
                async for event in events:
                    if _heard(event, answer):
                        yield event
            answer.times["answered"] = time.time()
            if answer.text and not (halt.sentence or turn.kept):
                self._store.keep(turn, Kept(answer.text, answer.usage))
        except ModelError as error:
            _record(turn, answer, error)
            if isinstance(error, AnswerCutByLength) and not turn.kept:
                self._store.keep(turn, Kept(answer.text, answer.usage, is_cut=True))
            yield Text(f"\n\n{notice(turn, error)}" if answer.text else notice(turn, error))
        if halt.sentence and answer.text:
            yield Replace(halt.sentence) if halt.replaces else Text(f" {halt.sentence}")

    async def _below(
        self, events: AsyncIterator[ReplyEvent], asked: Asked, answer: Answer
    ) -> AsyncGenerator[ReplyEvent, None]:
        """Pass a reply on, and say below it where the model has not read or seen all of the question."""
        async for event in events:
            yield event
        for sentence in left_out(asked, sees=self._model.sees):
            if answer.text:
                yield Text(f"\n\n{sentence}")

    def _entries(self, asked: Asked, answer: Answer) -> list[Entry]:
        """Return what later prompts see of a turn; a question without an answer stays, so that one can say `again`."""
        if isinstance(answer.error, NEVER_AGAIN) and not answer.text:
            return []
        question = asked.prompt.question
        if question.images and not self._model.sees:
            question = replace(question, images=(), tokens=0)
        if not answer.text:
            return [question]
        said = Entry(
            "assistant", answer.text, None, answer.message_id, time.time(), tokens=self._recall.count(answer.text)
        )
        return [question, said]


def notice(turn: Turn, error: BotError) -> str:
    """Return what the person reads: one sentence, and the reference under which the operator finds the rest."""
    return f"_{error.notice}_ (reference {reference(turn)})"


def reference(turn: Turn) -> str:
    """Return a turn's id, short enough to be read out."""
    return turn.id[:8]


def _heard(event: ModelEvent, answer: Answer) -> TypeGuard[ReplyEvent]:
    """Take an event into the answer; return whether it is one to show."""
    match event:
        case Text(text):
            if not answer.text:
                answer.times["begun"] = time.time()
            answer.text += text
        case Replace(text):
            answer.text = text
        case Usage():
            answer.usage = event
        case Finish():
            pass
    return isinstance(event, Text | Replace)


def _record(turn: Turn, answer: Answer, error: BotError) -> None:
    """Keep an error with the turn, and tell the operator what the person was not told."""
    answer.error = error
    log.warning(
        "turn troubled", reference=reference(turn), error=type(error).__name__, detail=str(error), hint=error.hint
    )


async def _again(kept: Kept) -> AsyncGenerator[ModelEvent, None]:
    """Say what the model answered to an earlier attempt, and end as it did."""
    yield Text(kept.text)
    if kept.usage:
        yield kept.usage
    if kept.is_cut:
        raise AnswerCutByLength("kept from an earlier attempt")


async def _sentence(text: str) -> AsyncGenerator[ReplyEvent, None]:
    yield Replace(text)
