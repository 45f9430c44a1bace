"""The inbox, what happened to each turn, and the history, in one SQLite file."""

import json
import sqlite3
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from core import remembered
from core.database import Database
from core.messages import ConversationKey, Deletion, Entry, Message, Turn
from core.remembered import KEY, Made, Remembered

SKEW = 5.0  # seconds by which our clock may be ahead of the platform's, where a question has its time from us
UNDONE = {"failed", "uncertain"}  # ends that an operator is shown, and after which a turn can be run again
LEASE = 60.0  # seconds; a single process voids all leases when it starts, so it matters once there are replicas


class Store:
    """Keeps every message addressed to the bot until it is answered, and what was said."""

    def __init__(self, path: Path) -> None:
        """Open or create the file at `path`; raise DatabaseBusy where another process holds it."""
        self._database = Database(path)
        self._holder = uuid.uuid4().hex  # this process, as the holder of leases

    async def close(self) -> None:
        """Finish what is waiting, then close the file."""
        await self._database.close()

    async def put(self, message: Message, *, if_joined: bool) -> bool:
        """Put a message into the inbox; return whether it is new there.

        With `if_joined` only where the bot takes part in the conversation already. Returns after the commit: only
        then may the platform be told that the message has arrived.
        """
        return await self._database.run(lambda connection: _put(connection, message, if_joined=if_joined))

    async def waiting(self) -> list[ConversationKey]:
        """Return every conversation with an open turn, the longest waiting first."""
        return await self._database.run(_waiting)

    async def claim(self, key: ConversationKey) -> Turn | None:
        """Take the oldest open turn of a conversation, or None where there is none or another process holds one."""
        return await self._database.run(lambda connection: _claim(connection, key, self._holder))

    async def release(self, turn: Turn, error: str) -> None:
        """Give a turn back after a failed attempt, to be claimed again."""
        await self._database.run(lambda connection: _release(connection, turn, error))

    async def posted(self, turn: Turn, part: int, platform_id: str) -> None:
        """Note that a part of the reply is visible as the message `platform_id`."""
        await self._database.run(lambda connection: _step(connection, turn, "posted", part, platform_id))

    async def finish(
        self, turn: Turn, entries: Sequence[Entry], state: str, detail: dict[str, Any], made: Made | None = None
    ) -> bool:
        """End a turn as `done`, `failed` or `uncertain`, with what was said and what it was answered from, at once.

        Returns False, and writes nothing, where the turn was lost to another claim or ended meanwhile.
        """
        return await self._database.run(lambda connection: _finish(connection, turn, entries, state, detail, made))

    async def recall(self, key: ConversationKey, most: int) -> Remembered:
        """Return what is remembered of a conversation, with `most` entries at the most, the newest ones."""
        return await self._database.run(lambda connection: remembered.recall(connection, key, most))

    async def between(self, key: ConversationKey, after: int, upto: int, most: int) -> list[Entry]:
        """Return the newest entries with a seq above `after` and up to `upto`, `most` of them, oldest first."""
        return await self._database.run(lambda connection: remembered.between(connection, key, after, upto, most))

    async def keep_counts(self, counts: Mapping[int, int]) -> None:
        """Note the lengths of entries that had none, by their seq."""
        await self._database.run(lambda connection: remembered.keep_counts(connection, counts))

    async def keep_summary(self, key: ConversationKey, summary: str, upto: int, version: int) -> None:
        """Note a summary up to an entry's seq, unless what it tells was changed since `version`."""
        await self._database.run(lambda connection: remembered.keep_summary(connection, key, summary, upto, version))

    async def join(self, key: ConversationKey, entries: Sequence[Entry]) -> None:
        """Keep what was said in a conversation before the bot came; it is not asked for again."""
        rows = [remembered.row(key, "", entry) for entry in entries]
        await self._database.run(lambda connection: remembered.join(connection, key, rows))

    async def forget(self, key: ConversationKey) -> None:
        """Drop a conversation's history, its summary, and what was counted of it."""
        await self._database.run(lambda connection: remembered.forget(connection, key))

    async def conversation_of(self, platform: str, platform_id: str) -> ConversationKey | None:
        """Return the conversation in which a message was posted as a part of an answer."""
        query = (
            "SELECT platform, workspace, channel, thread FROM turns JOIN steps ON turns.id = steps.turn_id "
            "WHERE steps.platform_id = ? AND platform = ?"
        )
        row = await self._database.run(lambda connection: connection.execute(query, (platform_id, platform)).fetchone())
        return ConversationKey(*row) if row else None

    async def channels(self, platform: str, workspace: str, most: int) -> list[str]:
        """Return the channels of a workspace in which the bot was asked something, the latest first."""
        query = (
            "SELECT channel FROM turns WHERE platform = ? AND workspace = ? "
            "GROUP BY channel ORDER BY max(sent_at) DESC LIMIT ?"
        )
        place = (platform, workspace, most)
        rows = await self._database.run(lambda connection: connection.execute(query, place).fetchall())
        return [str(row[0]) for row in rows]

    async def mark(self, name: str) -> str:
        """Return what was last set under `name`, empty where nothing was."""
        query = "SELECT value FROM marks WHERE name = ?"
        row = await self._database.run(lambda connection: connection.execute(query, (name,)).fetchone())
        return str(row[0]) if row else ""

    async def set_mark(self, name: str, value: str) -> None:
        """Remember `value` under `name`."""
        statement = "INSERT INTO marks VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        await self._database.run(lambda connection: connection.execute(statement, (name, value)))

    async def edit(self, message: Message) -> bool:
        """Take a changed text into the waiting question and into the history; return whether either was there."""
        return await self._database.run(lambda connection: _edit(connection, message))

    async def delete(self, deletion: Deletion) -> None:
        """Take a message out of the inbox and out of the history, and with it every question that quotes it."""
        await self._database.run(lambda connection: _delete(connection, deletion))


