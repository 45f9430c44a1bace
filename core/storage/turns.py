"""The inbox, and what happened to each turn, as rows: statements on the store's connection."""

import json
import sqlite3
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from core.history import PromptRecord
from core.messages import ConversationKey, Deletion, Entry, Message, SavedAnswer, Turn
from core.storage import history, transcripts
from core.storage.history import KEY, key_values

SKEW = 5.0  # seconds by which our clock may be ahead of the platform's, where a question has its time from us
UNDONE = {"failed", "uncertain"}  # ends that an operator is shown, and after which a turn can be run again
LEASE = 60.0  # seconds; a single process voids all leases when it starts, so it matters once there are replicas

MESSAGE = TypeAdapter(Message)  # a message as JSON and back
KEPT = TypeAdapter(SavedAnswer)
CHANNEL = "platform = ? AND workspace = ? AND channel = ?"
PLACE = f"{CHANNEL} AND message_id = ?"
QUOTING = f"{CHANNEL} AND about <> '' AND about = ?"
CANCEL = "UPDATE turns SET state = 'cancelled', payload = NULL, answer = NULL"
GONE = "UPDATE turns SET payload = json_set(payload, '$.command', 'deleted', '$.text', ''), answer = NULL"
UNSEEN = "state IN ('failed', 'uncertain') OR state = 'open' AND attempts = 0"
SAID = "platform, workspace, channel, thread, seq"


def _place(message: Message) -> tuple[str, str, str, str]:
    return message.key.platform, message.key.workspace, message.key.channel, message.id


def insert_turn(connection: sqlite3.Connection, message: Message, *, if_joined: bool, state: str = "open") -> bool:
    """Put a message into the inbox; return whether it is new there, and with `if_joined` whether the bot takes part."""
    if if_joined and not _joined(connection, message):
        return False
    inserted = connection.execute(
        "INSERT INTO turns "
        "(id, platform, workspace, channel, thread, message_id, sent_at, received_at, payload, state) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            uuid.uuid4().hex,
            *key_values(message.key),
            message.id,
            0.0 if message.command == "full" else message.sent_at,  # said before those that wait are answered
            time.time(),
            MESSAGE.dump_json(message).decode() if state == "open" else None,
            state,
        ),
    )
    return inserted.rowcount == 1


def _joined(connection: sqlite3.Connection, message: Message) -> bool:
    """Whether the bot took part in the conversation when this was said, however late we hear of it.

    A question that the bot posted itself, and that began the conversation, has its time from us.
    """
    begun = "(sent_at <= ? OR message_id = thread AND sent_at <= ?)"
    query = f"SELECT 1 FROM turns WHERE {KEY} AND state <> 'cancelled' AND {begun} LIMIT 1"
    found = connection.execute(query, (*key_values(message.key), message.sent_at, message.sent_at + SKEW))
    return found.fetchone() is not None


def open_conversations(connection: sqlite3.Connection) -> list[ConversationKey]:
    """Void every lease, and return each conversation with an open turn, the longest waiting first."""
    connection.execute("UPDATE turns SET leased_until = NULL WHERE state = 'open'")  # held by a process that is gone
    rows = connection.execute(
        "SELECT platform, workspace, channel, thread FROM turns WHERE state = 'open' "
        "GROUP BY platform, workspace, channel, thread ORDER BY min(received_at)"
    )
    return [ConversationKey(*row) for row in rows]


