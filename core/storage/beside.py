"""The database as a command opens it that writes: beside a bot that runs, and without one."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core.storage.connection import Connection
from core.storage.database import hold_lock
from core.storage.errors import DatabaseBusy
from core.storage.schema.steps import migrate


@contextmanager
def open_beside(path: Path, key: str = "") -> Iterator[Connection]:
    """Yield a connection on which transactions wait their turn behind a running bot's; close it in the end.

    Where no bot runs, the file is made, or brought to the newest schema, first. Raises as `Connection` does.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(Connection(path, key)) as connection:
        try:
            lock = hold_lock(path)
        except DatabaseBusy:
            pass  # whoever runs has done so
        else:
            with lock:  # no longer, so that a bot can start meanwhile
                connection.execute("PRAGMA journal_mode = WAL")
                migrate(connection)
        yield connection
