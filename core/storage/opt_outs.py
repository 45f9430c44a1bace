"""Who does not want to be read where others ask, as keyed hashes: statements on a connection."""

import time

from core.storage.connection import Connection
from core.storage.keyed_hash import keyed_hash, read_hash_key


def select_left_out(connection: Connection) -> tuple[str, frozenset[str]]:
    """Return the key of the hashes, and the hash of everybody who does not want to be read."""
    rows = connection.execute("SELECT digest FROM left_out")
    return read_hash_key(connection), frozenset(str(digest) for (digest,) in rows)


def insert_left_out(connection: Connection, platform: str, person: str) -> None:
    """Note that somebody does not want to be read."""
    statement = "INSERT INTO left_out (digest, at) VALUES (?, ?) ON CONFLICT DO NOTHING"
    connection.execute(statement, (_digest_of(connection, platform, person), time.time()))


def delete_left_out(connection: Connection, platform: str, person: str) -> None:
    """Note that somebody may be read again."""
    connection.execute("DELETE FROM left_out WHERE digest = ?", (_digest_of(connection, platform, person),))


def _digest_of(connection: Connection, platform: str, person: str) -> str:
    return keyed_hash(read_hash_key(connection), platform, person)