MESSAGE = TypeAdapter(Message)  # a message as JSON and back
CHANNEL = "platform = ? AND workspace = ? AND channel = ?"
PLACE = f"{CHANNEL} AND message_id = ?"
QUOTING = f"{CHANNEL} AND about <> '' AND about = ?"
CANCEL = "UPDATE turns SET state = 'cancelled', payload = NULL"
SAID = "platform, workspace, channel, thread, seq"


def _place(message: Message) -> tuple[str, str, str, str]:
    return message.key.platform, message.key.workspace, message.key.channel, message.id


def _put(connection: sqlite3.Connection, message: Message, *, if_joined: bool) -> bool:
    if if_joined and not _joined(connection, message):
        return False
    inserted = connection.execute(
        "INSERT INTO turns (id, platform, workspace, channel, thread, message_id, sent_at, received_at, payload) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            uuid.uuid4().hex,
            *remembered.of(message.key),
            message.id,
            message.sent_at,
            time.time(),
            MESSAGE.dump_json(message).decode(),
        ),
    )
    return inserted.rowcount == 1


def _joined(connection: sqlite3.Connection, message: Message) -> bool:
    """Whether the bot took part in the conversation when this was said, however late we hear of it."""
    query = f"SELECT 1 FROM turns WHERE {KEY} AND state <> 'cancelled' AND sent_at <= ? LIMIT 1"
    found = connection.execute(query, (*remembered.of(message.key), message.sent_at + SKEW))
    return found.fetchone() is not None


def _waiting(connection: sqlite3.Connection) -> list[ConversationKey]:
    connection.execute("UPDATE turns SET leased_until = NULL WHERE state = 'open'")  # held by a process that is gone
    rows = connection.execute(
        "SELECT platform, workspace, channel, thread FROM turns WHERE state = 'open' "
        "GROUP BY platform, workspace, channel, thread ORDER BY min(received_at)"
    )
    return [ConversationKey(*row) for row in rows]


def _claim(connection: sqlite3.Connection, key: ConversationKey, holder: str) -> Turn | None:
    now = time.time()
    row = connection.execute(
        "UPDATE turns SET leased_until = ?, leased_by = ?, fence = fence + 1, attempts = attempts + 1 "
        f"WHERE seq = (SELECT seq FROM turns WHERE {KEY} AND state = 'open' ORDER BY sent_at, seq LIMIT 1) "
        f"AND NOT EXISTS (SELECT 1 FROM turns WHERE {KEY} AND state = 'open' AND leased_until > ? AND leased_by <> ?) "
        f"RETURNING id, payload, attempts, fence, (SELECT count(*) > 1 FROM turns WHERE {KEY} AND state = 'open')",
        (now + LEASE, holder, *remembered.of(key), *remembered.of(key), now, holder, *remembered.of(key)),
    ).fetchone()
    if row is None:
        return None
    turn_id, payload, attempts, fence, followed = row
    posted = _posted_parts(connection, turn_id) if attempts > 1 else ()
    return Turn(turn_id, MESSAGE.validate_json(payload), attempts, fence, posted, bool(followed))


