"""Personas, their versions and pictures, and which of them speaks in a conversation: statements on a connection."""

import hashlib
import re
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.messages import ConversationKey
from core.storage.connection import Connection
from core.storage.history import KEY, key_values
from core.storage.persona_search import delete_words, index_words, match_words

LAST = "\U0010ffff"  # stands behind every name that begins alike
NUMBERED = re.compile(r".*#(\d{1,15})", re.DOTALL)  # `Ada #12`, or `#12`: one of several of a name
LISTED = "seq, name, creator, tags, version"
NOBODY = "none"  # the name for the bot itself, where somebody else is usual
Taken = Literal["added", "changed", "known"]


@dataclass(frozen=True, slots=True)
class PersonaRecord:
    """A card to be kept: what it is found by, its JSON, and its picture, empty where it has none."""

    name: str
    creator: str
    tags: str
    about: str
    card: str
    picture: bytes = b""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class ListedPersona:
    """A persona as it is listed: its number, its name and creator, its tags with commas, its newest version's seq."""

    seq: int
    name: str
    creator: str
    tags: str
    version: int

    @property
    def handle(self) -> str:
        """The name that no other has."""
        return f"{self.name} #{self.seq}"


@dataclass(frozen=True, slots=True)
class StoredCard:
    """One version of a persona: its seq, its number from 1, whose it is, its JSON, and its picture's hash if any."""

    version: int
    number: int
    persona: int
    name: str
    card: str
    picture: str


def fold_name(name: str) -> str:
    """Return a name as it is looked for: without case, width and doubled spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def insert_persona(connection: Connection, record: PersonaRecord) -> Taken:
    """Keep a card: as a new persona, or as a new version of the one of that name and creator."""
    digest = hashlib.sha256(record.picture).hexdigest() if record.picture else ""
    whole = hashlib.sha256(f"{digest}\n{record.card}".encode()).hexdigest()
    place = (fold_name(record.name), fold_name(record.creator))
    found = connection.execute(
        "SELECT p.seq, v.number, v.hash FROM personas p JOIN persona_versions v ON v.seq = p.version "
        "WHERE p.folded = ? AND p.folded_creator = ?",
        place,
    )
    seq, number, before = found[0] if found else (0, 0, "")
    if before == whole:
        return "known"
    if digest:
        connection.execute(
            "INSERT INTO persona_pictures (hash, media_type, content) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING",
            (digest, record.media_type, record.picture),
        )
    if not found:
        seq = connection.execute(
            "INSERT INTO personas (name, creator, folded, folded_creator, tags, version, at) "
            "VALUES (?, ?, ?, ?, '', 0, 0.0) RETURNING seq",
            (record.name, record.creator, *place),
        )[0][0]
    version = connection.execute(
        "INSERT INTO persona_versions (persona, number, hash, card, picture, at) VALUES (?, ?, ?, ?, ?, ?) "
        "RETURNING seq",
        (seq, number + 1, whole, record.card, digest, time.time()),
    )[0][0]
    connection.execute(
        "UPDATE personas SET name = ?, creator = ?, tags = ?, version = ?, at = ? WHERE seq = ?",
        (record.name, record.creator, record.tags, version, time.time(), seq),
    )
    index_words(connection, seq, record.name, record.tags, record.about)
    return "changed" if found else "added"


def find_personas(connection: Connection, name: str) -> list[ListedPersona]:
    """Return those of a name, as people write it; `Ada #12` and `#12` name the one of that number."""
    numbered = NUMBERED.fullmatch(name)
    if numbered and (found := select_personas(connection, [int(numbered[1])])):
        return found
    rows = connection.execute(f"SELECT {LISTED} FROM personas WHERE folded = ? ORDER BY seq", (fold_name(name),))
    return [ListedPersona(*row) for row in rows]


def search_personas(connection: Connection, words: str, most: int) -> list[ListedPersona]:
    """Return at most so many that words name: first those whose name begins so, then those in which all words stand.

    Without words, the first by name.
    """
    begins = fold_name(words)
    rows = connection.execute(
        f"SELECT {LISTED} FROM personas WHERE folded >= ? AND folded < ? ORDER BY folded, seq LIMIT ?",
        (begins, begins + LAST, most),
    )
    found = [ListedPersona(*row) for row in rows]
    if begins and len(found) < most:
        known = {each.seq for each in found}
        further = [seq for seq in match_words(connection, words, most + len(known)) if seq not in known]
        found += select_personas(connection, further[: most - len(found)])
    return found


def select_personas(connection: Connection, seqs: Sequence[int]) -> list[ListedPersona]:
    """Return personas by their numbers, in that order; those that are not there are left out."""
    found = (connection.execute(f"SELECT {LISTED} FROM personas WHERE seq = ?", (seq,)) for seq in seqs)
    return [ListedPersona(*row) for rows in found for row in rows]


def count_personas(connection: Connection) -> int:
    """Return how many there are."""
    return int(connection.execute("SELECT count(*) FROM personas")[0][0])


def select_card(connection: Connection, version: int) -> StoredCard | None:
    """Return a version by its seq; None where it is gone."""
    rows = connection.execute(
        "SELECT v.seq, v.number, v.persona, p.name, v.card, v.picture FROM persona_versions v "
        "JOIN personas p ON p.seq = v.persona WHERE v.seq = ?",
        (version,),
    )
    return StoredCard(*rows[0]) if rows else None


def select_picture(connection: Connection, digest: str) -> tuple[str, bytes] | None:
    """Return a picture's media type and content by its hash; None where it is gone."""
    rows = connection.execute("SELECT media_type, content FROM persona_pictures WHERE hash = ?", (digest,))
    return (str(rows[0][0]), bytes(rows[0][1])) if rows else None


