"""Who did what to settings and to what is kept, in rows that are only added: statements on a connection.

People stand there as keyed hashes. Other features add their deeds by `insert_deed`, in the transaction that does them.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.storage.connection import Connection
from core.storage.keyed_hash import keyed_hash, read_hash_key

OPERATOR = "operator"  # who acts from the command line
COLUMNS = "at, actor, action, subject, detail"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One deed; `at` in seconds since the epoch, `actor` and `subject` keyed hashes, or `operator` and empty."""

    at: float
    actor: str
    action: str
    subject: str
    detail: str


def insert_deed(
    connection: Connection,
    action: str,
    actor: Sequence[str] = (),
    subject: Sequence[str] = (),
    detail: str = "",
) -> None:
    """Note a deed: `actor` is platform, workspace and id of a person, nobody for the operator; `subject` likewise.

    `detail` says in words what was done, where: never with a person's id or name, or with what was said.
    """
    who, whom = _hash_of(connection, actor) or OPERATOR, _hash_of(connection, subject)
    statement = f"INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?)"
    connection.execute(statement, (time.time(), who, action, whom, detail))


def read_audit(path: Path, key: str = "", person: Sequence[str] = ()) -> list[AuditRow]:
    """Return every deed, the first of them first; with a `person` those that they did, or that were done to them.

    Raises as `Connection` does.
    """
    with closing(Connection(path, key, read_only=True)) as connection:
        rows = [AuditRow(*row) for row in connection.execute(f"SELECT {COLUMNS} FROM audit ORDER BY seq")]
        known = _hash_of(connection, person) if rows else ""
    return [row for row in rows if not known or known in {row.actor, row.subject}]


def _hash_of(connection: Connection, parts: Sequence[str]) -> str:
    """Return the hash of a conversation's key, or of a person: wherever on the platform they are."""
    told = (parts[0], parts[2]) if len(parts) == 3 else parts
    return keyed_hash(read_hash_key(connection), *told) if parts else ""
