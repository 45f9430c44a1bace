"""Ending a turn before the model does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


class Halt:
    """The way to end one turn early; `sentence` is what its reply then says."""

    def __init__(self) -> None:
        self._called = asyncio.Event()
        self.sentence = ""
        self.replaces = False

    def call(self, sentence: str, *, replaces: bool) -> None:
        """End the turn now, with a sentence behind what is visible, or in place of it."""
        self.sentence, self.replaces = sentence, replaces
        self._called.set()

    async def until(self, events: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Pass events on until the halt is called, at once even in the midst of a silence; then close their source."""
        called = asyncio.ensure_future(self._called.wait())
        coming: asyncio.Future[T | None] | None = None
        try:
            while not self._called.is_set():
                coming = asyncio.ensure_future(anext(events, None))
                await asyncio.wait((coming, called), return_when=asyncio.FIRST_COMPLETED)
                if self._called.is_set() or (event := coming.result()) is None:
                    return
                yield event
        finally:
            await _ended(called)
            if coming:
                await _ended(coming)
            await events.aclose()


async def _ended(future: asyncio.Future[T]) -> None:
    """Cancel what still runs, and wait until it is over."""
    if not future.done():
        future.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await future
