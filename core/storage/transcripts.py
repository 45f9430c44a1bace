"""What was heard in recordings, as rows: statements on a connection."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.messages import Message
from core.quotes import reference_of
from core.storage.connection import Connection


@dataclass(frozen=True, slots=True)
class TranscriptPart:
    """What was heard in one part of a recording; its first `again` seconds are the last of the part before."""

    text: str
    overlap: float = 0.0


PLACE = "platform = ? AND workspace = ? AND (channel = ? AND ? IN (message_id, about) OR about = ?)"
KEY = "platform = ? AND workspace = ? AND channel = ? AND thread = ?"
UNTOLD = "DELETE FROM transcripts WHERE hash NOT IN (SELECT hash FROM recordings)"


def insert_recording(connection: Connection, message: Message, file_id: str, digest: str) -> None:
    """Note that a message brought the recording with this SHA-256."""
    key = message.key
    connection.execute(
        "INSERT INTO recordings (platform, workspace, channel, thread, message_id, about, file_id, hash) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (key.platform, key.workspace, key.channel, key.thread, message.id, message.about, file_id, digest),
    )


def find_digest(connection: Connection, platform: str, workspace: str, file_id: str) -> str:
    """Return the SHA-256 of a file that was fetched before, empty where it was not."""
    query = "SELECT hash FROM recordings WHERE platform = ? AND workspace = ? AND file_id = ? LIMIT 1"
    rows = connection.execute(query, (platform, workspace, file_id))
    return str(rows[0][0]) if rows else ""


def save_part(connection: Connection, digest: str, task: str, part: int, line: TranscriptPart, parts: int = 0) -> None:
    """Keep what was heard in a part; `parts` says how many there are, where this is the last one and all are here."""
    connection.execute(
        "INSERT INTO transcripts (hash, task, part, parts, again, text, made_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (hash, task, part) DO UPDATE "
        "SET text = excluded.text, again = excluded.again, parts = excluded.parts",
        (digest, task, part, parts, line.overlap, line.text, time.time()),
    )


def mark_complete(connection: Connection, digest: str, task: str, parts: int) -> None:
    """Note that a recording has so many parts, all of which were heard."""
    connection.execute(
        "UPDATE transcripts SET parts = ? WHERE hash = ? AND task = ? AND part = ?", (parts, digest, task, parts - 1)
    )


def read_transcript(connection: Connection, digest: str, task: str) -> Sequence[TranscriptPart] | None:
    """Return what was heard in all parts of a recording, in order; None where some are missing."""
    query = "SELECT text, again, parts FROM transcripts WHERE hash = ? AND task = ? ORDER BY part"
    rows = connection.execute(query, (digest, task))
    return [TranscriptPart(text, again) for text, again, _ in rows] if rows and rows[-1][2] == len(rows) else None


def read_parts(connection: Connection, digest: str, task: str) -> Mapping[int, TranscriptPart]:
    """Return the parts that were heard, by their number."""
    query = "SELECT part, text, again FROM transcripts WHERE hash = ? AND task = ?"
    rows = connection.execute(query, (digest, task))
    return {part: TranscriptPart(text, again) for part, text, again in rows}


def expire_transcripts(connection: Connection, before: float) -> None:
    """Drop what was heard before a time, in seconds since the epoch."""
    connection.execute("DELETE FROM transcripts WHERE made_at < ?", (before,))
    connection.execute("DELETE FROM recordings WHERE hash NOT IN (SELECT hash FROM transcripts)")


def delete_of_message(connection: Connection, place: tuple[str, str, str, str]) -> None:
    """Drop what was heard in a message's recordings, unless another message brought the same."""
    elsewhere = reference_of(*place[2:])
    if connection.execute(f"DELETE FROM recordings WHERE {PLACE} RETURNING 1", (*place, elsewhere)):
        connection.execute(UNTOLD)


def delete_of_conversation(connection: Connection, key: tuple[str, str, str, str]) -> None:
    """Drop what was heard in a conversation's recordings, unless another one brought the same."""
    if connection.execute(f"DELETE FROM recordings WHERE {KEY} RETURNING 1", key):
        connection.execute(UNTOLD)
