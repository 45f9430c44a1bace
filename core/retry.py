"""When a refused call may be tried again, and after how long."""

import math
import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

FIRST_PAUSE = 0.5  # seconds
LONGEST_PAUSE = 4.0  # seconds; only an endpoint that asks for more gets more
JITTER = 0.25  # as a share of the pause


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds an endpoint asks to be left alone, or None where it does not say.

    `Retry-After` is in seconds or an HTTP date (RFC 9110, 10.2.3); `retry-after-ms` is OpenAI's and Azure's,
    `llm_provider-retry-after` LiteLLM's, of the provider behind it.
    """
    milliseconds = _seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    for name in ("retry-after", "llm_provider-retry-after"):
        value = headers.get(name, "")
        seconds = _seconds(value)
        if (told := _until(value) if seconds is None else seconds) is not None:
            return told
    return None


class RetryBudget:
    """The pauses between the tries of one call, none of which ends after `until` (by the clock that `now` tells).

    Each is twice as long as the one before, up to `longest` seconds, never shorter than was asked for, and a little
    longer by chance, so that callers who were refused together do not come back together.
    """

    def __init__(self, until: float, now: Callable[[], float] = time.monotonic, longest: float = LONGEST_PAUSE) -> None:
        self._until = until
        self._now = now
        self._longest = longest
        self.retries = 0

    def next_pause(self, asked: float | None = None) -> float | None:
        """Return the seconds to wait before the next try, None where there is no time left for one.

        `asked` is what the other side asks for, None where it does not say.
        """
        wait = min(FIRST_PAUSE * 2**self.retries, self._longest) if asked is None else max(asked, FIRST_PAUSE)
        wait *= 1 + JITTER * random.random()  # noqa: S311 - spreads callers, guards no secret
        if self._now() + wait > self._until:
            return None
        self.retries += 1
        return wait


def _seconds(value: str) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _until(value: str) -> float | None:
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError):
        return None
