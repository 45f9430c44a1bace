"""How often a route may be called (Discord docs, Rate Limits)."""

import time
from dataclasses import dataclass

from deploy.sandbox.discord.refused import Refused

MOST_A_SECOND = 50  # of all calls that carry the bot's token
MOST_INVALID = 10_000  # answers with 401, 403 and 429 within ten minutes
INVALID_WINDOW = 600.0  # seconds


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls within so many seconds, counted from the first of them."""

    calls: int
    seconds: float


# Discord publishes none of these. Five in five seconds, for each channel and apart for create and edit, has been
# observed for years (discord-api-docs#20); the others are what bots report, and only have to be plausible.
MESSAGES = Rate(5, 5.0)
DELETING = Rate(5, 1.0)
REACTING = Rate(1, 0.25)
WEBHOOK = Rate(5, 2.0)
READING = Rate(5, 5.0)
ORDINARY = Rate(10, 2.0)


@dataclass(slots=True)
class _Window:
    left: int
    ends: float


class Limits:
    """A window for each bucket and major parameter, one for all calls, and the count of invalid ones."""

    def __init__(self) -> None:
        self.on = True
        self.most_invalid = MOST_INVALID
        self.invalid = 0
        self._invalid_until = 0.0
        self._windows: dict[str, _Window] = {}

    def take(self, bucket: str, place: str, rate: Rate) -> dict[str, str]:
        """Count one call and return the headers that tell how many are left. Raises Refused, 429, for one too many."""
        if not self.on:
            return _headers(bucket, Rate(1000, 1.0), 999, 1.0)
        window = self._window(f"{bucket} {place}", rate)
        wait = window.ends - time.monotonic()
        if window.left < 1:
            raise too_fast(wait, _headers(bucket, rate, 0, wait))
        window.left -= 1
        return _headers(bucket, rate, window.left, wait)

    def take_any(self) -> None:
        """Count one call of the bot. Raises Refused if it made too many within this second."""
        if not self.on:
            return
        window = self._window("*", Rate(MOST_A_SECOND, 1.0))
        if window.left < 1:
            raise too_fast(window.ends - time.monotonic(), everywhere=True)
        window.left -= 1

    def count_invalid(self) -> None:
        """Count an answer with 401, 403 or 429."""
        now = time.monotonic()
        if now > self._invalid_until:
            self.invalid, self._invalid_until = 0, now + INVALID_WINDOW
        self.invalid += 1

    @property
    def banned(self) -> bool:
        """Whether so many calls were invalid that the address is shut out for a while."""
        return self.invalid >= self.most_invalid and time.monotonic() <= self._invalid_until

    def _window(self, key: str, rate: Rate) -> _Window:
        now = time.monotonic()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            window = self._windows[key] = _Window(rate.calls, now + rate.seconds)
        return window


def _headers(bucket: str, rate: Rate, left: int, wait: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(rate.calls),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
        "X-RateLimit-Reset-After": f"{wait:.3f}",
        "X-RateLimit-Bucket": bucket,
    }


def too_fast(
    wait: float, headers: dict[str, str] | None = None, *, everywhere: bool = False, code: int = 0, bucket: str = "*"
) -> Refused:
    """Return the refusal of a call that came `wait` seconds too early; `code` is that of a limit of its own.

    Discord docs, Rate Limits: what the body and the headers say. Via tells it from a ban by Cloudflare.
    """
    extra = {"retry_after": round(max(wait, 0.001), 3), "global": everywhere}
    scope = {"X-RateLimit-Scope": "global" if everywhere else "shared" if code else "user"}
    if everywhere:
        scope["X-RateLimit-Global"] = "true"
    counted = headers or _headers(bucket, Rate(1, max(wait, 1.0)), 0, wait)
    told = {"Retry-After": str(int(wait) + 1), "Via": "1.1 sandbox", **scope, **counted}
    return Refused(code, "" if code else "You are being rate limited.", 429, extra, told)


def on_request(code: int, wait: float) -> Refused:
    """Return the refusal with this code that a fault asks for; one of status 429 passes after `wait` seconds."""
    refusal = Refused(code)
    return too_fast(wait, code=code) if refusal.status == 429 else refusal
