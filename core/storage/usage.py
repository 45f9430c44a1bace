"""What was spent, summed up from the rows of the ledger: statements on a connection."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Literal

from core.storage.connection import Connection, Row

Grouping = Literal["", "person", "channel", "model", "purpose", "day"]
SCOPES: Mapping[Grouping, str] = {
    "": "'all'",
    "person": "platform || ':' || workspace || ':' || person",
    "channel": "platform || ':' || workspace || ':' || channel",
    "model": "model",
    "purpose": "purpose",
}
QUARTER = 900  # seconds
SUMS = (  # in the order of a UsageLine's fields
    "count(*), sum(input), sum(cached), sum(output), sum(reasoning), sum(audio_ms), sum(coalesce(nanos, 0)), "
    "sum(saved_nanos), sum(estimated), sum(CASE WHEN nanos IS NULL THEN 1 ELSE 0 END), sum(answers)"
)
MADE = "state <> 'reserved' AND at >= ?"
PLACES = ("platform", "workspace", "channel", "person", "turn_id")


@dataclass(frozen=True, slots=True)
class UsageLine:
    """What calls of one purpose, of one model and in one scope came to; a group's name is its scope.

    `audio_ms` are thousandths of a second, `nanos` billionths of a dollar of those whose price is known, `unpriced` how
    many others there are, `estimated` how many were not reported by the endpoint, `saved_nanos` what caches saved.
    """

    purpose: str
    model: str
    scope: str
    calls: int = 0
    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    audio_ms: int = 0
    nanos: int = 0
    saved_nanos: int = 0
    estimated: int = 0
    unpriced: int = 0
    answers: int = 0


def sum_usage(
    connection: Connection, by: Grouping, since: float, zone: tzinfo, place: Mapping[str, str]
) -> list[UsageLine]:
    """Return what was spent since a time (seconds since the epoch), a line a purpose, model and scope, in that order.

    `place` says whose or where, by the columns' names; days are those of `zone`, as 2026-11-30.
    """
    where = " AND ".join([MADE, *(f"{name} = ?" for name in place if name in PLACES)])
    values = (since, *(value for name, value in place.items() if name in PLACES))
    if by == "day":
        return _sum_days(connection, where, values, zone)
    rows = connection.execute(
        f"SELECT purpose, model, {SCOPES[by]} AS scope, {SUMS} FROM spending WHERE {where} "
        "GROUP BY purpose, model, 3 ORDER BY 3, purpose, model",
        values,
    )
    return [_line_of(row) for row in rows]


def _sum_days(connection: Connection, where: str, values: tuple[object, ...], zone: tzinfo) -> list[UsageLine]:
    """Sum up by quarters of an hour, of which the days of every time zone are made, and then by days."""
    rows = connection.execute(
        f"SELECT purpose, model, round(at / {QUARTER} - 0.5) AS quarter, {SUMS} FROM spending WHERE {where} "
        "GROUP BY purpose, model, 3",
        values,
    )
    days: dict[tuple[str, str, str], list[int]] = {}
    for purpose, model, quarter, *sums in rows:
        day = f"{datetime.fromtimestamp(float(quarter) * QUARTER, zone):%Y-%m-%d}"
        group = (day, str(purpose), str(model))
        before = days.get(group, [0] * len(sums))
        days[group] = [one + int(other) for one, other in zip(before, sums, strict=True)]
    return [_line_of((purpose, model, day, *sums)) for (day, purpose, model), sums in sorted(days.items())]


def _line_of(row: Row) -> UsageLine:
    purpose, model, scope = map(str, row[:3])
    return UsageLine(purpose, model, scope, *map(int, row[3:]))


def read_usage_file(path: Path, key: str, by: Grouping, since: float, zone: tzinfo) -> list[UsageLine]:
    """Return what `sum_usage` does of a file, beside a bot that runs; raises as `Connection` does."""
    with closing(Connection(path, key, read_only=True)) as connection:
        return sum_usage(connection, by, since, zone, {})
