"""When a refused call may be tried again, and after how long."""

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

import structlog

log = structlog.get_logger()

FIRST_PAUSE = 0.5  # seconds
LONGEST_PAUSE = 4.0  # seconds; only an endpoint that asks for more gets more
LONGEST_TOLD = 10.0 * 365 * 86_400  # seconds: a date beyond it is none
JITTER = 0.25  # as a share of the pause


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds an endpoint asks to be left alone, or None where it does not say.

    `Retry-After` is in seconds or an HTTP date (RFC 9110, 10.2.3); `retry-after-ms` is OpenAI's and Azure's; with
    `llm_provider-` before it, LiteLLM tells what the provider behind it said.
    """
    for before in ("", "llm_provider-", "x-"):
        milliseconds = _seconds(headers.get(f"{before}retry-after-ms", ""))
        if milliseconds is not None:
            return milliseconds / 1000
        value = headers.get(f"{before}retry-after", "")
        seconds = _seconds(value.strip().lower().removesuffix("s"))
        if (told := _until(value) if seconds is None else seconds) is not None:
            return told
    return None


def pause_before(retry: int, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE) -> float:
    """Return the seconds before a retry, counted from 0: each twice as long as the one before, up to `longest`.

    It is a little longer by chance, so that callers who were refused together do not come back together.
    """
    return _add_jitter(min(first * 2.0**retry, longest))


class RetryBudget:
    """The pauses between the tries of one call: none ends after `until`, by the clock `now`, and no more than `most`.

    They grow as `pause_before` says, and are never shorter than was asked for.
    """

    def __init__(
        self,
        until: float,
        now: Callable[[], float] = time.monotonic,
        *,
        most: int | None = None,
        first: float = FIRST_PAUSE,
        longest: float = LONGEST_PAUSE,
    ) -> None:
        self.until = until
        self.retries = 0
        self._now = now
        self._most = most
        self._first = first
        self._longest = longest

    def next_pause(self, asked: float | None = None) -> float | None:
        """Return the seconds to wait before the next try, None where there is no time left for one.

        `asked` is what the other side asks for, None where it does not say.
        """
        growing = pause_before(self.retries, self._first, self._longest)
        wait = growing if asked is None else _add_jitter(max(asked, self._first))
        if self.retries == self._most or self._now() + wait > self.until:
            return None
        self.retries += 1
        return wait

    async def pause(self, call: str, error: Exception, asked: float | None = None) -> None:
        """Wait before the next try of a call, and say so in the log; raise its error where there is no time left."""
        wait = self.next_pause(asked)
        if wait is None:
            raise error from None
        log.info("retry", call=call, error=type(error).__name__, attempt=self.retries, pause=round(wait, 2))
        await asyncio.sleep(wait)


def clock_time_in(seconds: float) -> str:
    """Return what the clock on the wall says in so many seconds, as ISO 8601: for the log."""
    return datetime.fromtimestamp(time.time() + min(seconds, LONGEST_TOLD)).astimezone().isoformat(timespec="seconds")


def _add_jitter(pause: float) -> float:
    return pause * (1 + JITTER * random.random())  # noqa: S311 - spreads callers, guards no secret


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
