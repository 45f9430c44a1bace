"""Hashes by which this database knows people and conversations again that it no longer names.

The key is made once and stays in the database, and so in its copies: whoever has neither can test no guess.
"""

import hashlib
import hmac
import secrets

from core.storage.connection import Connection
from core.storage.state import select_state, upsert_state

MARK = "key of hashes"
LENGTH = 32  # hexadecimal digits: 128 bits


def read_hash_key(connection: Connection) -> str:
    """Return the key, made at the first time."""
    if not (key := select_state(connection, MARK)):
        key = secrets.token_hex(32)
        upsert_state(connection, MARK, key)
    return key


def write_hash_key(connection: Connection, key: str) -> None:
    """Have a copy from before there was a key take one over."""
    upsert_state(connection, MARK, key)


def keyed_hash(key: str, *parts: str) -> str:
    """Return the hash of some parts together, as hexadecimal digits."""
    return hmac.new(bytes.fromhex(key), "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:LENGTH]
