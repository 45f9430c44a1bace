"""The bot's file as a test looks into it from outside, beside a bot that runs or after it."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from core.storage.connection import Connection
from core.storage.schema.steps import migrate


def prepare_database(path: Path) -> None:
    """Put an empty file of the newest schema where there is none: to make one anew takes longer than most tests."""
    if not path.exists():
        path.write_bytes(_empty_database())
        path.chmod(0o600)


@cache
def _empty_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        connection = Connection(file, "")
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection)
        connection.close()
        return file.read_bytes()


def rows(path: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Return all rows that a query gives."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query, values).fetchall()


def column(path: Path, query: str, *values: object) -> list[Any]:
    """Return the first value of each row that a query gives."""
    return [row[0] for row in rows(path, query, *values)]


async def wait_for_column(path: Path, query: str, is_reached: Callable[[list[Any]], bool]) -> list[Any]:
    """Return what a query gives once it is as wanted; TimeoutError after half a minute."""
    async with asyncio.timeout(30):
        while not is_reached(found := column(path, query)):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)
    return found


def change(path: Path, statement: str, *values: object) -> None:
    """Write something."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def load(path: Path, script: str) -> None:
    """Make a file from SQL text."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def dump(path: Path) -> str:
    """Return all that stands in the file, as SQL text."""
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep everybody else from writing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def held_alone(path: Path) -> Iterator[None]:
    """Keep everybody else from reading, too."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        yield


def leave_in_log(path: Path, statement: str) -> None:
    """Write something that stands in the log beside the file alone, as a kill leaves it."""
    log = path.with_name(f"{path.name}-wal")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        with connection:
            connection.execute(statement)
        before, written = path.read_bytes(), log.read_bytes()
    path.write_bytes(before)
    log.write_bytes(written)
