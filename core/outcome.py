"""What becomes of a turn while it is answered: the answer so far, where it stands, how it ends or is ended."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import structlog

from core.errors import AnswerCutByLength, BotError, PlatformError, Uncertain
from core.messages import SavedAnswer, Turn, Usage
from core.model_events import Admitted, ModelEvent, Notice, Replace, ReplyEvent, Text
from core.moderation.log import Subject
from core.storage.errors import TurnLost
from core.storage.knowledge import Citation
from core.storage.store import Store

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(slots=True)
class Outcome:
    """What became of a turn so far: the model's words, what they cost, where they stand, and what went wrong.

    `times` says when each step was reached, in seconds since the epoch; `is_admitted` that the question may be shown
    and kept, and `admission` lets whoever waits for that go on; `above` is what of it stands above the answer then;
    `noted` that a notice stands below the text. `cited` are the sources that the answer has used.
    """

    text: str = ""
    usage: Usage | None = None
    error: BotError | None = None
    message_id: str = ""
    parts: int = 0
    times: dict[str, float] = field(default_factory=dict)
    admission: asyncio.Event = field(default_factory=asyncio.Event)
    above: str = ""
    noted: bool = False
    cited: list[Citation] = field(default_factory=list)

    @property
    def is_admitted(self) -> bool:
        """Whether the question may be shown and kept."""
        return self.admission.is_set()

    @property
    def visible_text(self) -> str:
        """All that is to be seen of it: the model's words, below what stands above them."""
        return f"{self.above}{self.text}" if self.is_admitted else self.text

    @property
    def state(self) -> str:
        """The state in which the turn ends."""
        if isinstance(self.error, Uncertain):
            return "uncertain"
        return "failed" if isinstance(self.error, PlatformError) else "done"

    @property
    def detail(self) -> dict[str, Any]:
        """What is kept of how it ended."""
        detail: dict[str, Any] = {}
        if self.error:
            detail["error"] = type(self.error).__name__
        if self.usage:
            detail["usage"] = asdict(self.usage)
        if self.times:
            detail["times"] = self.times
        return detail

    def take(self, event: ModelEvent) -> ReplyEvent | None:
        """Take an event of the model's in; return what is to be shown of it, if anything."""
        match event:
            case Text(text):
                if not self.text:
                    self.times["begun"] = time.time()
                self.text += text
                return self._with(text)
            case Replace(text):
                self.text = text
                return Replace(self.visible_text)
            case Notice(text, at_once):
                self.noted = True
                # A line that has ended is shown whole, also where the text may grow
                return Replace(f"{under(self.visible_text, text)}\n", at_once=at_once)
            case Usage():
                self.usage = event.plus(self.usage)
            case Admitted():
                self.times["checked"] = time.time()
                self.admission.set()
                return self._with(self.above) if self.above else None
        return None

    def keep_characters(self, count: int) -> None:
        """Leave as much of the model's words as is to be seen, where the first `count` characters of all are."""
        self.text = self.text[: max(0, count - len(self.visible_text) + len(self.text))]

    def _with(self, text: str) -> ReplyEvent:
        """Return how a text at the end is shown: it takes the place of a notice there."""
        noted, self.noted = self.noted, False
        return Replace(self.visible_text) if noted else Text(text)


class Parts:
    """The journal of one turn: notes each part of its reply that is visible."""

    def __init__(self, store: Store, turn: Turn, answer: Outcome, first: int = 0) -> None:
        """`first` is the number under which part 0 is noted, where others stand before it."""
        self._store = store
        self._turn = turn
        self._answer = answer
        self._first = first

    @property
    def is_admitted(self) -> bool:
        """Whether the question has passed its checks by now."""
        return self._answer.is_admitted

    async def note_posted(self, part: int, platform_id: str) -> None:
        """Note a part; the first one's id stands for the answer in the history.

        Raises TurnLost where the turn is not ours any more.
        """
        self._answer.message_id = self._answer.message_id or platform_id
        self._answer.parts = max(self._answer.parts, self._first + part + 1)
        if not await self._store.save_posted_part(self._turn, self._first + part, platform_id):
            raise TurnLost(self._turn.id)


class Cancellation:
    """The way to end one turn early; `sentence` is what its reply then says."""

    def __init__(self) -> None:
        self._called = False
        self._waiting: asyncio.Timeout | None = None  # for the next event, if somebody is
        self.sentence = ""
        self.replaces = False

    def call(self, sentence: str, *, replaces: bool) -> None:
        """End the turn now, with a sentence behind what is visible, or in place of it."""
        self.sentence, self.replaces = sentence, replaces
        if self._waiting and not self._called:
            self._waiting.reschedule(0.0)
        self._called = True

    async def until(self, events: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Pass events on until the halt is called, at once even in the midst of a silence; then close their source."""
        try:
            while not self._called:
                event = await self._next(events)
                if event is None:
                    return
                yield event
        finally:
            await events.aclose()

    async def _next(self, events: AsyncGenerator[T, None]) -> T | None:
        """Return the next event; None at the end, and where the halt is called while we wait."""
        try:
            async with asyncio.timeout(None) as self._waiting:
                event = await anext(events, None)
        except TimeoutError:
            if not self._called:
                raise
            return None
        finally:
            self._waiting = None
        return None if self._called else event


def notice(turn: Turn, error: BotError) -> str:
    """Return what the person reads: one sentence, and the reference under which the operator finds the rest."""
    return f"_{error.notice}_ (reference {reference(turn)})"


def reference(turn: Turn) -> str:
    """Return a turn's id, short enough to be read out."""
    return turn.id[:8]


def record(turn: Turn, answer: Outcome, error: BotError) -> None:
    """Keep an error with the turn, and tell the operator what the person was not told."""
    answer.error = error
    log.warning(
        "turn troubled", reference=reference(turn), error=type(error).__name__, detail=str(error), hint=error.hint
    )


def about(turn: Turn) -> Subject:
    """Return what a turn's texts belong to, for moderation."""
    return Subject(turn.message.key, reference(turn), turn.message.author)


def under(text: str, sentence: str) -> str:
    """Return a sentence below a text, or alone where there is none."""
    return f"{text}\n\n{sentence}" if text else sentence


async def again(kept: SavedAnswer) -> AsyncGenerator[ModelEvent, None]:
    """Say what the model answered to an earlier attempt, and end as it did."""
    yield Text(kept.text)
    if kept.usage:
        yield kept.usage
    if kept.is_cut:
        raise AnswerCutByLength("kept from an earlier attempt")


async def sentence(text: str) -> AsyncGenerator[ReplyEvent, None]:
    """Say one sentence in place of an answer."""
    yield Replace(text)
