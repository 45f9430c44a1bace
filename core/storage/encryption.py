"""The database as ciphertext on its disk, by SQLCipher: opened with a key, and written anew under another one."""

import os
import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import re2

from core.errors import SettingsError
from core.storage.files import make_private_file, sync_folder

PLAIN = b"SQLite format 3\x00"  # how an unencrypted file begins (SQLite docs, Database File Format)
RAW_KEY = re2.compile(r"[0-9a-fA-F]{64}")  # taken as the key itself; anything else goes through PBKDF2 at each opening
BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a file that is in use
NO_SQLCIPHER = "CONFAB_DATABASE_KEY needs SQLCipher: install Confab's extra `encryption`, or sqlcipher3."


def open_with_key(path: Path, uri: str, key: str, **options: object) -> sqlite3.Connection:
    """Open an encrypted file by its `uri`; one that is not encrypted yet is opened as it is.

    Raises SettingsError where the key does not fit, or SQLCipher is not installed; the errors of what is returned are
    none of the sqlite3 module's.
    """
    file = sqlcipher_module().connect(uri, uri=True, **options)
    if not is_plain(path):
        file.execute(f"PRAGMA key = {_quoted_key(key)}")
        _require_key(file, path)
    return cast("sqlite3.Connection", file)


def is_plain(path: Path) -> bool:
    """Whether a file is a database that anybody can read."""
    try:
        with path.open("rb") as file:
            return file.read(len(PLAIN)) == PLAIN
    except OSError:
        return False


def encrypt_anew(path: Path, key: str, new_key: str) -> None:
    """Write a file anew under another key, and put it in its place once it is whole; nobody may have it open.

    An empty key is that of a file which is not encrypted. Raises SettingsError where `key` does not fit.
    """
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    make_private_file(partial)
    try:
        with closing(open_with_key(path, path.absolute().as_uri(), key, isolation_level=None)) as file:
            file.execute("PRAGMA journal_mode = DELETE")  # so that all of it is in the one file
            file.execute("ATTACH DATABASE ? AS anew KEY ?", (str(partial), _attached_key(new_key)))
            file.execute("SELECT sqlcipher_export('anew')")
            file.execute("DETACH DATABASE anew")
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    finally:
        for ending in ("", *BESIDE):
            partial.with_name(partial.name + ending).unlink(missing_ok=True)


def sqlcipher_module() -> Any:
    """Return SQLCipher's module, which has the interface of sqlite3; raise SettingsError where it is not installed."""
    try:
        return import_module("sqlcipher3.dbapi2")  # an extra, for those who set a key
    except ImportError:
        raise SettingsError([NO_SQLCIPHER]) from None


def _require_key(file: Any, path: Path) -> None:
    """Return where a key fits; raise SettingsError where it does not."""
    try:
        file.execute("SELECT count(*) FROM sqlite_master")
    except sqlcipher_module().DatabaseError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            return  # it is told by whatever is asked next
        file.close()
        raise SettingsError(
            [f"CONFAB_DATABASE_KEY does not open {path}: set the key that it was encrypted with."]
        ) from None


def _quoted_key(key: str) -> str:
    """Return a key as a statement takes it; SQLCipher's PRAGMA binds no values."""
    return f"\"x'{key}'\"" if RAW_KEY.fullmatch(key) else "'" + key.replace("'", "''") + "'"


def _attached_key(key: str) -> str:
    return f"x'{key}'" if RAW_KEY.fullmatch(key) else key
