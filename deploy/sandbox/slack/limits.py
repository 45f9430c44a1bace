"""How often a method may be called (Slack docs, Rate limits)."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.sandbox.slack.refused import Refused


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls a minute on average, and so many at once. `per_channel` counts each channel by itself."""

    per_minute: int
    burst: int
    per_channel: bool = False


# The tiers promise at least so many calls a minute, and tolerate bursts up to that number. Tier 1 would allow one;
# apps.connections.open is called once for each of ten allowed connections, so ten at once are let through.
TIER_1 = Rate(1, 10)
TIER_2 = Rate(20, 20)
TIER_3 = Rate(50, 50)
TIER_4 = Rate(100, 100)
# "One message a second and channel, short bursts allowed": five is our reading of a short burst. The whole
# workspace takes several hundred a minute.
POSTING = Rate(60, 5, per_channel=True)
POSTING_ANYWHERE = Rate(300, 300)
STATUS = Rate(60, 60, per_channel=True)
# Since 2025-05-29, conversations.history and replies of distributed apps outside the Marketplace.
DISTRIBUTED = Rate(1, 1)


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Limits:
    """A token bucket for each method, and for each channel where a rate counts by channel. `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.on = True
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key: str, rate: Rate) -> None:
        """Count one call. Raises Refused with `ratelimited` and Retry-After, in seconds, if it is one too many."""
        if not self.on:
            return
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(rate.burst, now))
        bucket.left = min(rate.burst, bucket.left + (now - bucket.at) * rate.per_minute / 60)
        bucket.at = now
        if bucket.left < 1:
            raise too_fast((1 - bucket.left) * 60 / rate.per_minute)
        bucket.left -= 1


def too_fast(wait: float) -> Refused:
    """Return the refusal of a call that came `wait` seconds too early; Slack tells whole seconds."""
    return Refused("ratelimited", status=429, headers={"Retry-After": str(max(1, math.ceil(wait)))})
