"""What a conversation's prompts are made from, as rows: statements on a connection."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from core.history import History, PromptRecord, StoredHistory
from core.messages import Author, ConversationKey, Entry, Image, Message, ToolCall, Turn
from core.storage.connection import Connection
from core.token_ratio import TokenRatio

KEY = "platform = ? AND workspace = ? AND channel = ? AND thread = ?"
ENTRY = (
    "role, text, author_id, author_name, is_app, "
    "message_id, sent_at, files, about, tokens, seq, images, origin, calls, call_id"
)
CALLS = TypeAdapter(tuple[ToolCall, ...])


def key_values(key: ConversationKey) -> tuple[str, str, str, str]:
    """Return a key as the values of KEY."""
    return key.platform, key.workspace, key.channel, key.thread


def read_history(connection: Connection, key: ConversationKey, most: int) -> StoredHistory:
    """Return a conversation's history, with its newest entries since the cut, `most` of them at the most."""
    rows = connection.execute(
        "SELECT begins, earlier, summary, summarised, due, is_shared, version, counted, reported, joined, unread_from "
        f"FROM memories WHERE {KEY}",
        key_values(key),
    )
    row = rows[0] if rows else (0, "", "", 0, 0, 0, 0, 0, 0, 0, 0.0)
    begins, earlier, summary, summarised, due, is_shared, version, counted, reported, joined, unread_from = row
    newest = f"{KEY} AND seq >= ? ORDER BY seq DESC LIMIT ?"
    entries = _entries(connection, newest, (*key_values(key), begins, most))[::-1]
    is_all = not begins and len(entries) < most
    while entries and entries[0].role != "user":
        entries = entries[1:]  # an answer whose question is gone misleads
    first = next((entry for entry in entries if not entry.origin), None)
    if not is_all:
        oldest = f"{KEY} AND role = 'user' AND origin = '' ORDER BY seq LIMIT 1"
        first = next(iter(_entries(connection, oldest, key_values(key))), None)
    memory = History(tuple(entries), first, begins, earlier, summary, summarised, bool(due), bool(is_shared))
    return StoredHistory(memory, version, TokenRatio(counted, reported), bool(joined), unread_from)


def entries_between(connection: Connection, key: ConversationKey, after: int, upto: int, most: int) -> list[Entry]:
    """Return the newest entries with a seq above `after` and up to `upto`, `most` of them, oldest first."""
    where = f"{KEY} AND seq > ? AND seq <= ? ORDER BY seq DESC LIMIT ?"
    return _entries(connection, where, (*key_values(key), after, upto, most))[::-1]


def save_token_counts(connection: Connection, counts: Mapping[int, int]) -> None:
    """Note the lengths of entries that had none, by their seq."""
    connection.executemany("UPDATE entries SET tokens = ? WHERE seq = ?", [(n, seq) for seq, n in counts.items()])


# Whether a summary is due once a prompt is recorded: at once, where one was written while the prompt was being made.
DUE = "CASE WHEN memories.summarised = ? THEN excluded.due WHEN excluded.begins > 0 THEN 1 ELSE 0 END"


def save_prompt_record(connection: Connection, key: ConversationKey, made: PromptRecord) -> None:
    """Note how a turn's prompt was cut, unless what it told was changed meanwhile, and how long it was.

    From now on the conversation lives from what is told here, and nothing of before is asked for again. A summary that
    was written meanwhile is due.
    """
    made_of, ratio = made.history, made.ratio
    told = (made_of.begins, made_of.earlier, int(made_of.due), int(made_of.is_shared))
    kept = ", ".join(
        f"{column} = CASE WHEN memories.version = ? THEN {value} ELSE memories.{column} END"
        for column, value in (("begins", "excluded.begins"), ("earlier", "excluded.earlier"), ("due", DUE))
    )
    connection.execute(
        "INSERT INTO memories "
        "(platform, workspace, channel, thread, begins, earlier, due, is_shared, counted, reported, joined) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (platform, workspace, channel, thread) DO UPDATE SET "
        "is_shared = CASE WHEN excluded.is_shared = 1 THEN 1 ELSE memories.is_shared END, "
        f"counted = excluded.counted, reported = excluded.reported, joined = 1, {kept}",
        (*key_values(key), *told, ratio.counted, ratio.reported, *[made.version] * 3, made_of.summarised),
    )


