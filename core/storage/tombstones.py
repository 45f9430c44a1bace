"""What was forgotten, by keyed hashes: in the database, and in a file beside it that outlives it.

A copy from before still holds it. So when a copy is put back, or stands there at a start, whatever the file knows and
the copy does not is forgotten in it.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from pathlib import Path

from core.messages import ConversationKey
from core.storage.connection import Connection
from core.storage.erase_everywhere import Person, erase_conversation, erase_person, known_people
from core.storage.files import make_private_file, sync_folder
from core.storage.keyed_hash import keyed_hash, read_hash_key, write_hash_key
from core.storage.scrub import note_erased

CONVERSATIONS = "SELECT DISTINCT platform, workspace, channel, thread FROM turns"


@dataclass(frozen=True, slots=True, order=True)
class Tombstone:
    """One act of forgetting; `at` in seconds since the epoch, `key` is what `digest` was hashed with."""

    at: float
    digest: str
    key: str


def tombstones_path(path: Path) -> Path:
    """Return where the tombstones of a database lie: beside it."""
    return path.with_name(f"{path.name}.forgotten")


def insert_tombstone(connection: Connection, parts: Sequence[str]) -> None:
    """Note that a person (three parts) or a conversation (four) is forgotten, in the transaction that does it."""
    _insert(connection, Tombstone(time.time(), keyed_hash(read_hash_key(connection), *parts), ""))


def select_tombstones(connection: Connection) -> set[Tombstone]:
    """Return the tombstones that a database holds."""
    rows = connection.execute("SELECT at, digest FROM tombstones")
    return {Tombstone(at, digest, read_hash_key(connection)) for at, digest in rows}  # who has one has a key


def read_tombstones(path: Path) -> set[Tombstone]:
    """Return those that the file beside a database holds; a line that is none is left out."""
    beside, found = tombstones_path(path), set()
    for line in beside.read_text(encoding="ascii", errors="replace").splitlines() if beside.exists() else ():
        try:
            told = json.loads(line)
            found.add(Tombstone(float(told["at"]), str(told["digest"]), bytes.fromhex(told["key"]).hex()))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def save_tombstones(path: Path, found: set[Tombstone]) -> None:
    """Write the file beside a database, with what stands there already, if something is new."""
    known, beside = read_tombstones(path), tombstones_path(path)
    if found <= known:
        return
    partial = beside.with_name(f".{beside.name}.partial")
    make_private_file(partial)
    with partial.open("w", encoding="ascii") as file:
        file.writelines(json.dumps(asdict(each)) + "\n" for each in sorted(found | known))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(beside)
    sync_folder(beside.parent)


def apply_tombstones(connection: Connection, forgotten: AbstractSet[Tombstone]) -> int:
    """Forget in a database whatever others know as forgotten and it does not; return how many acts that were.

    One from before there was a key takes over theirs.
    """
    held = {(each.at, each.digest) for each in select_tombstones(connection)}
    missing = {each for each in forgotten if (each.at, each.digest) not in held}
    if not missing:
        return 0
    (key,) = {each.key for each in sorted(missing)[-1:]}
    write_hash_key(connection, key)
    digests = {each.digest for each in missing}
    for person in _possible_people(connection):
        if keyed_hash(key, *person) in digests:
            erase_person(connection, Person(*person))
    for row in connection.execute(CONVERSATIONS):
        if keyed_hash(key, *row) in digests:
            erase_conversation(connection, ConversationKey(*row))
    for each in missing:
        _insert(connection, each)
    note_erased(connection)
    return len(missing)


def _insert(connection: Connection, each: Tombstone) -> None:
    statement = "INSERT INTO tombstones (digest, at) VALUES (?, ?) ON CONFLICT DO NOTHING"
    connection.execute(statement, (each.digest, each.at))


def _possible_people(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Yield everybody that a database knows, in each workspace of the platform, and in all of them together."""
    people = known_people(connection)
    for platform, _, person in sorted(people):
        workspaces = {workspace for other, workspace, _ in people if other == platform}
        yield from ((platform, workspace, person) for workspace in {*workspaces, ""})
