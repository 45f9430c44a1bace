"""What a person changes or takes away afterwards, in every table that holds some of it: statements on a connection."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.messages import ConversationKey, Deletion, Message, Turn
from core.quotes import quote_anew, reference_of, replace_quote
from core.storage import chat_lines, history, knowledge, schedules, transcripts
from core.storage.connection import Connection
from core.storage.consents import Decision, end_undecided
from core.storage.history import key_values
from core.storage.scrub import note_erased
from core.storage.steps import MINE
from core.storage.turns import MESSAGE, message_of_row
from core.tool_calls import DECLINED

CHANNEL = "platform = ? AND workspace = ? AND channel = ?"
PLACE = f"{CHANNEL} AND message_id = ?"
QUOTING = "platform = ? AND workspace = ? AND about <> '' AND about IN (?, ?) AND (channel = ? OR about = ?)"
CANCEL = "UPDATE turns SET state = 'cancelled', payload = NULL, answer = NULL, edited = NULL, quoted = NULL"
TO_ANSWER = (  # now, or once it is asked again
    "state IN ('open', 'failed', 'uncertain') AND command NOT IN ('edit', 'deleted') AND payload IS NOT NULL"
)
QUOTED = f"SELECT 1 FROM entries WHERE {QUOTING} UNION ALL SELECT 1 FROM turns WHERE {QUOTING} AND {TO_ANSWER} LIMIT 1"
UNSEEN = "(state IN ('failed', 'uncertain') OR state = 'open' AND attempts = 0)"
CALLS_OF_ENDED = (  # those that are being answered lose theirs when they end
    "DELETE FROM tool_calls WHERE turn_id IN (SELECT id FROM turns WHERE {where} AND state <> 'open')"
)
PLACES = "platform, workspace, channel, thread"
SAID = f"{PLACES}, seq"
EDIT = (  # at time 0, so that it is claimed before the questions that wait
    "INSERT INTO turns (id, platform, workspace, channel, thread, message_id, sent_at, received_at, payload, state, "
    "command, about, author_id) VALUES (?, ?, ?, ?, ?, ?, 0.0, ?, ?, 'open', 'edit', ?, ?) "
    "ON CONFLICT (platform, workspace, channel, message_id) DO UPDATE SET payload = excluded.payload, state = 'open', "
    "received_at = excluded.received_at, attempts = 0, fence = turns.fence + 1, leased_until = NULL, error = NULL"
)


def _place(message: Message) -> tuple[str, str, str, str]:
    return message.key.platform, message.key.workspace, message.key.channel, message.id


def quoting_values(place: Sequence[Any]) -> tuple[Any, ...]:
    """Return a message's place as the values of QUOTING: in other channels it is quoted with its own before its id."""
    platform, workspace, channel, message_id = place
    elsewhere = reference_of(channel, message_id)
    return platform, workspace, message_id, elsewhere, channel, elsewhere


def insert_edit(connection: Connection, message: Message) -> bool:
    """Change a question that waits or failed, and put a turn into the inbox that changes the history behind it.

    The turn takes the place of an earlier edit that is not done, whose holder loses it. Return False where the message
    neither waits nor stands in the history, and was not asked itself; where others quote it, that is changed as well.
    """
    knowledge.delete_files_except(connection, _place(message), [file.id for file in message.attachments])
    chat_lines.change_line(connection, message)
    waiting = connection.execute(
        f"UPDATE turns SET payload = ?, command = ?, about = ? WHERE {PLACE} AND {TO_ANSWER} RETURNING id",
        (MESSAGE.dump_json(message).decode(), message.command, message.about, *_place(message)),
    )
    edited = Decision("edited", message.author.id, result=DECLINED["edited"])
    end_undecided(connection, [turn_id for (turn_id,) in waiting], edited)
    said = connection.execute(f"SELECT 1 FROM entries WHERE {PLACE} AND role = 'user'", _place(message))
    quoted = connection.execute(QUOTED, 2 * quoting_values(_place(message)))
    if not waiting and not said and not quoted:
        return False
    _change_waiting_quotes(connection, message)
    edit = replace(message, id=f"{message.id}-edit", command="edit", about=message.id)
    place = (*key_values(message.key), edit.id)
    values = (time.time(), MESSAGE.dump_json(edit).decode(), edit.about, edit.author.id)
    connection.execute(EDIT, (uuid.uuid4().hex, *place, *values))
    return bool(waiting or said)


def _change_waiting_quotes(connection: Connection, message: Message) -> None:
    """Let questions that are to be answered quote what a message says now."""
    place = quoting_values(_place(message))
    waiting = connection.execute(f"SELECT seq, payload FROM turns WHERE {QUOTING} AND {TO_ANSWER}", place)
    for seq, payload in waiting:
        if question := message_of_row(payload):
            now = MESSAGE.dump_json(quote_anew(question, message)).decode()
            connection.execute("UPDATE turns SET payload = ? WHERE seq = ?", (now, seq))