def save_summary(connection: Connection, key: ConversationKey, summary: str, upto: int, version: int) -> None:
    """Note a summary, unless what it tells was changed meanwhile, or one that tells as much is there already.

    It is due at once where none was there to tell it.
    """
    connection.execute(
        "UPDATE memories SET due = CASE WHEN summarised = 0 AND begins > 0 THEN 1 ELSE 0 END, "
        f"summary = ?, summarised = ? WHERE {KEY} AND version = ? AND summarised < ?",
        (summary, upto, *key_values(key), version, upto),
    )


def note_unread(connection: Connection, message: Message) -> None:
    """Note that somebody said something to others where the bot takes part: the next prompt is to have it."""
    key, sent_at = key_values(message.key), message.sent_at
    connection.execute(
        "INSERT INTO memories (platform, workspace, channel, thread, unread_from, unread_to) SELECT ?, ?, ?, ?, ?, ? "
        f"WHERE EXISTS (SELECT 1 FROM turns WHERE {KEY}) AND NOT EXISTS "
        "(SELECT 1 FROM turns WHERE platform = ? AND workspace = ? AND channel = ? AND message_id = ?) "
        "ON CONFLICT (platform, workspace, channel, thread) DO UPDATE SET "
        "unread_from = CASE WHEN memories.unread_from > 0 AND memories.unread_from < excluded.unread_from "
        "THEN memories.unread_from ELSE excluded.unread_from END, "
        "unread_to = CASE WHEN memories.unread_to > excluded.unread_to THEN memories.unread_to "
        "ELSE excluded.unread_to END",
        (*key, sent_at, sent_at, *key, *key[:3], message.id),
    )


def known_messages(connection: Connection, key: ConversationKey) -> set[str]:
    """Return the ids of all messages that a conversation's history holds, or that the bot was asked by there."""
    where = (*key_values(key), *key_values(key))
    rows = connection.execute(
        f"SELECT message_id FROM entries WHERE {KEY} UNION SELECT message_id FROM turns WHERE {KEY}", where
    )
    return {str(message_id) for (message_id,) in rows}


def forgotten_at(connection: Connection, key: ConversationKey) -> float:
    """Return when the bot was last told to forget a conversation, as far as that is known."""
    query = f"SELECT max(sent_at) FROM turns WHERE {KEY} AND command IN ('reset', 'forget this')"
    return float(connection.execute(query, key_values(key))[0][0] or 0)


def save_earlier(
    connection: Connection, key: ConversationKey, entries: Sequence[tuple[tuple[Any, ...], Entry]], upto: float
) -> None:
    """Note that what others said before a time was read, with what it was; each entry comes with its values."""
    _begin(connection, key)
    connection.execute(
        "UPDATE memories SET joined = 1, unread_from = CASE WHEN unread_to > ? THEN ? ELSE 0 END, "
        f"unread_to = CASE WHEN unread_to > ? THEN unread_to ELSE 0 END WHERE {KEY}",
        (upto, upto, upto, *key_values(key)),
    )
    insert_entries(connection, [values for values, _ in entries])
    for _, entry in entries:
        if entry.images:
            insert_images(connection, key, entry.message_id, entry.images)


def entry_values(key: ConversationKey, turn_id: str, entry: Entry) -> tuple[Any, ...]:
    """Return an entry as the values that `add` takes."""
    author = (entry.author.id, entry.author.name, int(entry.author.is_bot)) if entry.author else ("", "", 0)
    values = (
        entry.role,
        entry.text,
        *author,
        entry.message_id,
        entry.sent_at,
        entry.files,
        entry.about,
        entry.tokens,
        len(entry.images),
        entry.origin,
        CALLS.dump_json(entry.calls).decode() if entry.calls else "",
        entry.call_id,
        " ".join(("", *entry.quotes, "")) if entry.quotes else "",
    )
    return (*key_values(key), turn_id, *values)