def select_conversation(connection: Connection, key: ConversationKey) -> int | None:
    """Return which version speaks in a conversation, 0 for none of them; None where that is not settled yet."""
    rows = connection.execute(f"SELECT version FROM persona_conversations WHERE {KEY}", key_values(key))
    return int(rows[0][0]) if rows else None


def newest_version(connection: Connection, name: str) -> int:
    """Return the seq of the newest version of the one persona of a name; 0 for none, or where several have it."""
    found = find_personas(connection, name) if name not in {"", NOBODY} else []
    return found[0].version if len(found) == 1 else 0


def speaking_version(connection: Connection, key: ConversationKey, name: str, *, settles: bool) -> int:
    """Return which version speaks in a conversation, 0 for none; `name` is who does in what begins there now.

    It is the one that spoke at its beginning, and for the bot itself that was nobody. Where there is one flow without
    threads, a persona of another name takes over. With `settles` it stays so from now on.
    """
    settled = select_conversation(connection, key)
    newest = newest_version(connection, name)
    if settled is None:
        speaks = 0 if key.thread and _has_begun(connection, key) else newest
    elif key.thread or not newest or _is_of_one_persona(connection, settled, newest):
        speaks = settled
    else:
        speaks = newest
    if settles and speaks and speaks != settled:
        settle_speaker(connection, key, speaks)
    return speaks


def _has_begun(connection: Connection, key: ConversationKey) -> bool:
    return bool(connection.execute(f"SELECT 1 FROM entries WHERE {KEY} LIMIT 1", key_values(key)))


def _is_of_one_persona(connection: Connection, *versions: int) -> bool:
    known = (connection.execute("SELECT persona FROM persona_versions WHERE seq = ?", (each,)) for each in versions)
    return len({row[0] for rows in known for row in rows}) == 1


def settle_speaker(connection: Connection, key: ConversationKey, version: int) -> None:
    """Let a version, or with 0 none, speak in a conversation from now on."""
    connection.execute(
        "INSERT INTO persona_conversations (platform, workspace, channel, thread, version, at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (platform, workspace, channel, thread) "
        "DO UPDATE SET version = excluded.version, at = excluded.at",
        (*key_values(key), version, time.time()),
    )


def renew_speaker(connection: Connection, key: ConversationKey) -> None:
    """Let who speaks in a conversation do so by their newest version from now on."""
    connection.execute(
        "UPDATE persona_conversations SET version = (SELECT p.version FROM persona_versions v JOIN personas p "
        f"ON p.seq = v.persona WHERE v.seq = persona_conversations.version) WHERE {KEY} AND version <> 0",
        key_values(key),
    )


def delete_persona(connection: Connection, seq: int) -> None:
    """Drop a persona with all its versions, in one transaction; who speaks where it did is open again."""
    connection.begin()
    own = "(SELECT seq FROM persona_versions WHERE persona = ?)"
    connection.execute(f"DELETE FROM persona_conversations WHERE version IN {own}", (seq,))
    connection.execute("DELETE FROM persona_versions WHERE persona = ?", (seq,))
    connection.execute("DELETE FROM personas WHERE seq = ?", (seq,))
    connection.execute(
        "DELETE FROM persona_pictures WHERE hash NOT IN (SELECT picture FROM persona_versions)",
    )
    delete_words(connection, seq)
    connection.commit()


def insert_personas(connection: Connection, records: Iterable[PersonaRecord]) -> list[Taken]:
    """Keep cards in one transaction; return what became of each."""
    connection.begin()
    try:
        taken = [insert_persona(connection, each) for each in records]
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return taken
