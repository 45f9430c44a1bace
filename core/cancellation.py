"""Ending a turn before the model does."""

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

T = TypeVar("T")


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