def claim_turn(connection: sqlite3.Connection, key: ConversationKey, holder: str) -> Turn | None:
    """Take the oldest open turn of a conversation, unless another holder has one."""
    now = time.time()
    row = connection.execute(
        "UPDATE turns SET leased_until = ?, leased_by = ?, fence = fence + 1, attempts = attempts + 1 "
        f"WHERE seq = (SELECT seq FROM turns WHERE {KEY} AND state = 'open' ORDER BY sent_at, seq LIMIT 1) "
        f"AND NOT EXISTS (SELECT 1 FROM turns WHERE {KEY} AND state = 'open' AND leased_until > ? AND leased_by <> ?) "
        "RETURNING id, payload, attempts, fence, answer, "
        f"(SELECT count(*) > 1 FROM turns WHERE {KEY} AND state = 'open')",
        (
            now + LEASE,
            holder,
            *key_values(key),
            *key_values(key),
            now,
            holder,
            *key_values(key),
        ),
    ).fetchone()
    if row is None:
        return None
    turn_id, payload, attempts, fence, answer, followed = row
    posted = _posted_parts(connection, turn_id) if attempts > 1 else ()
    kept = KEPT.validate_json(answer) if answer else None
    return Turn(turn_id, MESSAGE.validate_json(payload), attempts, fence, posted, bool(followed), kept)


def _posted_parts(connection: sqlite3.Connection, turn_id: str) -> tuple[str, ...]:
    """Return the messages that stand for a turn's parts; of a part that was posted again, the last one."""
    rows = connection.execute(
        "SELECT part, platform_id FROM steps WHERE turn_id = ? AND name = 'posted' ORDER BY part, seq", (turn_id,)
    )
    return tuple(dict(rows.fetchall()).values())


def insert_step(connection: sqlite3.Connection, turn: Turn, name: str, part: int | None, detail: str) -> None:
    """Add a row to what happened to a turn: a part's message where `part` is given, else JSON."""
    column = "detail" if part is None else "platform_id"
    connection.execute(
        f"INSERT INTO steps (turn_id, name, at, part, {column}) VALUES (?, ?, ?, ?, ?)",
        (turn.id, name, time.time(), part, detail),
    )


def next_is_same_author(connection: sqlite3.Connection, turn: Turn) -> bool:
    """Whether the next message that waits in a turn's conversation is a question by the same person."""
    row = connection.execute(
        f"SELECT payload FROM turns WHERE {KEY} AND state = 'open' AND id <> ? ORDER BY sent_at, seq LIMIT 1",
        (*key_values(turn.message.key), turn.id),
    ).fetchone()
    following = MESSAGE.validate_json(row[0]) if row else None
    return following is not None and not following.command and following.author.id == turn.message.author.id


def save_answer(connection: sqlite3.Connection, turn: Turn, kept: SavedAnswer) -> None:
    """Keep what the model answered, while the turn is ours."""
    connection.execute(
        "UPDATE turns SET answer = ? WHERE id = ? AND fence = ? AND state = 'open'",
        (KEPT.dump_json(kept).decode(), turn.id, turn.fence),
    )


def release_turn(connection: sqlite3.Connection, turn: Turn, error: str) -> None:
    """Give a turn back after a failed attempt."""
    connection.execute(
        "UPDATE turns SET leased_until = NULL, error = ? WHERE id = ? AND fence = ?", (error, turn.id, turn.fence)
    )
    insert_step(connection, turn, "troubled", None, json.dumps({"error": error}))


def finish_turn(
    connection: sqlite3.Connection,
    turn: Turn,
    entries: Sequence[Entry],
    state: str,
    detail: dict[str, Any],
    made: PromptRecord | None,
) -> bool:
    """End a turn that is still ours; False where it is not, or where its question is gone: then nothing is kept."""
    mine = "id = ? AND fence = ? AND state = 'open'"
    row = connection.execute(f"SELECT payload, edited FROM turns WHERE {mine}", (turn.id, turn.fence)).fetchone()
    if row is None:
        return False
    now = MESSAGE.validate_json(row[0])
    if now.command == "deleted":
        connection.execute(f"{CANCEL} WHERE {mine}", (turn.id, turn.fence))
        return False
    connection.execute(
        "UPDATE turns SET state = ?, leased_until = NULL, error = ?, payload = ?, answer = iif(?, answer, NULL) "
        f"WHERE {mine}",
        (state, detail.get("error"), row[0] if state in UNDONE else None, state in UNDONE, turn.id, turn.fence),
    )
    insert_step(connection, turn, state, None, json.dumps(detail))
    rows = _as_edited(turn, entries, now, row[1])
    history.insert_entries(connection, [history.entry_values(turn.message.key, turn.id, entry) for entry in rows])
    for entry in rows:
        if entry.images:
            history.insert_images(connection, turn.message.key, entry.message_id, entry.images)
    if made:
        history.save_prompt_record(connection, turn.message.key, made)
    return True


