"""Who comes next: so many at once, and each channel or person in turn, so that a busy one starves no other."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

Channel = tuple[str, str]  # a platform's name, and the channel's id there
Owner = tuple[str, str]  # the workspace, and whose file it is


class FairSlots:
    """So many slots. Where all are taken, channels wait in a circle, and those of one channel in a line."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: OrderedDict[Channel, deque[asyncio.Future[None]]] = OrderedDict()

    async def take_slot(self, channel: Channel) -> None:
        """Return once a slot is ours; it has to be given back."""
        if self._free:
            self._free -= 1
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(channel, deque()).append(granted)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.release_slot()
            raise

    def release_slot(self) -> None:
        """Hand a slot on to the next channel's first, or keep it where nobody waits."""
        while self._waiting:
            channel, line = self._waiting.popitem(last=False)
            granted = line.popleft()
            if line:
                self._waiting[channel] = line  # behind every other channel
            if not granted.done():  # whoever waited was cancelled
                granted.set_result(None)
                return
        self._free += 1


class PersonSlots:
    """So many slots for people's work. Workspaces' people take turns, and nobody has more than `each`."""

    def __init__(self, most: int, each: int) -> None:
        self._slots = FairSlots(most)
        self._each = each
        self._own: WeakValueDictionary[Owner, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def hold_slot(self, owner: Owner, channel: Channel | None = None) -> AsyncIterator[None]:
        """Wait for the person's turn, and hold a slot in the block; with a `channel`, channels take turns instead."""
        own = self._own.setdefault(owner, asyncio.Semaphore(self._each))
        async with own:
            await self._slots.take_slot(channel or owner)
            try:
                yield
            finally:
                self._slots.release_slot()
