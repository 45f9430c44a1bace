"""Short-lived secrets in rows, such as the token that answers a command: sealed by AES-GCM with keys beside the file.

The keys stand in a file of their own, which no copy of the database holds. A sealed value names its key, so that those
under the key before stay readable when a new one is made.
"""

import os
import secrets
import threading
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.messages import Message
from core.storage.errors import StorageUnavailable
from core.storage.files import make_private_file, sync_folder

SEALED = "sealed"
NONCE = 12  # bytes (NIST SP 800-38D, 5.2.1.1)
LENGTH = 32  # bytes of a key
KEPT = 2  # keys: the one that seals, and the one before


class Sealer:
    """Seals values, and opens what was sealed under a key that is still there; the file is read when first needed."""

    def __init__(self, database: Path) -> None:
        self._path = keys_path(database)
        self._keys: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def seal(self, value: str) -> str:
        """Return a value as it may stand in a row; one that is empty or sealed stays so. The first one makes the key.

        Raises StorageUnavailable where none can be written.
        """
        if not value or value.startswith(f"{SEALED}:"):
            return value
        with self._lock:  # values are sealed on the database's thread, and beside it
            if not self._keys:
                self._keys = _read_keys(self._path) or self._make_key()
        name, key = next(iter(self._keys.items()))
        nonce = os.urandom(NONCE)
        sealed = nonce + AESGCM(key).encrypt(nonce, value.encode("utf-8", "surrogatepass"), name.encode())
        return f"{SEALED}:{name}:{b64encode(sealed).decode()}"

    def _make_key(self) -> dict[str, bytes]:
        try:
            return add_key(self._path)
        except OSError as error:
            raise StorageUnavailable("not writable", str(error)) from error

    def seal_message(self, message: Message) -> Message:
        """Return a message as it may stand in a row: with its handle sealed."""
        return replace(message, handle=self.seal(message.handle))

    def open_message(self, message: Message) -> Message:
        """Return a message as a platform can answer it; without a handle where its key is gone."""
        return replace(message, handle=self.open_sealed(message.handle))

    def open_sealed(self, value: str) -> str:
        """Return what was sealed, empty where its key is gone; what was never sealed is returned as it is."""
        kind, _, rest = value.partition(":")
        if kind != SEALED:
            return value
        name, _, sealed = rest.partition(":")
        if name not in self._keys:
            self._keys = _read_keys(self._path)
        try:
            content = b64decode(sealed, validate=True)
            opened = AESGCM(self._keys[name]).decrypt(content[:NONCE], content[NONCE:], name.encode())
            return opened.decode("utf-8", "surrogatepass")
        except (KeyError, ValueError, InvalidTag):
            return ""


def keys_path(database: Path) -> Path:
    """Return where the keys of a database lie."""
    return database.with_name(f"{database.name}.keys")


def add_key(path: Path) -> dict[str, bytes]:
    """Make a new key, under which all is sealed from now on; return those that are kept, by name, it first."""
    made = {secrets.token_hex(4): secrets.token_bytes(LENGTH)}
    kept = dict(list({**made, **_read_keys(path)}.items())[:KEPT])
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    make_private_file(partial)
    partial.write_text("".join(f"{name} {key.hex()}\n" for name, key in kept.items()), encoding="ascii")
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(path)
    sync_folder(path.parent)
    return kept


def _read_keys(path: Path) -> dict[str, bytes]:
    """Return the keys by name, the newest first; none where no file can be read."""
    try:
        lines = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        return {name: bytes.fromhex(key) for name, key in lines if len(key) == 2 * LENGTH}
    except (OSError, ValueError):
        return {}
