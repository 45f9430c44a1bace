"""One SQLite file on a thread of its own, where waiting writes share one commit."""

import asyncio
import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TextIO, TypeVar

import sqlite_utils

from core.errors import DatabaseBusy
from core.migrations import migrations

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Job = tuple[Work[Any], Future[Any]]

BATCH = 256  # jobs that share one commit, at the most, so that the first of them does not wait for long


class Database:
    """A SQLite file in WAL mode with synchronous=FULL: what is committed outlives a power cut.

    A connection is not thread-safe, so that all work is done on one thread. Whoever awaits `run` gets the result
    only after the commit.
    """

    def __init__(self, path: Path) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = _locked(path)
        self._connection = _opened(path)
        self._thread = threading.Thread(target=self._serve, name="database", daemon=True)
        self._thread.start()

    async def run(self, work: Work[T]) -> T:
        """Do `work` on the connection inside a transaction, and return its result once that is committed.

        Raises whatever `work` raises (its writes are undone, others' in the same commit are not), or
        sqlite3.Error where the commit fails.
        """
        future: Future[T] = Future()
        self._jobs.put((work, future))
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """Finish what is waiting, then close the file."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._lock.close()

    def _serve(self) -> None:
        open_ = True
        while open_:
            batch, open_ = self._batch()
            self._commit(batch)
        self._connection.close()

    def _batch(self) -> tuple[list[Job], bool]:
        """Wait for a job and take all that wait behind it; False when it is time to close."""
        batch: list[Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == BATCH or self._jobs.empty():
                return batch, True
            job = self._jobs.get()
        return batch, False

    def _commit(self, batch: list[Job]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            done = [(future, *self._attempt(work)) for work, future in batch]
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:  # the disk is full, or the file is locked or broken: nobody's write holds
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            done = [(future, None, error) for _, future in batch]
        for settled in done:
            _settle(*settled)

    def _attempt(self, work: Work[Any]) -> tuple[Any, Exception | None]:
        """Do one job so that its failure undoes its own writes alone."""
        self._connection.execute("SAVEPOINT job")
        try:
            result = work(self._connection)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the job
            self._connection.execute("ROLLBACK TO job")
            return None, error
        self._connection.execute("RELEASE job")
        return result, None


def _settle(future: Future[Any], result: object, error: Exception | None) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA busy_timeout = 5000")
    migrations.apply(sqlite_utils.Database(connection))
    return connection


def _locked(path: Path) -> TextIO:
    """Hold the file's lock of the operating system: it ends with the process, however that ends.

    The file says which process that is, for whoever wants to tell it something.
    """
    lock = Path(f"{path}.lock").open("a", encoding="ascii")  # noqa: SIM115 - held for as long as the database is open
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise DatabaseBusy(path) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock
