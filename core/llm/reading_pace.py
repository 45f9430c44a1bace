"""How long an endpoint takes to read a prompt, as it was measured where it is slow."""

import math
import statistics
import time
from collections import deque
from collections.abc import Callable

SLOW = 0.1  # of the time that is allowed to the first token: an endpoint that takes less is not slow
LONG = 2_000  # characters of a prompt by which an endpoint shows that it is not slow, or that it is
KEPT = 8  # measurements, the newest
WORTH_A_NOTICE = 15.0  # seconds of reading from which on a person is told of it
REMEMBERED = 3_600.0  # seconds for which one is believed: a server may be started anew on another machine


class ReadingPace:
    """The characters a second that one endpoint reads; nothing is known of it until it was slow.

    `limit` is in seconds: how long the first token may take where nothing is known.
    """

    def __init__(self, limit: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque(maxlen=KEPT)  # characters a second, and when that was seen

    def note_read(self, characters: float, seconds: float) -> None:
        """Take that a prompt of so many characters, without what was cached of it, was read in so many seconds."""
        if seconds >= self._limit * SLOW and characters >= 1:
            self._seen.append((characters / seconds, self._clock()))
        elif characters >= LONG:
            self._seen.clear()

    def note_unread(self, characters: float, seconds: float) -> None:
        """Take that a prompt was not read in so many seconds; a short one tells nothing of how fast it would be."""
        if characters >= LONG:
            self.note_read(characters, seconds)

    def expected_seconds(self, characters: float) -> float:
        """Return how long a prompt takes to be read, all of it; 0 where the endpoint is not known to be slow."""
        now = self._clock()
        paces = [pace for pace, at in self._seen if now - at < REMEMBERED]
        return characters / statistics.median(paces) if paces else 0.0


def reading_notice(seconds: float) -> str:
    """Return what a person is told of a prompt that takes so long to be read; empty where that is not worth telling."""
    if seconds < WORTH_A_NOTICE:
        return ""
    span = f"{seconds:.0f} seconds" if seconds < 90 else f"{math.ceil(seconds / 60)} minutes"
    return f"_I am reading all of this first, which takes about {span} here …_"
