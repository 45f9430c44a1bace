"""Discord's identifiers, which begin with their moment: later ones are larger (Discord docs, Snowflakes)."""

import time
from datetime import UTC, datetime

EPOCH = 1_420_070_400_000  # milliseconds; the first moment of 2015


class Snowflakes:
    """Gives new identifiers, each of a later millisecond than every one before, so that their moments have an order."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> str:
        """Return an identifier of now, as it stands in JSON: a string of digits."""
        self._last = max(time.time_ns() // 1_000_000 - EPOCH, (self._last >> 22) + 1) << 22
        return str(self._last)


def made_at(snowflake: str) -> datetime:
    """Return the moment in which an identifier was made."""
    return datetime.fromtimestamp(((int(snowflake) >> 22) + EPOCH) / 1000, UTC)
