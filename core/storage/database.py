"""One SQLite file on a thread of its own, where waiting writes share one commit."""

import asyncio
import fcntl
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, TypeVar

import structlog

from core.errors import SettingsError
from core.storage.connection import Connection, in_our_errors
from core.storage.encryption import encrypt_anew, is_plain
from core.storage.errors import DatabaseBusy, DatabaseUnusable, StatementRefused, StorageUnavailable
from core.storage.files import make_private_file
from core.storage.schema.steps import migrate

log = structlog.get_logger()

T = TypeVar("T")
Work = Callable[[Connection], T]
Job = tuple[Work[Any], asyncio.Future[Any], float]  # with how long it may wait, in seconds
ALONE = -1.0  # in place of that: the job is done by itself, outside of any transaction

LINGER = 0.02  # seconds for which what nobody waits for may wait for others to share its commit
BATCH = 256  # jobs that share one commit, at the most, so that the first of them does not wait for long


class Database:
    """A SQLite file in WAL mode with synchronous=FULL: what is committed outlives a power cut.

    A connection is not thread-safe, so that all work is done on one thread. Whoever awaits `run` gets the result
    only after the commit. `trouble` says in a word why nothing can be stored, empty while it can.
    """

    def __init__(self, path: Path, key: str = "") -> None:
        """With a `key` the file is encrypted; one that is not yet is written anew."""
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.trouble = ""
        self._lock = hold_lock(path)
        try:
            self._connection = _open_connection(path, key)
        except (StorageUnavailable, StatementRefused) as error:
            self._lock.close()
            raise DatabaseUnusable(path, error) from None
        except SettingsError:
            self._lock.close()
            raise
        self._thread = threading.Thread(target=self._serve, name="database", daemon=True)
        self._thread.start()

    async def run(self, work: Work[T]) -> T:
        """Do `work` on the connection inside a transaction, and return its result once that is committed.

        It may be done twice, the first time in vain, so that it has no effect but on the connection. Raises whatever
        `work` raises (its writes are undone, others' are not), or StorageUnavailable where the commit fails.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((work, future, 0.0))
        return await future

    def send(self, work: Work[object]) -> None:
        """Do `work` a little later, before whatever is asked for after it; where it fails, nobody is told."""
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._jobs.put((work, future, LINGER))

    async def run_alone(self, work: Work[T]) -> T:
        """Do what no transaction can hold, with nothing beside it; raises whatever `work` raises."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((work, future, ALONE))
        return await future

    async def close(self) -> None:
        """Finish what is waiting, then close the file."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._lock.close()

    def _serve(self) -> None:
        open_ = True
        while open_:
            batch, open_ = self._batch()
            alone = [batch.pop()] if batch and batch[-1][2] == ALONE else []
            if batch:
                self._commit(batch)
            for job in alone:
                self._do_alone(job)
        self._connection.close()

    def _batch(self) -> tuple[list[Job], bool]:
        """Wait for a job and take all that wait behind it; False when it is time to close."""
        batch: list[Job] = []
        job = self._jobs.get()
        linger = LINGER
        while job is not None:
            batch.append(job)
            if job[2] == ALONE:
                return batch, True
            linger = min(linger, job[2])
            try:
                job = self._jobs.get(timeout=linger) if linger and len(batch) < BATCH else self._jobs.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _do_alone(self, job: Job) -> None:
        try:
            result = job[0](self._connection)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the job
            _settle(_fail, [job], [error])
        else:
            _settle(_fulfil, [job], [result])

    def _commit(self, batch: list[Job]) -> None:
        """Do a batch in one transaction; where that fails by one job, each in one of its own."""
        before = self._connection.changes
        try:
            self._connection.begin()
            results = [work(self._connection) for work, _, _ in batch]
            self._connection.commit()
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the job
            self._undo(batch, error)
        else:
            if self.trouble and self._connection.changes > before:  # what only reads proves nothing
                self._note("")
            _settle(_fulfil, batch, results)

    def _note(self, trouble: str, error: StorageUnavailable | None = None) -> None:
        """Remember how the file is, and say so in the log when that changes."""
        if trouble != self.trouble:
            self.trouble = trouble
            if error:
                log.error("database in trouble", state=trouble, error=str(error), hint=error.hint)
            else:
                log.info("database well again")

    def _undo(self, batch: list[Job], error: Exception) -> None:
        """Undo a transaction; one that could not even begin fails for all: the file is locked, or broken."""
        if isinstance(error, StorageUnavailable):
            self._note(error.trouble, error)
        if self._connection.rollback() and len(batch) > 1:
            for job in batch:
                self._commit([job])
        else:
            _settle(_fail, batch, [error] * len(batch))


def _settle(how: Callable[[asyncio.Future[Any], Any], None], batch: list[Job], values: list[Any]) -> None:
    """Tell all that wait for a batch, with one call into their loop."""

    def settle_all() -> None:
        for (_, future, _), value in zip(batch, values, strict=True):
            if not future.done():  # whoever waited was cancelled
                how(future, value)

    with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
        batch[0][1].get_loop().call_soon_threadsafe(settle_all)


def _fulfil(future: asyncio.Future[Any], result: object) -> None:
    future.set_result(result)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    future.set_exception(error)


def _open_connection(path: Path, key: str) -> Connection:
    if key and is_plain(path):
        in_our_errors(lambda: encrypt_anew(path, "", key))
        log.info("database encrypted", file=str(path))
    connection = Connection(path, key)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    migrate(connection)
    return connection


def hold_lock(path: Path) -> TextIO:
    """Hold the file's lock of the operating system: it ends with the process, however that ends.

    The file says which process that is, for whoever wants to tell it something.
    """
    make_private_file(Path(f"{path}.lock"))
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
