"""The inbox, and what happened to each turn, as rows: statements on a connection."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from pydantic import TypeAdapter

from core.history import PromptRecord
from core.messages import ConversationKey, Entry, Message, SavedAnswer, Turn
from core.quotes import replace_quote
from core.storage import history, knowledge, spending
from core.storage.connection import Connection, Row
from core.storage.history import KEY, key_values
from core.storage.scrub import note_erased
from core.storage.steps import MINE, insert_step, select_posted_parts

ERASING = {"forget me", "forget this", "deleted"}  # commands after which nothing is to be found of who gave them
SKEW = 5.0  # seconds by which our clock may be ahead of the platform's, where a question has its time from us
UNFINISHED = {"failed", "uncertain"}  # ends that an operator is shown, and after which a turn can be run again
UNFAILED = {None, "AnswerCutByLength", "TooManyParts"}  # errors of an answer that stands nevertheless
LEASE = 60.0  # seconds for which a turn is ours, unless the lease is renewed

MESSAGE = TypeAdapter(Message)  # a message as JSON and back
ANSWER = TypeAdapter(SavedAnswer)
UNPARKED = "state = 'open' AND parked_until IS NULL"  # what waits to be answered, and not for a click
READY = "state = 'open' AND (parked_until IS NULL OR parked_until <= ?)"  # or whose click has not come in time
INSERT = (
    "INSERT INTO turns (id, platform, workspace, channel, thread, message_id, sent_at, received_at, payload, state, "
    "command, about, error, author_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING RETURNING 1"
)
LONGEST_ID = 255  # characters that are kept of an odd message's ids
Admission = Literal["added", "ignored", "full"]


def admit_turn(connection: Connection, message: Message, *, if_joined: bool, most: int | None) -> Admission:
    """Put a message into the inbox unless `most` wait in its conversation; rows are counted, and a repetition first."""
    place = (message.key.platform, message.key.workspace, message.key.channel, message.id)
    here = "platform = ? AND workspace = ? AND channel = ? AND message_id = ?"
    if connection.execute(f"SELECT 1 FROM turns WHERE {here}", place):
        return "ignored"
    if if_joined and not _is_joined(connection, message):
        return "ignored"
    if most is not None and _count_waiting(connection, message.key) >= most:
        return "full"
    return "added" if insert_turn(connection, message, if_joined=False) else "ignored"


def _count_waiting(connection: Connection, key: ConversationKey) -> int:
    """Return how many messages of a conversation are not answered; a row at time 0 is a notice or an edit."""
    counted = f"SELECT count(*) FROM turns WHERE {KEY} AND {UNPARKED} AND sent_at > 0"
    return int(connection.execute(counted, key_values(key))[0][0])


def insert_turn(connection: Connection, message: Message, *, if_joined: bool, state: str = "open") -> bool:
    """Put a message into the inbox; return whether it is new there, and with `if_joined` whether the bot takes part."""
    if if_joined and not _is_joined(connection, message):
        return False
    payload = MESSAGE.dump_json(message).decode() if state == "open" else None
    sent_at = 0.0 if message.command == "full" else message.sent_at  # said before those that wait are answered
    values = (message.id, sent_at, time.time(), payload, state, message.command, message.about, None, message.author.id)
    return bool(connection.execute(INSERT, (uuid.uuid4().hex, *key_values(message.key), *values)))


def insert_unreadable(connection: Connection, key: ConversationKey, message_id: str) -> None:
    """Set a message aside that cannot be read or held: as a turn that failed, by as much of its place as is known."""
    place = [str(value)[:LONGEST_ID] for value in (*key_values(key), message_id)]
    connection.execute(INSERT, (uuid.uuid4().hex, *place, 0.0, time.time(), None, "failed", "", "", "Unreadable", ""))


def _is_joined(connection: Connection, message: Message) -> bool:
    """Whether the bot took part in the conversation when this was said, however late we hear of it.

    A question that the bot posted itself, and that began the conversation, has its time from us.
    """
    begun = "(sent_at <= ? OR message_id = thread AND sent_at <= ?)"
    query = f"SELECT 1 FROM turns WHERE {KEY} AND state <> 'cancelled' AND sent_at > 0 AND {begun} LIMIT 1"
    return bool(connection.execute(query, (*key_values(message.key), message.sent_at, message.sent_at + SKEW)))


def has_open_turn(connection: Connection, key: ConversationKey) -> bool:
    """Whether a question of a conversation is being answered, or waits; a `stop` is none."""
    query = f"SELECT 1 FROM turns WHERE {KEY} AND state = 'open' AND sent_at > 0 AND command <> 'stop' LIMIT 1"
    return bool(connection.execute(query, key_values(key)))


def open_conversations(connection: Connection, holder: str) -> list[ConversationKey]:
    """Void the leases of all others, and return each conversation with an open turn, the longest waiting first.

    Whoever can write to this file is the only process that does (its lock says so): all other holders are gone.
    """
    connection.execute(
        "INSERT INTO steps (turn_id, name, at) SELECT id, 'ended', ? FROM turns "
        "WHERE state = 'open' AND leased_until IS NOT NULL AND leased_by <> ?",
        (time.time(), holder),
    )
    connection.execute("UPDATE turns SET leased_until = NULL WHERE state = 'open' AND leased_by <> ?", (holder,))
    rows = connection.execute(
        f"SELECT platform, workspace, channel, thread FROM turns WHERE {UNPARKED} "
        "GROUP BY platform, workspace, channel, thread ORDER BY min(received_at)"
    )
    return [ConversationKey(*row) for row in rows]


def next_asker(connection: Connection, key: ConversationKey) -> str:
    """Return the id of who wrote the oldest open turn of a conversation, empty where there is none."""
    query = f"SELECT author_id FROM turns WHERE {KEY} AND {READY} ORDER BY sent_at, seq LIMIT 1"
    rows = connection.execute(query, (*key_values(key), time.time()))
    return str(rows[0][0]) if rows else ""


def claim_turn(connection: Connection, key: ConversationKey, holder: str) -> Turn | None:
    """Take the oldest open turn of a conversation, unless another holder has one.

    One whose row cannot be read fails at once, and the next one is taken.
    """
    while row := _claim(connection, key, holder):
        try:
            return _turn(connection, row)
        except ValueError as error:
            _fail_unreadable(connection, str(row[0]), error)
    return None


def _claim(connection: Connection, key: ConversationKey, holder: str) -> Row | None:
    now = time.time()
    rows = connection.execute(
        "UPDATE turns SET leased_until = ?, leased_by = ?, fence = fence + 1, attempts = attempts + 1, "
        "parked_until = NULL "
        f"WHERE seq = (SELECT seq FROM turns WHERE {KEY} AND {READY} ORDER BY sent_at, seq LIMIT 1) "
        f"AND NOT EXISTS (SELECT 1 FROM turns WHERE {KEY} AND state = 'open' AND leased_until > ? AND leased_by <> ?) "
        "RETURNING id, payload, command, about, attempts, fence, answer, "
        f"(SELECT count(*) > 1 FROM turns WHERE {KEY} AND {READY})",
        (now + LEASE, holder, *key_values(key), now, *key_values(key), now, holder, *key_values(key), now),
    )
    return rows[0] if rows else None


def _turn(connection: Connection, row: Row) -> Turn:
    """Return a claimed row as a turn; raise ValueError where its message is none."""
    turn_id, payload, command, about, attempts, fence, answer, followed = row
    message = replace(MESSAGE.validate_json(payload or ""), command=command, about=about)
    phase, posted = select_posted_parts(connection, turn_id, command) if attempts > 1 else (0, ())
    return Turn(turn_id, message, attempts, fence, posted, bool(followed), _saved_answer(answer), phase)


def _saved_answer(answer: str | None) -> SavedAnswer | None:
    """Return the answer that was kept, None where there is none that can be read: the model is then asked again."""
    try:
        return ANSWER.validate_json(answer) if answer else None
    except ValueError:
        return None


def _fail_unreadable(connection: Connection, turn_id: str, error: ValueError) -> None:
    connection.execute(
        "UPDATE turns SET state = 'failed', leased_until = NULL, error = ? WHERE id = ?", ("Unreadable", turn_id)
    )
    insert_step(connection, turn_id, "failed", {"error": f"Unreadable: {type(error).__name__}"})


def next_is_same_author(connection: Connection, turn: Turn) -> bool:
    """Whether the next message that waits in a turn's conversation is a question by the same person."""
    rows = connection.execute(
        f"SELECT payload, command FROM turns WHERE {KEY} AND {UNPARKED} AND id <> ? ORDER BY sent_at, seq LIMIT 1",
        (*key_values(turn.message.key), turn.id),
    )
    if not rows or rows[0][1]:
        return False
    following = message_of_row(rows[0][0])
    return following is not None and following.author.id == turn.message.author.id


