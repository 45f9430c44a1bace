"""What was chosen in the chat, a row for each choice, the newest of which holds: statements on a connection.

The rows are the record of who chose what: none is changed. With a person go the person's own, and their name at others.
"""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.policy import Scope
from core.storage.audit import insert_deed
from core.storage.connection import Connection

NEWEST = (
    "SELECT platform, workspace, channel, person, name, value FROM preferences "
    "WHERE seq IN (SELECT max(seq) FROM preferences GROUP BY platform, workspace, channel, person, name)"
)
NEWEST_OF = (
    "SELECT name, value FROM preferences WHERE seq IN (SELECT max(seq) FROM preferences "
    "WHERE platform = ? AND workspace = ? AND channel = ? AND person = ? GROUP BY name)"
)
INSERT = (
    "INSERT INTO preferences (at, platform, workspace, channel, person, chosen_by, name, was, value) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
RECORD = (
    "SELECT at, platform, workspace, channel, person, chosen_by, name, was, value FROM preferences ORDER BY seq DESC"
)
OWN_AWAY = "DELETE FROM preferences WHERE platform = ? AND person = ? RETURNING 1"
NAME_AWAY = "UPDATE preferences SET chosen_by = '' WHERE platform = ? AND chosen_by = ? RETURNING 1"


@dataclass(frozen=True, slots=True)
class PreferenceChoice:
    """One choice as it was made; `at` in seconds since the epoch. `was` and `value` are empty for what is usual."""

    at: float
    scope: Scope
    chosen_by: str
    name: str
    was: str
    value: str


def select_choices(connection: Connection) -> dict[Scope, dict[str, str]]:
    """Return what holds, by whose it is and by name."""
    found: dict[Scope, dict[str, str]] = {}
    for *place, name, value in connection.execute(NEWEST):
        found.setdefault(Scope(*place), {})[name] = value
    return found


def insert_choices(connection: Connection, scope: Scope, by: str, values: Mapping[str, str]) -> dict[str, str]:
    """Add what was chosen, by name, empty for what is usual; return what holds for whose it is."""
    place = (scope.platform, scope.workspace, scope.channel, scope.person)
    now: dict[str, str] = dict(connection.execute(NEWEST_OF, place))
    for name, value in values.items():
        row = (time.time(), *place, by, name, now.get(name, ""), value)
        connection.execute(INSERT, row)
        where = f"{scope.workspace}/{scope.channel}" if scope.channel else "for themselves"
        change = f"{name}: {now.get(name, '') or 'usual'} -> {value or 'usual'}, {where}"
        insert_deed(connection, "set", (scope.platform, scope.workspace, by), detail=change)
    return now | dict(values)


def read_record(path: Path, key: str = "") -> list[PreferenceChoice]:
    """Return every choice that was made, the latest first; raises as `Connection` does."""
    with closing(Connection(path, key, read_only=True)) as connection:
        rows = connection.execute(RECORD)
    return [PreferenceChoice(at, Scope(*place), by, name, was, value) for at, *place, by, name, was, value in rows]


def forget_person(path: Path, platform: str, person: str, key: str = "") -> int:
    """Drop what a person chose for themselves, and their name where they chose for a channel; return how many rows.

    Safe beside a running bot, for which SQLite waits its turn.
    """
    with closing(Connection(path, key)) as connection:
        connection.begin()
        gone = [*connection.execute(OWN_AWAY, (platform, person)), *connection.execute(NAME_AWAY, (platform, person))]
        connection.commit()
    return len(gone)
