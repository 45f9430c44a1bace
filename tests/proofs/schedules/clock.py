"""A simulated clock: an event loop in which nothing waits, and time passes when there is nothing else to do."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Clock(selectors.SelectSelector):
    """Where a loop would wait for the network: no network is here, so that the time is over at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the time pass; RuntimeError where nothing is left that could ever happen."""
        if timeout is None:
            raise RuntimeError("everybody waits for somebody else")
        self.now += max(timeout, 0.0)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """A loop whose time is simulated. It serves no sockets and no threads."""

    def __init__(self) -> None:
        self._clock = _Clock()
        super().__init__(self._clock)
        self.set_exception_handler(lambda _loop, _context: None)  # whoever dies leaves tasks that nobody asks any more

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self._clock.now


def simulated(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in simulated time, and return its result."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(work)
