"""How many edits a place has left, with the last edit of every reply set aside."""

import asyncio
import time
from collections.abc import Callable


class EditRate:
    """A bucket of edits, refilled steadily, that all replies of one place share.

    A reply that grows sets one edit aside for its last state, so that the growing of others never delays it.
    """

    def __init__(self, size: float, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._per_second = per_second
        self._clock = clock
        self._left = size
        self._at = clock()
        self._reserved = 0

    def reserve_edit(self) -> bool:
        """Set one edit aside; return False where none is left, so that the reply had better come whole."""
        if self._refill() - self._reserved < 1:
            return False
        self._reserved += 1
        return True

    def release_edit(self) -> None:
        """Give back what was set aside: the reply has ended, or has spent it."""
        self._reserved -= 1

    def spend_edit(self) -> bool:
        """Take one edit for a reply that still grows; return False where only those set aside are left."""
        if self._refill() - self._reserved < 1:
            return False
        self._left -= 1
        return True

    async def spend_last_edit(self) -> None:
        """Take one edit for a last state, waiting for it where the bucket is empty."""
        wait = (1 - self._refill()) / self._per_second
        self._left -= 1  # before the wait: whoever comes next waits behind us
        if wait > 0:
            await asyncio.sleep(wait)

    def _refill(self) -> float:
        now = self._clock()
        self._left = min(self._size, self._left + (now - self._at) * self._per_second)
        self._at = now
        return self._left
