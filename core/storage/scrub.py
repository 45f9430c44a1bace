"""Takes what was erased out of the file itself: its free space, its log, and the indexes of full texts.

SQLite's own secure_delete, which every connection has on, leaves copies where rows have moved between pages, and the
log keeps what was written until it is begun anew. Only VACUUM writes a file without either.
"""

import time

from core.storage.connection import Connection
from core.storage.errors import StorageUnavailable
from core.storage.state import select_state, upsert_state

MARK = "to be scrubbed"  # under which name it is remembered that something was erased, and how thoroughly it is to go
AT_ONCE = "at once"
DONE = "scrubbed"  # the same, when the whole file was written anew last
SMALL = 64_000_000  # bytes: a file up to here is always written anew, which takes a quarter of a second
DAY = 86_400.0  # seconds between two times of a larger one, unless somebody asked to be forgotten
# Full-text indexes keep erased words until they are merged (SQLite docs, FTS5, The 'optimize' Command).
INDEXES = "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%'"


def note_erased(connection: Connection, *, at_once: bool = True) -> None:
    """Remember, in the transaction that erases, that the file is to be scrubbed: also after a kill.

    What has only grown old need not go `at_once` from the free space of a large file.
    """
    if at_once or select_state(connection, MARK) != AT_ONCE:
        upsert_state(connection, MARK, AT_ONCE if at_once else "in time")


def is_to_be_scrubbed(connection: Connection) -> bool:
    """Whether something was erased since the file was scrubbed last."""
    return bool(select_state(connection, MARK))


def is_to_be_scrubbed_at_once(connection: Connection) -> bool:
    """Whether somebody was forgotten since."""
    return select_state(connection, MARK) == AT_ONCE


def scrub_file(connection: Connection) -> None:
    """Write the file anew, and begin its log anew; outside of a transaction.

    Of a large one from which nobody asked to be forgotten, the log alone, as long as it was written anew today. Raises
    StorageUnavailable where another process reads or writes all the while, or the disk has no room for a second file.
    """
    is_whole = _is_whole(connection)
    if is_whole:
        for (name,) in connection.execute(INDEXES):
            connection.execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")
        connection.execute("VACUUM")
    ((is_busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if is_busy:
        raise StorageUnavailable("locked", "somebody reads the log")
    if is_whole:
        upsert_state(connection, DONE, str(time.time()))
        upsert_state(connection, MARK, "")


def _is_whole(connection: Connection) -> bool:
    """Whether the whole file is to be written anew."""
    pages, each = (connection.execute(f"PRAGMA {name}")[0][0] for name in ("page_count", "page_size"))
    size = int(pages) * int(each)  # SQLCipher tells them as text
    is_due = time.time() - float(select_state(connection, DONE) or 0) > DAY
    return size <= SMALL or is_due or is_to_be_scrubbed_at_once(connection)
