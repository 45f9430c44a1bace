"""When something comes, and comes again, on the clock of a time zone. Pure.

A time that a clock skips comes when it goes on; one that it shows twice comes once, the first time. What comes every
hour or every few minutes goes by the time that passes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

LONGEST_RULE = 100  # characters
SHORTEST_GAP = 600.0  # seconds between two times of a rule
LOOKED_AT = 50  # times of a rule between which that is looked for
SHORT = "%Y-%m-%d %H:%M"


class NoSuchTime(Exception):
    """A time or a rule that is none; its text says why."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """When something comes: by a `rule` in cron's five fields, in a `zone` by its IANA name, and not after `until`.

    `until` is in seconds since the epoch, None for no end.
    """

    rule: str
    zone: str
    until: float | None = None

    def next_after(self, moment: float) -> float | None:
        """Return the first time after a moment, in seconds since the epoch; None where none comes any more."""
        found = next(self._times_after(moment), None)
        return None if found is None or (self.until is not None and found > self.until) else found

    def check_rule(self, moment: float) -> None:
        """Raise NoSuchTime for a rule that cannot be read, has no time after a moment, or comes too often."""
        if len(self.rule) > LONGEST_RULE or len(self.rule.split()) != 5:
            raise NoSuchTime("`every` has cron's five fields: minute, hour, day of the month, month, weekday")
        times = list(islice(self._times_after(moment), LOOKED_AT))
        if not times:
            raise NoSuchTime("that never comes")
        if any(after - before < SHORTEST_GAP for before, after in pairwise(times)):
            raise NoSuchTime(f"that comes too often: there have to be {SHORTEST_GAP / 60:g} minutes between two times")

    def _times_after(self, moment: float) -> Iterator[float]:
        """Yield the times after a moment; within an hour that comes twice the clock alone does not tell which."""
        start = datetime.fromtimestamp(moment, zone_named(self.zone))
        try:
            for each in CronSim(self.rule, start):
                if each.timestamp() > moment:
                    yield each.timestamp()
        except CronSimError:
            raise NoSuchTime("`every` is no rule that cron knows") from None


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; raises NoSuchTime."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name with a slash too many is a path to zoneinfo
        raise NoSuchTime("there is no such time zone; they are named as Europe/Lisbon") from None


def parse_moment(text: str, zone: str) -> float:
    """Return a date and time as ISO 8601 has it, in seconds since the epoch; in `zone` where it has no offset.

    Raises NoSuchTime.
    """
    place = zone_named(zone)
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=place)).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        raise NoSuchTime("a date and time are written as 2026-12-31 09:00") from None


def format_time(at: float, zone: str) -> str:
    """Return a time, in seconds since the epoch, as people of a zone read it: weekday, date, time and zone.

    In UTC where the zone is no longer known.
    """
    try:
        place = zone_named(zone)
    except NoSuchTime:
        place = zone_named("UTC")
    return f"{datetime.fromtimestamp(at, place):%A, {SHORT}} ({place.key})"
