"""Keeps something that does not answer from being asked in every turn."""

import asyncio

FAILURES = 3  # in a row, after which it is left alone
PAUSES = (2.0, 5.0, 15.0, 30.0)  # seconds until somebody tries again, the longer the more often that failed


class Breaker:
    """Open after some failures in a row; then one caller at a time may try, and a success closes it."""

    def __init__(self, pauses: tuple[float, ...] = PAUSES) -> None:
        self._pauses = pauses
        self._failures = 0
        self._until = 0.0
        self._trying = False

    @property
    def is_open(self) -> bool:
        """Whether it is being left alone after failures."""
        return self._failures >= FAILURES

    def may_try(self) -> bool:
        """Whether to ask now; where it is open, whoever is told yes is the one who tries."""
        if not self.is_open:
            return True
        if self._trying or _now() < self._until:
            return False
        self._trying = True
        return True

    def note_success(self) -> None:
        """Learn that it has answered."""
        self._failures, self._trying = 0, False

    def note_failure(self) -> None:
        """Learn that it has not."""
        self._failures, self._trying = self._failures + 1, False
        if self.is_open:
            self._until = _now() + self._pauses[min(self._failures - FAILURES, len(self._pauses) - 1)]

    def note_abandoned(self) -> None:
        """Learn that the one who tried was called off before there was an answer."""
        self._trying = False


def _now() -> float:
    return asyncio.get_running_loop().time()
