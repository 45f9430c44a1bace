"""When something comes again, on clocks that are set forward and back."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.schedules.recurrence import NoSuchTime, Recurrence, format_time, parse_moment

NEW_YORK = "America/New_York"
ZONES = (NEW_YORK, "Europe/Lisbon", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "UTC")
YEAR = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")).timestamp()


def times(rule: str, zone: str, after: str, count: int) -> list[str]:
    """Return so many times of a rule after a local one, as ISO 8601 has them."""
    moment, found = parse_moment(after, zone), list[str]()
    for _ in range(count):
        following = Recurrence(rule, zone).next_after(moment)
        assert following is not None
        moment = following
        found.append(datetime.fromtimestamp(moment, ZoneInfo(zone)).isoformat())
    return found


@pytest.mark.parametrize(
    ("rule", "zone", "after", "expected"),
    [
        # the clock goes from 2:00 to 3:00 on the 8th of March, and back from 2:00 to 1:00 on the 1st of November
        ("30 2 * * *", NEW_YORK, "2026-03-07 12:00", ["2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"]),
        ("30 1 * * *", NEW_YORK, "2026-10-31 12:00", ["2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"]),
        ("0 9 * * 1-5", NEW_YORK, "2026-10-30 12:00", ["2026-11-02T09:00:00-05:00", "2026-11-03T09:00:00-05:00"]),
        ("0 * * * *", NEW_YORK, "2026-11-01 00:30", ["2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00"]),
        ("0 * * * *", NEW_YORK, "2026-03-08 00:30", ["2026-03-08T01:00:00-05:00", "2026-03-08T03:00:00-04:00"]),
        # a clock that is set by half an hour, and one that goes forward at midnight
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03 12:00", ["2026-10-04T02:30:00+11:00"]),
        ("0 0 * * *", "America/Havana", "2026-03-07 12:00", ["2026-03-08T01:00:00-04:00", "2026-03-09T00:00:00-04:00"]),
        ("0 9 L * *", "UTC", "2026-02-01 00:00", ["2026-02-28T09:00:00+00:00"]),
        ("0 9 * * MON#1", "UTC", "2026-02-03 00:00", ["2026-03-02T09:00:00+00:00"]),
        ("0 9 29 2 *", "UTC", "2026-02-03 00:00", ["2028-02-29T09:00:00+00:00"]),
    ],
)  # fmt: skip
def test_a_rule_goes_by_the_clock_of_its_zone(rule: str, zone: str, after: str, expected: list[str]) -> None:
    """A time that is skipped comes when the clock goes on, one that comes twice the first time; hours as they pass."""
    assert times(rule, zone, after, len(expected)) == expected


def test_within_an_hour_that_comes_twice_nothing_is_told_again() -> None:
    """Who looks in the second half past one finds the next day's, not the first one once more."""
    second = datetime(2026, 11, 1, 1, 20, fold=1, tzinfo=ZoneInfo(NEW_YORK)).timestamp()
    following = Recurrence("30 1 * * *", NEW_YORK).next_after(second)
    assert following is not None
    assert datetime.fromtimestamp(following, ZoneInfo(NEW_YORK)).isoformat() == "2026-11-02T01:30:00-05:00"


@settings(max_examples=60, deadline=None)
@given(
    zone=some.sampled_from(ZONES),
    minute=some.integers(0, 59),
    hour=some.integers(0, 23),
    days=some.sampled_from(("*", "1-5", "0", "2,4")),
    start=some.integers(0, 364 * 24 * 60),
)
def test_a_daily_time_comes_once_on_each_of_its_days_in_every_zone(
    zone: str, minute: int, hour: int, days: str, start: int
) -> None:
    """Whatever a clock does: once on the date, at the time or, where the clock skips that, when it goes on."""
    moment, place, seen = YEAR + start * 60.0, ZoneInfo(zone), list[datetime]()
    for _ in range(4):
        following = Recurrence(f"{minute} {hour} * * {days}", zone).next_after(moment)
        assert following is not None
        assert following > moment
        moment = following
        seen.append(datetime.fromtimestamp(moment, place))
    assert len({each.date() for each in seen}) == len(seen)
    for each in seen:
        wanted = datetime(each.year, each.month, each.day, hour, minute, tzinfo=place)
        is_skipped = wanted.astimezone(ZoneInfo("UTC")).astimezone(place).replace(tzinfo=None) != wanted.replace(
            tzinfo=None
        )
        late = each.replace(tzinfo=None) - wanted.replace(tzinfo=None)
        assert timedelta() < late <= timedelta(hours=1) if is_skipped else not late
        assert each.fold == 0


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("* * * * *", "too often"),
        ("*/5 * * * *", "too often"),
        ("0,5 9 * * *", "too often"),
        ("0 9 * *", "five fields"),
        ("0 0 9 * * *", "five fields"),
        ("0 9 30 2 *", "no rule"),
        ("0 25 * * *", "no rule"),
        ("@daily", "five fields"),
        ("0 9 * * " + "1," * 60 + "1", "five fields"),
    ],
)
def test_a_rule_that_is_none_or_comes_too_often_says_so(rule: str, why: str) -> None:
    """The model is told why, and may mend it."""
    with pytest.raises(NoSuchTime, match=why):
        Recurrence(rule, "UTC").check_rule(YEAR)


def test_it_ends_where_it_is_to_end() -> None:
    """The end itself still counts."""
    until = parse_moment("2026-01-02 09:00", "UTC")
    assert Recurrence("0 9 * * *", "UTC", until).next_after(YEAR) == parse_moment("2026-01-01T09:00", "UTC")
    assert Recurrence("0 9 * * *", "UTC", until).next_after(until - 1) == until
    assert Recurrence("0 9 * * *", "UTC", until).next_after(until) is None


def test_a_moment_is_read_in_the_zone_or_with_its_own_offset() -> None:
    """What is no date and time, or no zone, is told."""
    assert parse_moment("2026-07-01 09:00", "Europe/Lisbon") == parse_moment("2026-07-01T08:00Z", "Europe/Lisbon")
    assert format_time(parse_moment("2026-07-01 09:00", "Europe/Lisbon"), "Europe/Lisbon") == (
        "Wednesday, 2026-07-01 09:00 (Europe/Lisbon)"
    )
    for text, zone in (("tomorrow", "UTC"), ("2026-13-01 09:00", "UTC"), ("0001-01-01 00:00", "Asia/Tokyo"), ("", "")):
        with pytest.raises(NoSuchTime, match="written as"):
            parse_moment(text, zone)
    with pytest.raises(NoSuchTime, match="no such time zone"):
        parse_moment("2026-07-01 09:00", "../Lisbon")