def message_of_row(payload: str | None) -> Message | None:
    """Return the message that a row holds, None where it cannot be read."""
    try:
        return MESSAGE.validate_json(payload or "")
    except ValueError:
        return None


def save_answer(connection: Connection, turn: Turn, answer: SavedAnswer, cited: Sequence[knowledge.Citation]) -> None:
    """Keep what the model answered, and which sources it has `cited`, while the turn is ours."""
    payload = ANSWER.dump_json(answer).decode()
    mine = connection.execute(f"UPDATE turns SET answer = ? WHERE {MINE} RETURNING 1", (payload, turn.id, turn.fence))
    if mine and cited:
        knowledge.save_citations(connection, turn.id, cited)


def renew_lease(connection: Connection, turn: Turn) -> bool:
    """Keep a turn for the length of another lease, while it is ours; return whether it is."""
    statement = f"UPDATE turns SET leased_until = ? WHERE {MINE} RETURNING 1"
    return bool(connection.execute(statement, (time.time() + LEASE, turn.id, turn.fence)))


def release_turn(connection: Connection, turn: Turn, error: str) -> bool:
    """Give a turn back after a failed attempt, while it is ours; return whether it was."""
    statement = f"UPDATE turns SET leased_until = NULL, error = ? WHERE {MINE} RETURNING 1"
    is_mine = bool(connection.execute(statement, (error, turn.id, turn.fence)))
    if is_mine:
        insert_step(connection, turn.id, "troubled", {"error": error})
        spending.release_turn_reservation(connection, turn.id)
    return is_mine


