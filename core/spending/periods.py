"""The periods of caps: a minute and an hour roll, days, weeks and months are the calendar's. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.spending.settings import CapPeriod

ROLLING: dict[CapPeriod, float] = {"minute": 60.0, "hour": 3_600.0}  # seconds


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time in seconds since the epoch; `seconds` is its length where it rolls, 0 for a calendar's."""

    since: float
    until: float
    seconds: float = 0.0


def current_period(period: CapPeriod, now: float, zone: str) -> Period:
    """Return the period in which `now` (seconds since the epoch) lies, in a time zone by its IANA name."""
    if seconds := ROLLING.get(period):
        return Period(now - seconds, now, seconds)
    today = datetime.fromtimestamp(now, ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = {"week": today - timedelta(days=today.weekday()), "month": today.replace(day=1)}.get(period, today)
    end = {"week": begin + timedelta(days=7), "month": (begin + timedelta(days=32)).replace(day=1)}
    # Aware arithmetic is that of the wall clock: the next midnight is one, whatever the clocks do meanwhile.
    return Period(begin.timestamp(), end.get(period, begin + timedelta(days=1)).timestamp())
