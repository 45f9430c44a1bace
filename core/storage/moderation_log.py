"""What moderation refused or could not check, as rows: statements on a connection."""

from collections.abc import Sequence
from typing import Any

from core.storage.connection import Connection

COLUMNS = "reference, at, platform, workspace, channel, thread, author_id, path, outcome, categories, text"


def insert_moderation(connection: Connection, values: Sequence[Any]) -> None:
    """Keep what was refused, or went on without a check, as the values of COLUMNS."""
    marks = ", ".join("?" for _ in COLUMNS.split(", "))
    connection.execute(f"INSERT INTO moderated ({COLUMNS}) VALUES ({marks})", values)


def violations_since(connection: Connection, paths: Sequence[str], since: float) -> list[tuple[str, str, float]]:
    """Return who had what they said refused since a time: platform, person and time, oldest first."""
    marks = ", ".join("?" for _ in paths) or "NULL"
    rows = connection.execute(
        "SELECT platform, author_id, at FROM moderated WHERE outcome = 'refused' AND author_id <> '' AND at > ? "
        f"AND path IN ({marks}) ORDER BY at",
        (since, *paths),
    )
    return [(platform, author_id, at) for platform, author_id, at in rows]
