"""A copy of the database, made beside a bot that runs, and a copy put back: each is checked before it counts."""

import os
import shutil
import time
from collections.abc import Set as AbstractSet
from contextlib import closing, suppress
from itertools import chain, count
from pathlib import Path

from core.errors import SettingsError
from core.storage.connection import Connection, in_our_errors
from core.storage.database import hold_lock
from core.storage.encryption import BESIDE, encrypt_anew, is_plain
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.files import sync_folder
from core.storage.inspection import BACKED_UP
from core.storage.schema.steps import find_unknown_steps, migrate
from core.storage.scrub import scrub_file
from core.storage.sealing import add_key, keys_path
from core.storage.state import upsert_state
from core.storage.tombstones import Tombstone, apply_tombstones, read_tombstones, save_tombstones, select_tombstones


class CopyRefused(Exception):
    """A copy is not made, or not put back; its text is a sentence that says why. Nothing has changed."""


def back_up(path: Path, target: Path, key: str = "") -> None:
    """Copy a database into one file that its owner alone may read, also while a bot writes to it.

    The copy has its name once it is whole and on the disk; an earlier copy of that name is there until then. Raises
    CopyRefused, StorageUnavailable and StatementRefused.
    """
    if target.exists():
        if path.exists() and target.samefile(path):
            raise CopyRefused(f"{target} is the database itself.")
        require_copy(target, f"{target} is there already, and is no copy of ours: name another file.", key)
    _copy_whole(path, target, key)
    with suppress(StorageUnavailable), closing(Connection(path, key)) as connection:
        upsert_state(connection, BACKED_UP, str(time.time()))


def restore(source: Path, path: Path, key: str = "") -> Path | None:
    """Put a copy in the place of a database that nobody uses; return where the former one is kept, if there was one.

    A whole database is at `path` at every moment, the former one or the copy, in which what was forgotten since it
    was made is forgotten before. Raises CopyRefused, DatabaseBusy where a bot runs on it, StorageUnavailable and
    StatementRefused.
    """
    require_copy(source, f"{source} is no database of Confab's.", key)
    if path.exists() and source.samefile(path):
        raise CopyRefused(f"{source} is the database itself.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with hold_lock(path):
        forgotten = read_tombstones(path) | _tombstones_of(path, key)
        kept = _keep_former(path, key) if path.exists() else None
        _copy_whole(source, path, key, forgotten)
        save_tombstones(path, forgotten)
    return kept


def rekey(path: Path, key: str, new_key: str) -> None:
    """Write a database that nobody uses anew under another key; an empty one is that of a file in plain text.

    What is sealed in its rows is sealed under a new key from then on, too.

    There is a whole database at `path` at every moment, under the old key or the new one. Raises as `restore`, and
    SettingsError where `key` does not open it.
    """
    if not path.exists():
        raise CopyRefused(f"{path} does not exist.")
    with hold_lock(path):
        in_our_errors(lambda: encrypt_anew(path, key, new_key))
        add_key(keys_path(path))


def require_copy(path: Path, otherwise: str, key: str = "") -> None:
    """Return where a file is a whole database of ours that this version knows; raise CopyRefused where it is not."""
    try:
        with closing(Connection(path, key, read_only=True)) as connection:
            _require_whole(connection, path)
    except StatementRefused:
        raise CopyRefused(otherwise) from None
    except StorageUnavailable as error:
        raise CopyRefused(f"{path} cannot be read ({error.trouble}).") from None


def _require_whole(connection: Connection, path: Path) -> None:
    connection.execute("SELECT 1 FROM turns LIMIT 1")
    found = connection.execute("PRAGMA integrity_check(1)")[0][0]
    if found != "ok":
        raise CopyRefused(f"{path} is damaged.")
    if unknown := find_unknown_steps(connection):
        raise CopyRefused(f"{path} is of a newer Confab, which this one does not know ({unknown[-1]}).")


def _tombstones_of(path: Path, key: str) -> set[Tombstone]:
    """Return what a database knows as forgotten; nothing where it cannot be read, or is older than that."""
    if path.exists():
        with (
            suppress(StorageUnavailable, StatementRefused, SettingsError),
            closing(Connection(path, key, read_only=True)) as connection,
        ):
            return select_tombstones(connection)
    return set()


def _forget_in(copy: Connection, forgotten: AbstractSet[Tombstone]) -> None:
    """Forget in a copy what was forgotten since, and leave nothing of it in the file."""
    if forgotten:
        migrate(copy)
        copy.begin()
        count = apply_tombstones(copy, forgotten)
        copy.commit()
        if count:
            scrub_file(copy)


def _copy_whole(source: Path, target: Path, key: str, forgotten: AbstractSet[Tombstone] = frozenset()) -> None:
    """Copy a database under another name, look at the copy, and give it its own name once it is on the disk.

    What is `forgotten` is not in the copy then.
    """
    own = "" if is_plain(source) else key  # SQLite's copying takes no key from one file to another
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        with closing(Connection(source, own, read_only=True)) as original, closing(Connection(partial, own)) as copy:
            in_our_errors(lambda: original.file.backup(copy.file))
            copy.execute("PRAGMA journal_mode = DELETE")  # so that it is one file
            _forget_in(copy, forgotten)
            _require_whole(copy, source)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(target)
        sync_folder(target.parent)
    finally:
        for ending in ("", *BESIDE):
            partial.with_name(partial.name + ending).unlink(missing_ok=True)


def _keep_former(path: Path, key: str) -> Path:
    """Give a database a second name, with all that was written; nothing is left that would be read into another."""
    name = f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}"
    names = chain([name], (f"{name}-{number}" for number in count(2)))  # one may have been kept in the same second
    kept = next(each for each in map(path.with_name, names) if not each.exists())
    with suppress(StorageUnavailable, StatementRefused, SettingsError), closing(Connection(path, key)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    for ending in BESIDE:
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(kept.with_name(kept.name + ending))
    try:
        kept.hardlink_to(path)
    except OSError:
        shutil.copy2(path, kept)
    return kept