def _as_edited(turn: Turn, entries: Sequence[Entry], now: Message, kept: str | None) -> Sequence[Entry]:
    """Take in an edit of the question that came while it was being answered: later prompts see what it left."""
    if kept is None or (now.text, now.attachments) == (turn.message.text, turn.message.attachments):
        return entries
    return [_edited(entry, now, kept) if entry.message_id == now.id else entry for entry in entries]


def _edited(entry: Entry, now: Message, kept: str) -> Entry:
    left = {file.id for file in now.attachments}
    images = tuple(image for image in entry.images if image.file in left)
    return replace(entry, text=kept, files=entry.files if left else "", images=images, tokens=0)


def has_message(connection: sqlite3.Connection, message: Message) -> bool:
    """Return whether a message waits to be answered, or stands in the history."""
    waits = f"SELECT 1 FROM turns WHERE {PLACE} AND state = 'open'"
    found = connection.execute(f"{waits} UNION SELECT 1 FROM entries WHERE {PLACE}", _place(message) * 2)
    return found.fetchone() is not None


def edit_message(connection: sqlite3.Connection, message: Message, kept: str) -> bool:
    """Change what was asked or said, and drop what came with it and no longer does; return whether there was any.

    `kept` is what the history may have of the text.
    """
    waiting = connection.execute(
        f"UPDATE turns SET payload = ?, edited = ? WHERE {PLACE} AND state = 'open' "
        "AND json_extract(payload, '$.command') <> 'deleted'",
        (MESSAGE.dump_json(message).decode(), kept, *_place(message)),
    )
    said = connection.execute(
        "UPDATE entries SET text = ?, tokens = 0, files = iif(?, files, '') "
        f"WHERE {PLACE} AND role = 'user' RETURNING {SAID}, images",
        (kept, bool(message.attachments), *_place(message)),
    ).fetchall()
    for *_, seq, images in said:
        if images:
            history.delete_images_except(connection, seq, [file.id for file in message.attachments])
    history.invalidate_prompts(connection, [row[:-1] for row in said])
    return waiting.rowcount + len(said) > 0


def delete_message(connection: sqlite3.Connection, deletion: Deletion) -> None:
    """Take a message away, with what quotes it.

    A turn that was claimed before stays open as `deleted`: something of its answer may stand, and is taken away first.
    """
    channel = (deletion.platform, deletion.workspace, deletion.channel)
    place, quoted = (*channel, deletion.message_id), (*channel, f'%"about":{json.dumps(deletion.message_id)}%')
    for where, values in ((PLACE, place), (f"{CHANNEL} AND payload LIKE ?", quoted)):
        connection.execute(f"{CANCEL} WHERE {where} AND ({UNSEEN})", values)
        connection.execute(f"{GONE} WHERE {where} AND state = 'open'", values)  # something of its answer may stand
    for where in (PLACE, QUOTING):
        said = connection.execute(f"DELETE FROM entries WHERE {where} RETURNING {SAID}", place).fetchall()
        history.invalidate_prompts(connection, said)
    transcripts.delete_of_message(connection, place)


def delete_conversation(connection: sqlite3.Connection, key: ConversationKey) -> None:
    """Drop what was said in a conversation, and what was heard in its recordings."""
    history.delete_history(connection, key)
    transcripts.delete_of_conversation(connection, key_values(key))
