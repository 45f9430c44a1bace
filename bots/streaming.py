"""Shows an answer while it is made: collects its pieces, and puts what has changed on a surface at a bearable pace."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from core.errors import TooManyParts
from core.model_events import Replace, ReplyEvent

T = TypeVar("T")


class Surface(Protocol):
    """The place in a channel where one reply stands, part by part."""

    async def post_part(self, part: int, text: str) -> str:
        """Post a part as a new message; return its id."""

    async def edit_part(self, message_id: str, text: str, *, last: bool) -> bool:
        """Change a message; return False where there is no room for an edit now, which never is so for the `last`."""

    async def remove_part(self, message_id: str) -> None:
        """Take a message away that the reply no longer needs."""


class PartsOf(Protocol):
    """Cuts a text into what fits one message each."""

    def __call__(self, markdown: str, *, is_whole: bool) -> list[str]:
        """Return the parts; where the text still grows, its end may be left out until it is sure how it looks."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the first text is awaited so that a quick answer needs one post only, and the pause between edits.

    Both in seconds.
    """

    first: float = 0.08
    interval: float = 1.5


@dataclass(slots=True)
class ShownPart:
    """A part as it stands in the channel; `text` is None where an earlier attempt left it."""

    message_id: str
    text: str | None


class ReplyStream:
    """One reply on its way to a surface."""

    def __init__(
        self, surface: Surface, parts: PartsOf, posted: Sequence[str], pace: Pace, most: int | None = None
    ) -> None:
        """`parts` cuts a text into what fits one message each; `posted` are the messages to go on with.

        `most` is how many of them the reply may take.
        """
        self._surface = surface
        self._parts = parts
        self._pace = pace
        self._most = most
        self._shown = [ShownPart(message_id, None) for message_id in posted]
        self._text = ""
        self._begun = asyncio.Event()
        self._changed = asyncio.Event()
        self._urgent = asyncio.Event()

    async def show_reply(self, events: AsyncIterator[ReplyEvent], *, live: bool) -> None:
        """Show the answer as it grows (`live`), and in every case whole in the end.

        Raises TooManyParts where it is longer than it may be: as much as may stand there does, and the rest is not
        waited for.
        """
        listening = asyncio.create_task(self._collect_events(events))
        try:
            await (self._show_growing(listening) if live else self._show_at_end(listening))
            await listening
        finally:
            await _cancel_and_wait(listening)
        await self._put_parts(last=True)

    async def _collect_events(self, events: AsyncIterator[ReplyEvent]) -> None:
        try:
            async for event in events:
                self._text = event.text if isinstance(event, Replace) else self._text + event.text
                self._begun.set()
                self._changed.set()
                if isinstance(event, Replace) and event.at_once:
                    self._urgent.set()
        finally:
            self._begun.set()
            self._changed.set()
            self._urgent.set()

    async def _show_at_end(self, listening: asyncio.Task[None]) -> None:
        """Wait for the end of the stream; what has to be seen at once is put meanwhile."""
        await self._urgent.wait()
        while not await _pause_or_end(listening, 0.0):
            self._urgent.clear()
            await self._put_parts(last=False)
            await self._urgent.wait()

    async def _show_growing(self, listening: asyncio.Task[None]) -> None:
        """Put what has come so far, again and again, until all of it has come."""
        await self._begun.wait()
        await _pause_or_end(listening, self._pace.first)
        while not listening.done():
            self._changed.clear()
            await self._put_parts(last=False)
            await _pause_or_end(listening, self._pace.interval)
            await self._changed.wait()

    async def _put_parts(self, *, last: bool) -> None:
        parts = self._parts(self._text, is_whole=last) if self._text.strip() else []
        if self._most and len(parts) > self._most:
            shown = parts[: self._most]
            await self._put_texts(shown, last=True)
            raise TooManyParts(sum(map(len, shown)))
        await self._put_texts(parts, last=last)

    async def _put_texts(self, parts: Sequence[str], *, last: bool) -> None:
        for number, text in enumerate(parts):
            if number < len(self._shown):
                await self._renew_part(self._shown[number], text, last=last)
            else:
                self._shown.append(ShownPart(await self._surface.post_part(number, text), text))
        if last:
            for surplus in self._shown[len(parts) :]:
                await self._surface.remove_part(surplus.message_id)

    async def _renew_part(self, shown: ShownPart, text: str, *, last: bool) -> None:
        if shown.text != text and await self._surface.edit_part(shown.message_id, text, last=last):
            shown.text = text


async def _pause_or_end(listening: asyncio.Task[None], seconds: float) -> bool:
    """Wait for some time, or for the end of the stream; return whether that has come."""
    await asyncio.wait((listening,), timeout=seconds)
    return listening.done()


async def _cancel_and_wait(task: asyncio.Task[object]) -> None:
    """Cancel a task where it still runs, and wait until it is over."""
    if not task.done():
        task.cancel()
        await asyncio.wait((task,))


async def finish_despite_cancel(work: Coroutine[Any, Any, T]) -> T:
    """Await work that must not be left half done: a cancellation waits until it has ended."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise
