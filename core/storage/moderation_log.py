"""What moderation refused or could not check, as rows: statements on a connection."""

from collections.abc import Sequence
from typing import Any

from core.storage.connection import Connection

COLUMNS = "reference, at, platform, workspace, channel, thread, author_id, path, outcome, categories, text"


def insert_moderation(connection: Connection, values: Sequence[Any]) -> None:
    """Keep what was refused, or went on without a check, as the values of COLUMNS."""
    marks = ", ".join("?" for _ in COLUMNS.split(", "))
    connection.execute(f"INSERT INTO moderated ({COLUMNS}) VALUES ({marks})", values)


def violations_since(
    connection: Connection, paths: Sequence[str], since: float
) -> list[tuple[str, str, str, float, bool]]:
    """Return who had what they said refused since a time, and who was told of a pause, oldest first.

    A row is a platform, a person, a turn's reference, a time, and whether something was refused.
    """
    marks = ", ".join("?" for _ in paths) or "NULL"
    rows = connection.execute(
        "SELECT platform, author_id, reference, at, outcome = 'refused' FROM moderated WHERE author_id <> '' "
        f"AND at > ? AND (outcome = 'paused' OR outcome = 'refused' AND path IN ({marks})) ORDER BY at, seq",
        (since, *paths),
    )
    return [(platform, person, reference, at, bool(refused)) for platform, person, reference, at, refused in rows]
