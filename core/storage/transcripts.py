"""What was heard in recordings, as rows: statements on the store's connection."""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.messages import Message


@dataclass(frozen=True, slots=True)
class TranscriptPart:
    """What was heard in one part of a recording; its first `again` seconds are the last of the part before."""

    text: str
    overlap: float = 0.0


PLACE = "platform = ? AND workspace = ? AND channel = ? AND ? IN (message_id, about)"
KEY = "platform = ? AND workspace = ? AND channel = ? AND thread = ?"
UNTOLD = "DELETE FROM transcripts WHERE hash NOT IN (SELECT hash FROM recordings)"


def insert_recording(connection: sqlite3.Connection, message: Message, file_id: str, digest: str) -> None:
    """Note that a message brought the recording with this SHA-256."""
    key = message.key
    connection.execute(
        "INSERT INTO recordings (platform, workspace, channel, thread, message_id, about, file_id, hash) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (key.platform, key.workspace, key.channel, key.thread, message.id, message.about, file_id, digest),
    )


def find_digest(connection: sqlite3.Connection, platform: str, workspace: str, file_id: str) -> str:
    """Return the SHA-256 of a file that was fetched before, empty where it was not."""
    query = "SELECT hash FROM recordings WHERE platform = ? AND workspace = ? AND file_id = ? LIMIT 1"
    row = connection.execute(query, (platform, workspace, file_id)).fetchone()
    return str(row[0]) if row else ""


def save_part(
    connection: sqlite3.Connection, digest: str, task: str, part: int, line: TranscriptPart, parts: int = 0
) -> None:
    """Keep what was heard in a part; `parts` says how many there are, where this is the last one and all are here."""
    connection.execute(
        "INSERT INTO transcripts (hash, task, part, parts, again, text, made_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET text = excluded.text, again = excluded.again, parts = excluded.parts",
        (digest, task, part, parts, line.overlap, line.text, time.time()),
    )


def mark_complete(connection: sqlite3.Connection, digest: str, task: str, parts: int) -> None:
    """Note that a recording has so many parts, all of which were heard."""
    connection.execute(
        "UPDATE transcripts SET parts = ? WHERE hash = ? AND task = ? AND part = ?", (parts, digest, task, parts - 1)
    )


def read_transcript(connection: sqlite3.Connection, digest: str, task: str) -> Sequence[TranscriptPart] | None:
    """Return what was heard in all parts of a recording, in order; None where some are missing."""
    query = "SELECT text, again, parts FROM transcripts WHERE hash = ? AND task = ? ORDER BY part"
    rows = connection.execute(query, (digest, task)).fetchall()
    return [TranscriptPart(text, again) for text, again, _ in rows] if rows and rows[-1][2] == len(rows) else None


def read_parts(connection: sqlite3.Connection, digest: str, task: str) -> Mapping[int, TranscriptPart]:
    """Return the parts that were heard, by their number."""
    query = "SELECT part, text, again FROM transcripts WHERE hash = ? AND task = ?"
    rows = connection.execute(query, (digest, task)).fetchall()
    return {part: TranscriptPart(text, again) for part, text, again in rows}


def expire_transcripts(connection: sqlite3.Connection, before: float) -> None:
    """Drop what was heard before a time, in seconds since the epoch."""
    connection.execute("DELETE FROM transcripts WHERE made_at < ?", (before,))
    connection.execute("DELETE FROM recordings WHERE hash NOT IN (SELECT hash FROM transcripts)")


def delete_of_message(connection: sqlite3.Connection, place: tuple[str, str, str, str]) -> None:
    """Drop what was heard in a message's recordings, unless another message brought the same."""
    if connection.execute(f"DELETE FROM recordings WHERE {PLACE}", place).rowcount:
        connection.execute(UNTOLD)


def delete_of_conversation(connection: sqlite3.Connection, key: tuple[str, str, str, str]) -> None:
    """Drop what was heard in a conversation's recordings, unless another one brought the same."""
    if connection.execute(f"DELETE FROM recordings WHERE {KEY}", key).rowcount:
        connection.execute(UNTOLD)
