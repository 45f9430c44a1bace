"""When a refused call may be tried again, and after how long."""

import math
import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

FIRST_PAUSE = 0.5  # seconds
LONGEST_PAUSE = 4.0  # seconds; only an endpoint that asks for more gets more
JITTER = 0.25  # as a share of the pause: callers that were refused together do not come back together


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds an endpoint asks to be left alone, or None where it does not say.

    `Retry-After` is in seconds or an HTTP date (RFC 9110, 10.2.3); `retry-after-ms` is OpenAI's and Azure's.
    """
    milliseconds = _seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _seconds(value)
    return _until(value) if seconds is None else seconds


def pause(attempt: int, asked: float | None) -> float:
    """Return the seconds to wait after attempt number `attempt` (from 0), never less than was asked for."""
    wait = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE) if asked is None else max(asked, FIRST_PAUSE)
    return wait * (1 + JITTER * random.random())  # noqa: S311 - spreads callers, guards no secret


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