def finish_turn(
    connection: Connection,
    turn: Turn,
    entries: Sequence[Entry],
    state: str,
    detail: dict[str, Any],
    made: PromptRecord | None,
) -> bool:
    """End a turn that is still ours; False where it is not, or where its question is gone: then nothing is kept."""
    query = f"SELECT payload, edited, quoted, command, is_unkept FROM turns WHERE {MINE}"
    rows = connection.execute(query, (turn.id, turn.fence))
    if not rows:
        return False
    payload, edited, quoted, command, is_unkept = rows[0]
    ended = "cancelled" if command == "deleted" else state
    is_again = ended in UNFINISHED  # what may be run again keeps what it needs for that
    connection.execute(
        "UPDATE turns SET state = ?, leased_until = NULL, error = ?, payload = ?, quoted = NULL, "
        "answer = CASE WHEN ? = 1 THEN answer END, edited = CASE WHEN ? = 1 THEN edited END, "
        "author_id = CASE WHEN command = '' THEN author_id ELSE '' END "
        f"WHERE {MINE}",
        (ended, detail.get("error"), payload if is_again else None, *[int(is_again)] * 2, turn.id, turn.fence),
    )
    spending.end_turn(connection, turn.id, is_answered=made is not None and detail.get("error") in UNFAILED)
    if is_unkept or command in ERASING:
        note_erased(connection)  # now that the row holds neither who asked nor what
    if command == "deleted":
        connection.execute("DELETE FROM tool_calls WHERE turn_id = ?", (turn.id,))
        return False
    insert_step(connection, turn.id, state, detail)
    kept = _as_edited(turn, [each for each in entries if each.author or not is_unkept], message_of_row(payload), edited)
    history.insert_said(connection, turn, [_quoting(entry, quoted) for entry in kept])
    if made and not is_unkept:
        history.save_prompt_record(connection, turn.message.key, made)
    return True


def _as_edited(turn: Turn, entries: Sequence[Entry], now: Message | None, kept: str | None) -> Sequence[Entry]:
    """Take in an edit of the question that came while it was being answered: later prompts see what it left."""
    if now is None or kept is None:
        return entries
    if (now.text, now.attachments) == (turn.message.text, turn.message.attachments):
        return entries
    return [_edit_entry(each, now, kept) if each.author and each.message_id == now.id else each for each in entries]


def _quoting(entry: Entry, quoted: str | None) -> Entry:
    """Return an entry that quotes what the quoted message says now, where that changed meanwhile."""
    if quoted is None or not entry.about:
        return entry
    return replace(entry, text=replace_quote(entry.text, quoted), tokens=0)


def _edit_entry(entry: Entry, now: Message, kept: str) -> Entry:
    left = {file.id for file in now.attachments}
    images = tuple(image for image in entry.images if image.file in left)
    return replace(entry, text=kept, files=entry.files if left else "", images=images, tokens=0)


def conversation_of(connection: Connection, platform: str, platform_id: str) -> ConversationKey | None:
    """Return the conversation in which a message was posted as a part of an answer."""
    rows = connection.execute(
        "SELECT platform, workspace, channel, thread FROM turns JOIN steps ON turns.id = steps.turn_id "
        "WHERE steps.platform_id = ? AND platform = ?",
        (platform_id, platform),
    )
    return ConversationKey(*rows[0]) if rows else None


def recent_channels(connection: Connection, platform: str, workspace: str, most: int) -> list[str]:
    """Return the channels of a workspace in which the bot was asked something, the latest first."""
    rows = connection.execute(
        "SELECT channel FROM turns WHERE platform = ? AND workspace = ? "
        "GROUP BY channel ORDER BY max(sent_at) DESC LIMIT ?",
        (platform, workspace, most),
    )
    return [str(channel) for (channel,) in rows]


def recent_conversations(connection: Connection, platform: str, workspace: str, most: int) -> list[ConversationKey]:
    """Return the conversations of a workspace in which something was asked last, the latest first."""
    rows = connection.execute(
        "SELECT platform, workspace, channel, thread FROM turns WHERE platform = ? AND workspace = ? "
        "GROUP BY platform, workspace, channel, thread ORDER BY max(sent_at) DESC LIMIT ?",
        (platform, workspace, most),
    )
    return [ConversationKey(*row) for row in rows]
