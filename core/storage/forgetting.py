"""A person or a conversation forgotten, with all that has to be noted of it: statements on a connection.

Each function is to be run in one transaction, and `scrub_file` after it.
"""

from collections.abc import Sequence
from dataclasses import asdict, astuple

from core.messages import ConversationKey
from core.storage.audit import insert_deed
from core.storage.connection import Connection
from core.storage.erase_everywhere import Counts, OldRows, Person, erase_conversation, erase_old, erase_person
from core.storage.erase_said import OF_PERSON, forget_summaries
from core.storage.named_values import run_named
from core.storage.scrub import note_erased
from core.storage.tombstones import insert_tombstone
from core.storage.turns import ERASING

PLACES = (
    f"SELECT platform, workspace, channel, '' FROM turns WHERE {OF_PERSON} "
    f"UNION SELECT platform, workspace, channel, '' FROM entries WHERE {OF_PERSON}"
)
CONVERSATIONS = f"SELECT DISTINCT platform, workspace, channel, thread FROM entries WHERE {OF_PERSON}"
ALL_PLACES = (
    "SELECT platform, workspace, channel, '' FROM turns UNION SELECT platform, workspace, channel, '' FROM entries"
)


def forget_person(connection: Connection, whom: Person, actor: Sequence[str] = ()) -> Counts:
    """Forget a person; return how many rows of each table went. `actor` is who asked, nobody for the operator."""
    counts = erase_person(connection, whom)
    insert_tombstone(connection, astuple(whom))
    insert_deed(connection, "forgot a person", actor, astuple(whom))
    note_erased(connection)
    return counts


def forget_conversation(connection: Connection, key: ConversationKey, actor: Sequence[str] = ()) -> Counts:
    """Forget a conversation; return how many rows of each table went."""
    counts = erase_conversation(connection, key)
    insert_tombstone(connection, astuple(key))
    insert_deed(connection, "forgot a conversation", actor, astuple(key))
    note_erased(connection)
    return counts


def forget_old(connection: Connection, old: Sequence[OldRows], now: float) -> int:
    """Forget what is past its days; return how many rows went."""
    count = sum(sum(erase_old(connection, each, now).values()) for each in old)
    if count:
        note_erased(connection, at_once=False)
    return count


def places_of_person(connection: Connection, whom: Person) -> list[ConversationKey]:
    """Return the channels in which something of a person is kept, without threads."""
    return [ConversationKey(*row) for row in run_named(connection, PLACES, asdict(whom))]


def all_places(connection: Connection) -> list[ConversationKey]:
    """Return the channels in which something is kept, without threads."""
    return [ConversationKey(*row) for row in connection.execute(ALL_PLACES)]


def forget_summaries_of(connection: Connection, whom: Person) -> None:
    """Drop what prompts and summaries tell of conversations in which a person said something; they are made anew."""
    for row in run_named(connection, CONVERSATIONS, asdict(whom)):
        forget_summaries(connection, ConversationKey(*row))


def is_erasing(connection: Connection) -> bool:
    """Whether somebody is being told that they, or a conversation, are forgotten: their id still stands in the row."""
    marks = ", ".join("?" for _ in ERASING)
    query = f"SELECT 1 FROM turns WHERE state = 'open' AND command IN ({marks}) LIMIT 1"
    return bool(connection.execute(query, sorted(ERASING)))