def insert_entries(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add entries to the history."""
    connection.executemany(
        "INSERT INTO entries (platform, workspace, channel, thread, turn_id, role, text, author_id, author_name, "
        "is_app, message_id, sent_at, files, about, tokens, images, origin, calls, call_id, quotes) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def insert_said(connection: Connection, turn: Turn, entries: Sequence[Entry]) -> None:
    """Add what was said in a turn to the history, with its pictures."""
    insert_entries(connection, [entry_values(turn.message.key, turn.id, entry) for entry in entries])
    for entry in entries:
        if entry.images:
            insert_images(connection, turn.message.key, entry.message_id, entry.images)


def insert_images(connection: Connection, key: ConversationKey, message_id: str, images: Sequence[Image]) -> None:
    """Keep the pictures of a message whose entry was added before."""
    where = "platform = ? AND workspace = ? AND channel = ? AND message_id = ? AND role = 'user'"
    place = (key.platform, key.workspace, key.channel, message_id)
    ((seq,),) = connection.execute(f"SELECT max(seq) FROM entries WHERE {where}", place)
    connection.executemany(
        "INSERT INTO images (entry, place, file, media_type, width, height, content) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(seq, n, each.file, each.media_type, each.width, each.height, each.content) for n, each in enumerate(images)],
    )


def delete_images_except(connection: Connection, seq: int, files: Sequence[str]) -> None:
    """Drop the pictures of an entry that were made from other files than these."""
    others = "".join(" AND file <> ?" for _ in files)
    connection.execute(f"DELETE FROM images WHERE entry = ?{others}", (seq, *files))


def invalidate_prompts(connection: Connection, seqs: Sequence[tuple[str, str, str, str, int]]) -> None:
    """Forget what prompts and summaries tell of entries that were changed; both are made anew."""
    for *key, seq in seqs:
        connection.execute(
            "UPDATE memories SET earlier = '', summary = '', summarised = 0, "
            "due = CASE WHEN begins > 0 THEN 1 ELSE 0 END, version = version + 1 "
            f"WHERE {KEY} AND (begins > ? OR summarised >= ?)",
            (*key, seq, seq),
        )
        connection.execute(f"UPDATE memories SET version = version + 1 WHERE {KEY}", key)  # what is being made is void


def delete_history(connection: Connection, key: ConversationKey) -> None:
    """Drop a conversation's history and everything that was made of it; what was said before is not read again."""
    connection.execute(f"DELETE FROM entries WHERE {KEY}", key_values(key))
    _begin(connection, key)
    connection.execute(
        "UPDATE memories SET joined = 1, unread_from = 0, unread_to = 0, "
        "begins = 0, earlier = '', due = 0, is_shared = 0, summary = '', summarised = 0, "
        f"version = version + 1, counted = 0, reported = 0 WHERE {KEY}",
        key_values(key),
    )


def _begin(connection: Connection, key: ConversationKey) -> None:
    connection.execute(
        "INSERT INTO memories (platform, workspace, channel, thread) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        key_values(key),
    )


def _entries(connection: Connection, where: str, values: tuple[Any, ...]) -> list[Entry]:
    rows = connection.execute(f"SELECT {ENTRY} FROM entries WHERE {where}", values)
    return [_entry(connection, found) for found in rows]


def _entry(connection: Connection, found: tuple[Any, ...]) -> Entry:
    role, text, author_id, author_name, is_app, *rest, images, origin, calls, call_id = found
    author = Author(author_id, author_name, is_bot=bool(is_app)) if author_id else None
    entry = replace(Entry(role, text, author, *rest), origin=origin)
    if calls or call_id:
        return replace(entry, calls=CALLS.validate_json(calls) if calls else (), call_id=call_id)
    return replace(entry, images=_images(connection, entry.seq)) if images else entry


def _images(connection: Connection, seq: int) -> tuple[Image, ...]:
    query = "SELECT media_type, width, height, content, file FROM images WHERE entry = ? ORDER BY place"
    return tuple(Image(*row) for row in connection.execute(query, (seq,)))
