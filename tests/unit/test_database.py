"""Writes that wait share one commit, and one that fails takes no other with it."""

import asyncio
import os
import stat
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.storage.connection import Connection
from core.storage.database import Database
from core.storage.errors import DatabaseUnusable, StatementRefused, StorageUnavailable


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Return a database with one small table."""
    database = Database(tmp_path / "confab.db")
    await database.run(lambda connection: connection.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)"))
    yield database
    await database.close()


def insert(connection: Connection, number: int) -> int:
    """Write a number; return the thread that it was done on."""
    connection.execute("INSERT INTO numbers VALUES (?)", (number,))
    return threading.get_ident()


def numbers(connection: Connection) -> list[int]:
    """Return all numbers."""
    return [row[0] for row in connection.execute("SELECT n FROM numbers ORDER BY n")]


async def test_work_is_done_on_a_thread_of_its_own(database: Database) -> None:
    """The event loop never waits for the disk."""
    threads = {await database.run(lambda connection, n=n: insert(connection, n)) for n in range(3)}  # type: ignore[misc]
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_writes_that_wait_share_one_commit(database: Database) -> None:
    """A hundred messages at once cost a few flushes of the disk, not a hundred."""
    commits: list[str] = []
    await database.run(lambda connection: connection.file.set_trace_callback(commits.append))
    blocked = threading.Event()
    holding = asyncio.create_task(database.run(lambda _: blocked.wait(5)))
    writes = [asyncio.create_task(database.run(lambda c, n=n: insert(c, n))) for n in range(100)]  # type: ignore[misc]
    await asyncio.sleep(0)
    blocked.set()
    await asyncio.gather(holding, *writes)
    await database.run(lambda connection: connection.file.set_trace_callback(None))
    assert sum(statement == "COMMIT" for statement in commits) <= 3
    assert await database.run(numbers) == list(range(100))


async def test_a_failed_write_is_undone_alone(database: Database) -> None:
    """Others in the same commit stand, and its own error reaches the one who asked."""

    def twice(connection: Connection) -> None:
        insert(connection, 7)
        insert(connection, 7)

    results = await asyncio.gather(
        database.run(lambda c: insert(c, 1)),
        database.run(twice),
        database.run(lambda c: insert(c, 2)),
        return_exceptions=True,
    )
    assert isinstance(results[1], StatementRefused)
    assert await database.run(numbers) == [1, 2]


async def test_a_disk_that_is_full_fails_the_write_and_heals(database: Database) -> None:
    """Nothing is said to be stored that is not, and with room again it goes on."""
    pages = await database.run(lambda c: c.execute("PRAGMA page_count")[0][0])
    await database.run(lambda c: c.execute(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StorageUnavailable, match="full"):
        await database.run(lambda c: c.execute("CREATE TABLE big AS SELECT zeroblob(100000) AS b"))
    await database.run(lambda c: c.execute("PRAGMA max_page_count = 100000"))
    await database.run(lambda c: insert(c, 1))
    assert await database.run(numbers) == [1]


async def test_the_file_is_written_so_that_a_commit_outlives_a_power_cut(database: Database) -> None:
    """Write-ahead log, flushed at every commit: SQLite's word for it is FULL, 2."""
    assert await database.run(lambda c: c.execute("PRAGMA journal_mode")[0][0]) == "wal"
    assert await database.run(lambda c: c.execute("PRAGMA synchronous")[0][0]) == 2


async def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    """A clean stop loses no write."""
    database = Database(tmp_path / "confab.db")
    await database.run(lambda c: c.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)"))
    writes = [asyncio.ensure_future(database.run(lambda c, n=n: insert(c, n))) for n in range(20)]  # type: ignore[misc]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    again = Database(tmp_path / "confab.db")
    assert await again.run(numbers) == list(range(20))
    await again.close()


async def test_migrations_are_applied_once_and_in_order(tmp_path: Path) -> None:
    """A file of an earlier version is brought up to date; one that is, stays as it is."""
    for _ in range(2):
        database = Database(tmp_path / "confab.db")
        applied = await database.run(lambda c: c.execute("SELECT name FROM _sqlite_migrations"))
        await database.close()
    assert [name[:5] for (name,) in applied] == [f"m{number:03}_" for number in range(1, len(applied) + 1)]
    assert len(applied) >= 4


async def test_a_file_that_takes_nothing_is_said_in_a_word(database: Database) -> None:
    """And no longer once it does; a write that is wrong by itself is no trouble of the file's."""
    pages = await database.run(lambda c: c.execute("PRAGMA page_count")[0][0])
    await database.run(lambda c: c.execute(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StorageUnavailable):
        await database.run(lambda c: c.execute("CREATE TABLE big AS SELECT zeroblob(100000) AS b"))
    assert database.trouble == "full"
    await database.run(lambda c: c.execute("PRAGMA max_page_count = 100000"))
    await database.run(numbers)
    assert database.trouble == "full"
    await database.run(lambda c: insert(c, 1))
    assert database.trouble == ""
    with pytest.raises(StatementRefused):
        await database.run(lambda c: (insert(c, 7), insert(c, 7)))
    assert database.trouble == ""


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be taken for one" * 50])
def test_a_damaged_file_ends_the_start_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    """It names the file, and leaves it as it is; its lock is given back."""
    path = tmp_path / "confab.db"
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(DatabaseUnusable, match=r"confab\.db cannot be used"):
            Database(path)
    assert path.read_bytes() == content


async def test_what_nobody_waits_for_is_written_before_what_follows(database: Database) -> None:
    """It shares the commit of what comes soon after; where it fails, nobody else is harmed."""
    commits: list[str] = []
    await database.run(lambda connection: connection.file.set_trace_callback(commits.append))
    database.send(lambda c: insert(c, 1))
    database.send(lambda c: (insert(c, 2), insert(c, 2)))
    assert await database.run(numbers) == [1]
    await database.run(lambda connection: connection.file.set_trace_callback(None))
    assert sum(statement == "COMMIT" for statement in commits) <= 4
    database.send(lambda c: insert(c, 3))
    await asyncio.sleep(0.2)
    assert await database.run(numbers) == [1, 3]


def modes_in(folder: Path) -> dict[str, int]:
    """Return who may do what with each file of a folder."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277])
async def test_its_files_are_their_owners_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    """The database, its log, its index and its lock; a file that is there keeps what its operator gave it."""
    before = os.umask(umask)
    try:
        database = Database(tmp_path / "confab.db")
        await database.run(lambda c: c.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)"))
    finally:
        os.umask(before)
    modes = modes_in(tmp_path)
    await database.close()
    assert modes == dict.fromkeys(("confab.db", "confab.db-wal", "confab.db-shm", "confab.db.lock"), 0o600)
