"""What work on the database is done on: statements, and the rows that they give."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from core.storage.encryption import open_with_key
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.files import make_private_file

Row = tuple[Any, ...]
Values = Sequence[Any]
T = TypeVar("T")

PATIENCE_MS = 5_000  # milliseconds for which a statement waits for another process's write
TROUBLES: Mapping[int, str] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_PROTOCOL: "locked",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_IOERR: "not writable",
    sqlite3.SQLITE_READONLY: "not writable",
    sqlite3.SQLITE_CANTOPEN: "not writable",
    sqlite3.SQLITE_PERM: "not writable",
    sqlite3.SQLITE_NOMEM: "out of memory",
}


class Connection:
    """A connection to a SQLite file; `file` is SQLite's own, for what no other engine has.

    Statements are in the SQL that SQLite and PostgreSQL both take and read alike, with a `?` for each value. They
    raise StorageUnavailable where the file can give or take nothing just now, StatementRefused where the statement or
    a value is wrong. Half a surrogate pair in a text, which no database holds, becomes U+FFFD.
    """

    def __init__(self, path: Path, key: str = "", *, read_only: bool = False) -> None:
        """Open a file, or make one that its owner alone may read; nobody else's is made with `read_only`.

        With a `key` it is encrypted, unless it is there and is not yet. Raises SettingsError where that does not fit.
        """
        if not read_only:
            make_private_file(path)
        uri = f"file:{quote(str(path))}?mode={'ro' if read_only else 'rwc'}"
        opened = partial(open_with_key, path, uri, key) if key else partial(sqlite3.connect, uri, uri=True)
        self.file: sqlite3.Connection = in_our_errors(
            lambda: opened(isolation_level=None, check_same_thread=False, timeout=PATIENCE_MS / 1000)
        )
        in_our_errors(lambda: self.file.execute("PRAGMA secure_delete = ON"))  # not every build has it so
        self.file.text_factory = partial(str, encoding="utf-8", errors="replace")

    def execute(self, statement: str, values: Values = ()) -> list[Row]:
        """Run a statement; return all rows that it gives."""
        return in_our_errors(lambda: self._run(statement, values).fetchall())

    def executemany(self, statement: str, rows: Iterable[Values]) -> None:
        """Run a statement that gives no rows, once with each of these values."""
        for values in rows:
            self.execute(statement, values)

    def begin(self) -> None:
        """Begin a transaction that writes."""
        self.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what was written since `begin`."""
        self.execute("COMMIT")

    def rollback(self) -> bool:
        """Undo what was written since `begin`; return whether that was under way."""
        begun = self.file.in_transaction
        if begun:
            self.execute("ROLLBACK")
        return begun

    @property
    def changes(self) -> int:
        """How many rows were changed since the file was opened."""
        return self.file.total_changes

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def _run(self, statement: str, values: Values) -> sqlite3.Cursor:
        try:
            return self.file.execute(statement, values)
        except UnicodeEncodeError:
            return self.file.execute(statement, [_as_valid_text(value) for value in values])


def _as_valid_text(value: object) -> object:
    """Return a value with both halves of a surrogate pair joined, and each half without the other as U+FFFD."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def in_our_errors(work: Callable[[], T]) -> T:
    """Return what some work returns, its errors as ours."""
    try:
        return work()
    except Exception as error:
        if not _is_engines(error):
            raise
        trouble = TROUBLES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)  # extended codes: SQLite docs, rescode
        raise (StorageUnavailable(trouble, str(error)) if trouble else StatementRefused(str(error))) from error


def _is_engines(error: Exception) -> bool:
    """Whether an error is SQLite's, SQLCipher's (a class of its own), or one for a value that neither can hold."""
    known = isinstance(error, sqlite3.Error | UnicodeError | OverflowError)
    return known or type(error).__module__.startswith("sqlcipher3")
