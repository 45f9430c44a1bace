"""When a platform reads again what it may have missed, and up to where it has missed nothing.

One mark, a number that grows with time in all channels alike, says that everything up to it was received. It moves when
a catch-up is complete, and while nothing is missed a little behind what is heard. What is read twice meets the inbox's
unique key.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count

import structlog

from bots.state import PlatformState
from core.retry import pause_before

log = structlog.get_logger()

PAUSE, LONGEST_PAUSE = 5.0, 300.0  # seconds before a catch-up that broke off is tried again: the first, and the last
STEADY = 60.0  # seconds between two looks at whether the mark can go on while nothing is missed

Read = Callable[[int], Awaitable[int | None]]
"""Hears what is newer than a mark. Returns the number up to which nothing is missing any more, or None where something
could not be read; raises what nobody foresaw."""


class Backfill:
    """The mark of one platform, and the task that moves it."""

    def __init__(
        self,
        name: str,
        state: PlatformState,
        read: Read,
        margin: int,
        silence: float = math.inf,
        steady: float = STEADY,
        pause: float = PAUSE,
    ) -> None:
        """Keep the mark under `name`, and so far behind the newest number heard: some may still wait for the disk.

        After so many seconds of `silence` something may be missed, and is looked for. All times are in seconds.
        """
        self._name = name
        self._state = state
        self._read = read
        self._margin = margin
        self._silence = silence
        self._steady = steady
        self._pause = pause
        self._wanted = asyncio.Event()
        self._newest = 0
        self._heard_at = 0.0
        self._task: asyncio.Task[None] | None = None

    async def set_first_mark(self, number: int) -> bool:
        """Set the mark where there is none, and say so: nothing older than the first start is wanted."""
        if await self._read_mark():
            return False
        return await self._move_mark(number)

    def begin_catch_up(self) -> None:
        """Catch up, now or again after what is under way: something was missed."""
        self._wanted.set()
        self.begin_moving()

    def begin_moving(self) -> None:
        """Move the mark from now on; so far nothing was missed."""
        self._heard_at = _now()
        if self._task is None:
            self._task = asyncio.create_task(self._keep_mark())

    def note_received(self, number: int) -> None:
        """Learn of something that arrived by itself."""
        self._newest = max(self._newest, number)
        self._heard_at = _now()

    def close(self) -> None:
        """Break off; the mark stays where it is, and the next start goes on from there."""
        if self._task:
            self._task.cancel()

    async def _keep_mark(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), self._steady)
            if self._wanted.is_set() or _now() - self._heard_at > self._silence:
                await self._catch_up_completely()
            else:
                await self._is_done(self._move_mark(self._newest - self._margin))

    async def _catch_up_completely(self) -> None:
        retries = count()
        self._wanted.set()
        while self._wanted.is_set():
            self._wanted.clear()
            if not await self._is_done(self._read_all()):
                self._wanted.set()
                await asyncio.sleep(pause_before(next(retries), self._pause, LONGEST_PAUSE))
        self._heard_at = _now()

    async def _read_all(self) -> bool:
        upto = await self._read(await self._read_mark())
        return upto is not None and await self._move_mark(upto)

    async def _move_mark(self, number: int) -> bool:
        """Move the mark on, never back."""
        if number > 0:
            await self._state.advance_state(self._name, number)
        return True

    async def _read_mark(self) -> int:
        return int(await self._state.read_state(self._name) or 0)

    async def _is_done(self, work: Awaitable[bool]) -> bool:
        """Return what some work returns, False where it fails: whatever happens, this goes on."""
        try:
            return await work
        except Exception:
            log.exception("catch-up failed", hint="It is tried again; what is older than a day is then left out.")
            return False


def _now() -> float:
    return asyncio.get_running_loop().time()
