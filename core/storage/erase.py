"""What a person changes or takes away afterwards, in every table that holds some of it: statements on a connection."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.messages import ConversationKey, Deletion, Message
from core.storage import history, transcripts
from core.storage.connection import Connection
from core.storage.history import key_values
from core.storage.turns import MESSAGE, read_message

CHANNEL = "platform = ? AND workspace = ? AND channel = ?"
PLACE = f"{CHANNEL} AND message_id = ?"
QUOTING = f"{CHANNEL} AND about <> '' AND about = ?"
CANCEL = "UPDATE turns SET state = 'cancelled', payload = NULL, answer = NULL"
UNSEEN = "(state IN ('failed', 'uncertain') OR state = 'open' AND attempts = 0)"
SAID = "platform, workspace, channel, thread, seq"


def _place(message: Message) -> tuple[str, str, str, str]:
    return message.key.platform, message.key.workspace, message.key.channel, message.id


def has_message(connection: Connection, message: Message) -> bool:
    """Return whether a message waits to be answered, or stands in the history."""
    waits = f"SELECT 1 FROM turns WHERE {PLACE} AND state = 'open'"
    return bool(connection.execute(f"{waits} UNION SELECT 1 FROM entries WHERE {PLACE}", _place(message) * 2))


def edit_message(connection: Connection, message: Message, kept: str) -> bool:
    """Change what was asked or said, and drop what came with it and no longer does; return whether there was any.

    `kept` is what the history may have of the text.
    """
    waiting = connection.execute(
        f"UPDATE turns SET payload = ?, command = ?, about = ?, edited = ? WHERE {PLACE} AND state = 'open' "
        "AND command <> 'deleted' RETURNING 1",
        (MESSAGE.dump_json(message).decode(), message.command, message.about, kept, *_place(message)),
    )
    said = connection.execute(
        "UPDATE entries SET text = ?, tokens = 0, files = CASE WHEN ? = 1 THEN files ELSE '' END "
        f"WHERE {PLACE} AND role = 'user' RETURNING {SAID}, images",
        (kept, int(bool(message.attachments)), *_place(message)),
    )
    for *_, seq, images in said:
        if images:
            history.delete_images_except(connection, seq, [file.id for file in message.attachments])
    history.invalidate_prompts(connection, [row[:-1] for row in said])
    return bool(waiting or said)


def delete_message(connection: Connection, deletion: Deletion) -> None:
    """Take a message away, with what quotes it.

    A turn that was claimed before stays open as `deleted`: something of its answer may stand, and is taken away first.
    """
    place = (deletion.platform, deletion.workspace, deletion.channel, deletion.message_id)
    for where in (PLACE, QUOTING):
        connection.execute(f"{CANCEL} WHERE {where} AND {UNSEEN}", place)
        _empty_open_turns(connection, where, place)
        said = connection.execute(f"DELETE FROM entries WHERE {where} RETURNING {SAID}", place)
        history.invalidate_prompts(connection, said)
    transcripts.delete_of_message(connection, place)


def _empty_open_turns(connection: Connection, where: str, place: Sequence[Any]) -> None:
    """Leave of turns that are being answered what it takes to remove their answers."""
    for seq, payload in connection.execute(f"SELECT seq, payload FROM turns WHERE {where} AND state = 'open'", place):
        message = read_message(payload)
        left = replace(message, text="", attachments=(), others=()) if message else None
        connection.execute(
            "UPDATE turns SET command = 'deleted', payload = ?, answer = NULL, edited = NULL WHERE seq = ?",
            (MESSAGE.dump_json(left).decode() if left else None, seq),
        )


def delete_conversation(connection: Connection, key: ConversationKey) -> None:
    """Drop what was said in a conversation, and what was heard in its recordings."""
    history.delete_history(connection, key)
    transcripts.delete_of_conversation(connection, key_values(key))