def _posted_parts(connection: sqlite3.Connection, turn_id: str) -> tuple[str, ...]:
    """Return the messages that stand for a turn's parts; of a part that was posted again, the last one."""
    rows = connection.execute(
        "SELECT part, platform_id FROM steps WHERE turn_id = ? AND name = 'posted' ORDER BY part, seq", (turn_id,)
    )
    return tuple(dict(rows.fetchall()).values())


def _step(connection: sqlite3.Connection, turn: Turn, name: str, part: int | None, detail: str) -> None:
    column = "detail" if part is None else "platform_id"
    connection.execute(
        f"INSERT INTO steps (turn_id, name, at, part, {column}) VALUES (?, ?, ?, ?, ?)",
        (turn.id, name, time.time(), part, detail),
    )


def _release(connection: sqlite3.Connection, turn: Turn, error: str) -> None:
    connection.execute(
        "UPDATE turns SET leased_until = NULL, error = ? WHERE id = ? AND fence = ?", (error, turn.id, turn.fence)
    )
    _step(connection, turn, "troubled", None, json.dumps({"error": error}))


def _finish(
    connection: sqlite3.Connection,
    turn: Turn,
    entries: Sequence[Entry],
    state: str,
    detail: dict[str, Any],
    made: Made | None,
) -> bool:
    mine = "id = ? AND fence = ? AND state = 'open'"
    row = connection.execute(f"SELECT payload FROM turns WHERE {mine}", (turn.id, turn.fence)).fetchone()
    if row is None:
        return False
    connection.execute(
        f"UPDATE turns SET state = ?, leased_until = NULL, error = ?, payload = ? WHERE {mine}",
        (state, detail.get("error"), row[0] if state in UNDONE else None, turn.id, turn.fence),
    )
    _step(connection, turn, state, None, json.dumps(detail))
    rows = _as_edited(turn, entries, MESSAGE.validate_json(row[0]))
    remembered.add(connection, [remembered.row(turn.message.key, turn.id, entry) for entry in rows])
    if made:
        remembered.keep_made(connection, turn.message.key, made)
    return True


def _as_edited(turn: Turn, entries: Sequence[Entry], now: Message) -> Sequence[Entry]:
    """Take in an edit of the question that came while it was being answered: later prompts see the new text."""
    if now.text == turn.message.text:
        return entries
    return [replace(entry, text=now.text, tokens=0) if entry.message_id == now.id else entry for entry in entries]


def _edit(connection: sqlite3.Connection, message: Message) -> bool:
    waiting = connection.execute(
        f"UPDATE turns SET payload = ? WHERE {PLACE} AND state = 'open'",
        (MESSAGE.dump_json(message).decode(), *_place(message)),
    )
    said = connection.execute(
        f"UPDATE entries SET text = ?, tokens = 0 WHERE {PLACE} AND role = 'user' RETURNING {SAID}",
        (message.text, *_place(message)),
    ).fetchall()
    remembered.amend(connection, said)
    return waiting.rowcount + len(said) > 0


def _delete(connection: sqlite3.Connection, deletion: Deletion) -> None:
    channel = (deletion.platform, deletion.workspace, deletion.channel)
    place, quoted = (*channel, deletion.message_id), (*channel, f'%"about":{json.dumps(deletion.message_id)}%')
    connection.execute(f"{CANCEL} WHERE {PLACE} AND state = 'open'", place)
    connection.execute(f"{CANCEL} WHERE {CHANNEL} AND state = 'open' AND payload LIKE ?", quoted)
    for where in (PLACE, QUOTING):
        said = connection.execute(f"DELETE FROM entries WHERE {where} RETURNING {SAID}", place).fetchall()
        remembered.amend(connection, said)
