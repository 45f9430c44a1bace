"""How whoever watches a part of the sandbox hears of what happens in it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

C = TypeVar("C")
T = TypeVar("T")


class Changes(Generic[C]):
    """Wakes those who wait, and hands each change, a value of type C, to those who subscribed."""

    def __init__(self) -> None:
        self._queues: list[asyncio.Queue[C]] = []
        self._waiting: set[asyncio.Future[None]] = set()

    def tell(self, change: C) -> None:
        """Hand a change to every subscriber, and wake who waits."""
        for queue in self._queues:
            queue.put_nowait(change)
        self.wake()

    def wake(self) -> None:
        """Let everyone who waits look again, where something happened that is no change."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Queue[C]]:
        """Give a queue that receives every change until the block ends."""
        queue: asyncio.Queue[C] = asyncio.Queue()
        self._queues.append(queue)
        try:
            yield queue
        finally:
            self._queues.remove(queue)

    async def until(self, predicate: Callable[[], T], seconds: float, state: Callable[[], str]) -> T:
        """Return what `predicate` gives once it is true; `seconds` is how long it may take.

        Raises TimeoutError that names the predicate and says how things stand.
        """
        try:
            async with asyncio.timeout(seconds):
                while not (result := predicate()):
                    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._waiting.add(future)
                    await future
                return result
        except TimeoutError:
            code = predicate.__code__ if hasattr(predicate, "__code__") else None
            place = f"{code.co_filename}:{code.co_firstlineno}" if code else repr(predicate)
            raise TimeoutError(f"{place} did not come true within {seconds:g} s. {state()}") from None
