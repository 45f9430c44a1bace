"""A turn can be ended early, at any moment, and its source is closed then."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.outcome import Cancellation


class Source:
    """Numbers that come one by one, and then, with `endless`, a silence that never ends."""

    def __init__(self, number: int, *, endless: bool) -> None:
        self._number = number
        self._endless = endless
        self.closed = False

    async def events(self) -> AsyncGenerator[int, None]:
        """Give them."""
        try:
            for number in range(self._number):
                await asyncio.sleep(0)
                yield number
            if self._endless:
                await asyncio.Event().wait()
        finally:
            self.closed = True


@given(st.integers(0, 8), st.integers(0, 8))
async def test_nothing_comes_after_a_halt_and_everything_before_it(number: int, after: int) -> None:
    """Halted after any event, also in a silence, and never called at all."""
    halt, source, seen = Cancellation(), Source(number, endless=after <= number), []
    if after == 0:
        halt.call("stop", replaces=False)
    async for event in halt.until(source.events()):
        seen.append(event)
        if len(seen) == after:
            halt.call("stop", replaces=False)
        if len(seen) == number and after == number:
            break
    assert seen == list(range(min(number, after)))


async def test_a_halt_in_the_midst_of_a_silence_closes_the_source_at_once() -> None:
    """A model that thinks for minutes is not waited for."""
    halt, source = Cancellation(), Source(1, endless=True)
    asyncio.get_running_loop().call_later(0.01, lambda: halt.call("stop", replaces=False))
    assert [event async for event in halt.until(source.events())] == [0]
    assert source.closed


async def test_an_error_of_the_source_is_passed_on() -> None:
    """Halting hides nothing."""

    async def broken() -> AsyncGenerator[int, None]:
        yield 0
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        [event async for event in Cancellation().until(broken())]


async def test_who_stops_listening_closes_the_source() -> None:
    """A cancelled reply leaves no open call behind."""
    halt, source = Cancellation(), Source(3, endless=True)
    listening = halt.until(source.events())
    assert await anext(listening) == 0
    await listening.aclose()
    assert source.closed
