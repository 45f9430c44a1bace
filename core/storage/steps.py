"""What happened to each turn, as rows that are only added: statements on a connection."""

import json
import time
from typing import Any

from core.messages import Turn
from core.storage.connection import Connection

MINE = "id = ? AND fence = ? AND state = 'open'"


def select_posted_parts(connection: Connection, turn_id: str, command: str) -> tuple[int, tuple[str, ...]]:
    """Return how often the turn has asked for consent, and the messages that stand for its parts since it last did.

    Of a part that was posted again it is the last one. For a question that was deleted all count, cards as well.
    """
    rows = connection.execute(
        "SELECT part, platform_id FROM steps WHERE turn_id = ? AND name IN ('posted', 'asked') ORDER BY seq", (turn_id,)
    )
    if command == "deleted":
        return 0, tuple(dict.fromkeys(platform_id for _, platform_id in rows))
    asked = [number for number, (part, _) in enumerate(rows, 1) if part is None]
    parts: dict[int, str] = dict(rows[asked[-1] if asked else 0 :])
    return len(asked), tuple(parts[part] for part in sorted(parts))


def count_ends(connection: Connection, turn: Turn) -> int:
    """Return how often the process has ended in the midst of a turn."""
    query = "SELECT count(*) FROM steps WHERE turn_id = ? AND name = 'ended'"
    return int(connection.execute(query, (turn.id,))[0][0])


def insert_posted_part(connection: Connection, turn: Turn, part: int, platform_id: str) -> bool:
    """Note the message that a part of the reply stands in, while the turn is ours; return whether it is."""
    statement = (
        "INSERT INTO steps (turn_id, name, at, part, platform_id) "
        f"SELECT id, 'posted', ?, ?, ? FROM turns WHERE {MINE} RETURNING 1"
    )
    return bool(connection.execute(statement, (time.time(), part, platform_id, turn.id, turn.fence)))


def insert_step(
    connection: Connection, turn_id: str, name: str, detail: dict[str, Any], platform_id: str | None = None
) -> None:
    """Add a row to what happened to a turn, with the message that stands for it, if one does."""
    statement = "INSERT INTO steps (turn_id, name, at, platform_id, detail) VALUES (?, ?, ?, ?, ?)"
    connection.execute(statement, (turn_id, name, time.time(), platform_id, json.dumps(detail)))
