"""How a database's file stands, looked at from outside, beside a bot that runs."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.storage.connection import Connection
from core.storage.errors import StatementRefused
from core.storage.state import select_state

LONGEST_LOOK = 20.0  # seconds
STEPS = 10_000  # of SQLite's machine between two looks at the clock
ENGINE_VERSION = sqlite3.sqlite_version  # that of SQLite itself, not of Python's module
BACKED_UP = "backed up"  # under which name it is remembered when the last copy was made


@dataclass(frozen=True, slots=True)
class DatabaseReport:
    """What was found; `fault` in SQLite's words, empty for none. Times in seconds since the epoch, 0 for never."""

    fault: str
    journal_mode: str
    log_bytes: int
    begun_at: float
    backed_up_at: float


def inspect_database(path: Path, key: str = "") -> DatabaseReport:
    """Return how a file stands; one too large to be read through in time counts as whole.

    Raises StorageUnavailable where it cannot be read, StatementRefused where it is none of ours.
    """
    with closing(Connection(path, key, read_only=True)) as connection:
        begun = connection.execute("SELECT coalesce(min(received_at), 0) FROM turns")[0][0]
        mode = connection.execute("PRAGMA journal_mode")[0][0]
        backed_up = select_state(connection, BACKED_UP)
        log = path.with_name(f"{path.name}-wal")
        size = log.stat().st_size if log.exists() else 0
        return DatabaseReport(find_damage(connection), str(mode), size, float(begun), float(backed_up or 0))


def find_damage(connection: Connection, seconds: float = LONGEST_LOOK) -> str:
    """Return what SQLite's own check says of the file, empty where it is whole or took longer than that."""
    until = time.monotonic() + seconds
    connection.file.set_progress_handler(lambda: time.monotonic() > until, STEPS)
    try:
        found = connection.execute("PRAGMA quick_check(1)")[0][0]
    except StatementRefused as error:
        if "interrupted" not in str(error):
            raise
        found = "ok"
    finally:
        connection.file.set_progress_handler(None, 0)
    return "" if found == "ok" else str(found).splitlines()[0][:200]
