"""An answer on its way from the model to people, who see nothing of it before it was checked.

The model is asked while its question is checked, and its stream is read ahead; what people see of it follows window by
window. One task reads, and there is one more for each window: what comes between costs no more than being kept.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from core.model_events import Admitted, ModelEvent, Notice, Replace, Text
from core.moderation.errors import AnswerRefused
from core.moderation.log import Subject
from core.moderation.moderation import NOBODY, Moderation
from core.moderation.verdict import Sample
from core.moderation.visible import SEEN, end_of_words, seams_of, start_of_last

HELD = "_I cannot have this checked at the moment; I go on as soon as I can._"
OVERLAP = 300  # characters seen of what came before that a window is checked with
SENTENCE = re.compile(r"[.!?…:](?:\s|$)|\n|[\u3002\uff01\uff1f]")


class NameRefused(Exception):
    """The asker's display name alone was flagged: they are asked for again, as nobody in particular."""


@dataclass(frozen=True, slots=True)
class PromptTexts:
    """What is sent, as it has to be checked: the asker's own words and name, and what is not theirs.

    `files` are texts, `images` URLs.
    """

    own: str
    name: str
    others: Sequence[str] = ()
    files: Sequence[str] = ()
    images: Sequence[str] = ()


@dataclass(slots=True)
class CheckedWindow:
    """A window of the answer up to a place, with the check of it; `last` is the one that ends it."""

    end: int
    last: bool
    task: asyncio.Task[None]