def edit_message(connection: Connection, turn: Turn, message: Message, kept: str) -> None:
    """Change what was said, and drop what came with it and no longer does, where the edit's turn is still ours.

    `kept` is what the history may have of the text.
    """
    if not connection.execute(f"SELECT 1 FROM turns WHERE {MINE}", (turn.id, turn.fence)):
        return
    connection.execute(f"UPDATE turns SET edited = ? WHERE {PLACE} AND state = 'open'", (kept, *_place(message)))
    said = connection.execute(
        "UPDATE entries SET text = ?, tokens = 0, files = CASE WHEN ? = 1 THEN files ELSE '' END "
        f"WHERE {PLACE} AND role = 'user' RETURNING {SAID}, images",
        (kept, int(bool(message.attachments)), *_place(message)),
    )
    for *_, seq, images in said:
        if images:
            history.delete_images_except(connection, seq, [file.id for file in message.attachments])
    history.invalidate_prompts(connection, [row[:-1] for row in said])
    _change_quotes(connection, message, kept)


def _change_quotes(connection: Connection, message: Message, kept: str) -> None:
    """Let what quotes a message quote what it says now, in the history and once it gets there."""
    place = quoting_values(_place(message))
    answered = f"UPDATE turns SET quoted = ? WHERE {QUOTING} AND state = 'open' AND command <> 'edit'"
    connection.execute(answered, (kept, *place))
    quoting = connection.execute(f"SELECT {SAID}, text FROM entries WHERE {QUOTING} AND role = 'user'", place)
    for *row, text in quoting:
        changed = (replace_quote(text, kept), row[-1])
        connection.execute("UPDATE entries SET text = ?, tokens = 0 WHERE seq = ?", changed)
    history.invalidate_prompts(connection, [(*row[:-1],) for row in quoting])


def delete_message(connection: Connection, deletion: Deletion) -> list[ConversationKey]:
    """Take a message away, with what quotes it; return the conversations in which that waited for a click.

    A turn that was claimed before stays open as `deleted`: something of its answer may stand, and is taken away first.
    """
    place = (deletion.platform, deletion.workspace, deletion.channel, deletion.message_id)
    connection.execute(f"{CANCEL} WHERE {QUOTING} AND command = 'edit' AND state = 'open'", quoting_values(place))
    freed: list[ConversationKey] = []
    for where, values in ((PLACE, place), (QUOTING, quoting_values(place))):
        connection.execute(f"{CANCEL} WHERE {where} AND {UNSEEN}", values)
        connection.execute(CALLS_OF_ENDED.format(where=where), values)
        freed += _empty_open_turns(connection, where, values)
        said = connection.execute(f"DELETE FROM entries WHERE {where} RETURNING {SAID}", values)
        history.invalidate_prompts(connection, said)
    transcripts.delete_of_message(connection, place)
    knowledge.delete_of_message(connection, place)
    chat_lines.delete_line(connection, place)
    schedules.end_asked_in(connection, place)
    return freed


def _empty_open_turns(connection: Connection, where: str, place: Sequence[Any]) -> list[ConversationKey]:
    """Leave of turns that are being answered what it takes to remove their answers; return where some were parked."""
    open_turns = f"SELECT seq, payload, parked_until, {PLACES} FROM turns WHERE {where} AND state = 'open'"
    freed: list[ConversationKey] = []
    for seq, payload, parked_until, *key in connection.execute(open_turns, place):
        message = message_of_row(payload)
        left = replace(message, text="", attachments=(), others=(), quotations=()) if message else None
        connection.execute(
            "UPDATE turns SET command = 'deleted', payload = ?, answer = NULL, edited = NULL, quoted = NULL, "
            "parked_until = NULL WHERE seq = ?",
            (MESSAGE.dump_json(left).decode() if left else None, seq),
        )
        freed += [ConversationKey(*key)] if parked_until is not None else []
    return freed


def delete_conversation(connection: Connection, key: ConversationKey) -> None:
    """Drop what was said in a conversation, what was heard in its recordings, and what could be asked again."""
    connection.execute(f"{CANCEL} WHERE {history.KEY} AND state IN ('failed', 'uncertain')", key_values(key))
    connection.execute(CALLS_OF_ENDED.format(where=history.KEY), key_values(key))
    _empty_open_turns(connection, f"{history.KEY} AND parked_until IS NOT NULL", key_values(key))
    history.delete_history(connection, key)
    transcripts.delete_of_conversation(connection, key_values(key))
    chat_lines.delete_lines_of_conversation(connection, key)


def empty_turn(connection: Connection, turn: Turn) -> None:
    """Leave of a turn that has ended its bare row alone, and nothing of what came with its question."""
    connection.execute(
        "UPDATE turns SET payload = NULL, answer = NULL, edited = NULL, quoted = NULL, author_id = '' "
        "WHERE id = ? AND state <> 'open'",
        (turn.id,),
    )
    connection.execute("DELETE FROM tool_calls WHERE turn_id = ?", (turn.id,))
    transcripts.delete_of_message(connection, _place(turn.message))
    note_erased(connection, at_once=False)