class ModeratedStream:
    """One answer, held until its question is clean, and then shown as far as it was checked itself."""

    def __init__(self, guard: Moderation, about: Subject, asking: PromptTexts) -> None:
        self._guard = guard
        self._about = about
        self._asking = asking
        self._strict = guard.is_strict(about.key)
        self._whole = self._strict or guard.words.hold is None
        self._sendable = asyncio.Event()
        self._wake = asyncio.Event()
        self._told = self._is_due = self._ended = False
        self._notice: Notice | None = None  # what a person is told while there is nothing to show
        self._pieces: list[str] = []
        self._others: list[ModelEvent] = []
        self._fault: Exception | None = None
        self._cuts: deque[CheckedWindow] = deque()
        self._void: list[asyncio.Task[None]] = []  # the checks of what is no part of the answer any more
        self._is_void = False
        self._cut_at = self._shown = self._seen = 0
        self._next_cut = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def release_events(self, chat: AsyncGenerator[ModelEvent, None]) -> AsyncGenerator[ModelEvent, None]:
        """Yield what may be seen of a model's answer, as soon as it may.

        Raises a ModerationError for what may not, once the model's stream is closed, and what the model raises.
        """
        question = asyncio.create_task(self._check_question())
        reading = asyncio.create_task(self._read_ahead(chat))
        question.add_done_callback(self._note_checked)
        admitted = False
        try:
            while not self._is_all_shown(question):
                await self._wake.wait()
                self._wake.clear()
                if question.done():
                    question.result()
                    if not admitted:
                        admitted = True
                        yield Admitted()
                    for text in self._releasable_texts():
                        yield text
                if self._notice and (self._notice.at_once or (admitted and self._shown == len(self._whole_text()))):
                    notice, self._notice = self._notice, None
                    yield notice
        finally:
            await self._cancel_all(chat, question, reading)
        for event in self._others:
            yield event
        if self._fault:
            raise self._fault

    async def _check_question(self) -> None:
        """Check what was asked; what is not the asker's own, and in strict mode that too, before anything is sent."""
        asking = self._asking
        await self._guard.require_clean(
            "others", [Sample(text) for text in asking.others], self._about, self._note_held
        )
        texts = [*asking.files, *seams_of([asking.own, *asking.files])]
        files = [*map(Sample, texts), *(Sample(image=image) for image in asking.images)]
        await self._guard.require_clean("files", files, self._about, self._note_held)
        if not self._strict:
            self._sendable.set()
        await self._check_own_words()
        self._sendable.set()

    async def _check_own_words(self) -> None:
        """Check the asker's words, and beside them the name, if that is new."""
        own, name = [Sample(self._asking.own)], self._asking.name
        if self._guard.knows_name(name):
            await self._guard.require_clean("question", own, self._about, self._note_held)
            return
        _, named = await asyncio.gather(
            self._guard.require_clean("question", own, self._about, self._note_held),
            self._guard.check_texts("name", [Sample(name)], self._about, self._note_held),
        )
        self._guard.learn_name(name, refused=named[0].is_flagged)
        if named[0].is_flagged:
            raise NameRefused

    async def _read_ahead(self, chat: AsyncGenerator[ModelEvent, None]) -> None:
        """Read the model's stream to its end, from when the question may be sent."""
        await self._sendable.wait()
        try:
            async with aclosing(chat) as events:
                async for event in events:
                    if isinstance(event, Text):
                        self._take_piece(event.text)
                    elif isinstance(event, Replace):
                        self._begin_again(event.text)
                    elif isinstance(event, Notice):
                        self._notice = event
                        self._wake.set()
                    else:
                        self._others.append(event)
        except Exception as error:  # noqa: BLE001 - it is raised again, behind the text that came before it
            self._fault = error
        self._ended = True
        if self._guard.settings.output:
            self._check_window(last=True)
        self._wake.set()

    def _take_piece(self, text: str) -> None:
        """Keep a piece of the answer, and see that a window ends in time."""
        if self._notice and not self._notice.at_once:
            self._notice = None  # what it tells of is over
        self._pieces.append(text)
        if not self._guard.settings.output:
            self._wake.set()
        elif self._whole or self._is_due:
            return
        elif not self._cut_at and SENTENCE.search(text):
            self._schedule_window(0.0)  # not at once: the end may come with it
        elif self._timer is None:
            self._next_cut = self._next_cut or _now() + self._guard.settings.first_window
            self._schedule_window(self._next_cut)

    def _begin_again(self, text: str) -> None:
        """Let go of all that came before: it was no part of the answer."""
        self._void += [cut.task for cut in self._cuts]
        self._is_void = self._is_void or self._shown > 0
        self._cuts.clear()
        self._pieces.clear()
        self._cut_at = self._shown = self._seen = 0
        self._take_piece(text)
        self._wake.set()

    def _schedule_window(self, when: float) -> None:
        """End the window at a time of the loop's clock."""
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._end_window)

    def _end_window(self) -> None:
        """End the window, unless the one before it is still being checked: then as soon as it was."""
        self._timer = None
        self._is_due = any(not cut.task.done() for cut in self._cuts)
        if not self._is_due and not self._ended:
            self._check_window(paused=len(self._whole_text()) == self._seen)

    def _check_window(self, *, last: bool = False, paused: bool = False) -> None:
        """Begin to check a window: up to the last whole word, or to the very end where nothing more came (`paused`)."""
        text = self._whole_text()
        end = len(text) if last or paused else end_of_words(text, self._cut_at)
        if end > self._cut_at or (last and text):
            task = asyncio.create_task(self._require_clean_window(text[:end], self._cut_at, last=last))
            task.add_done_callback(self._note_checked)
            self._cuts.append(CheckedWindow(end, last, task))
            self._cut_at, self._next_cut = end, _now() + self._guard.settings.later_window
        self._seen = len(text)
        if end < len(text):
            self._schedule_window(max(self._next_cut, _now() + self._guard.settings.first_window))

    def _note_checked(self, _: asyncio.Task[None]) -> None:
        if self._is_due:
            self._end_window()
        self._wake.set()

    async def _require_clean_window(self, text: str, start: int, *, last: bool) -> None:
        """Return where a window is clean, from `start` on and with what came before it; raise AnswerRefused else."""
        own = await self._guard.words.verdict_on(text, ended=last)
        window = Sample(text[start_of_last(text[:start], OVERLAP, SEEN) :] if len(text) > start else "")
        verdicts = await self._guard.check_texts("answer", [window], self._about, self._note_held, own=[own])
        if verdicts[0].is_flagged:
            raise AnswerRefused(", ".join(verdicts[0].categories))

    def _releasable_texts(self) -> Iterator[Text | Replace]:
        """Yield what may be seen by now; raise what the check of a window raised."""
        if self._is_void:
            self._is_void = False
            yield Replace("")
        upto = self._shown
        for cut in self._cuts:
            if cut.task.done():
                cut.task.result()
        text = self._whole_text()
        while self._cuts and self._cuts[0].task.done():
            cut = self._cuts.popleft()
            upto = cut.end if cut.last else max(upto, self._guard.words.shown_up_to(text[: cut.end]))
        upto = upto if self._guard.settings.output else len(text)
        if upto > self._shown:
            yield Text(text[self._shown : upto])
            self._shown = upto

    def _is_all_shown(self, question: asyncio.Task[None]) -> bool:
        is_settled = question.done() and not (self._is_void or self._cuts)
        return self._ended and is_settled and self._shown == len(self._whole_text())

    def _whole_text(self) -> str:
        """Return all that the model has said so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def _note_held(self) -> None:
        """Learn that a check has to wait."""
        self._notice = self._notice if self._told else Notice(HELD)
        self._told = True
        self._wake.set()

    async def _cancel_all(self, chat: AsyncGenerator[ModelEvent, None], *tasks: asyncio.Task[None]) -> None:
        """End everything that is under way, and the model's stream with it."""
        if self._timer:
            self._timer.cancel()
        under_way = (*tasks, *self._void, *(cut.task for cut in self._cuts))
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await chat.aclose()


def _now() -> float:
    return asyncio.get_running_loop().time()


async def release_checked(
    guard: Moderation,
    about: Subject,
    asking: PromptTexts,
    chat: AsyncGenerator[ModelEvent, None],
    again: Callable[[], AsyncGenerator[ModelEvent, None]],
) -> AsyncGenerator[ModelEvent, None]:
    """Yield what may be seen of the answer to a question; `again` asks it under no name, where the name is refused."""
    try:
        async with aclosing(ModeratedStream(guard, about, asking).release_events(chat)) as events:
            async for event in events:
                yield event
    except NameRefused:
        async with aclosing(
            ModeratedStream(guard, about, replace(asking, name=NOBODY)).release_events(again())
        ) as events:
            async for event in events:
                yield event
