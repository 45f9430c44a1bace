"""What is to be said and asked at a later time, as rows: statements on a connection."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.messages import Message
from core.storage.connection import Connection, Row
from core.storage.history import key_values
from core.storage.turns import MESSAGE, insert_turn, message_of_row

COLUMNS = "seq, text, payload, rule, zone, until, next_at, is_paused"
PLACE = "platform = ? AND workspace = ? AND channel = ?"
COMING = "next_at IS NOT NULL"
SELECT = f"SELECT {COLUMNS} FROM schedules WHERE {COMING}"
INSERT = (
    "INSERT INTO schedules (call_key, platform, workspace, channel, thread, message_id, author_id, text, payload, "
    "rule, zone, until, next_at, created_at) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS "
    f"(SELECT 1 FROM turns WHERE {PLACE} AND message_id = ? AND command = 'deleted') "
    "ON CONFLICT (call_key) DO NOTHING"
)
OVER = "message_id = '', author_id = '', text = '', payload = '', rule = '', zone = '', next_at = NULL"
TO_COME = f"{COMING} AND is_paused = 0"
BEFORE_ALL = (0.0, 0)  # a time and a number, before all that there is


@dataclass(frozen=True, slots=True)
class Schedule:
    """What comes at `next_at`, in seconds since the epoch: `message`, and by `rule` again, in cron's five fields.

    `number` is its name. `rule` is meant in `zone`, empty for what comes once. One that `is_paused` waits.
    """

    number: int
    message: Message
    rule: str
    zone: str
    until: float | None
    next_at: float
    is_paused: bool = False


def insert_schedule(connection: Connection, call_key: str, asked: Message, planned: Schedule) -> int:
    """Keep what a message has asked for, once for each call; return its number, 0 where that message is gone."""
    message = planned.message
    payload = MESSAGE.dump_json(replace(message, text="", others=())).decode()
    made = (*key_values(asked.key), asked.id, message.author.id, message.text, payload)
    when = (planned.rule, planned.zone, planned.until, planned.next_at, time.time())
    place = (asked.key.platform, asked.key.workspace, asked.key.channel, asked.id)
    connection.execute(INSERT, (call_key, *made, *when, *place))
    return number_of_call(connection, call_key)


def number_of_call(connection: Connection, call_key: str) -> int:
    """Return the number of what a call has made; 0 where it has made nothing."""
    rows = connection.execute("SELECT seq FROM schedules WHERE call_key = ?", (call_key,))
    return int(rows[0][0]) if rows else 0


def count_schedules(connection: Connection, asked: Message) -> tuple[int, int]:
    """Return how much is to come that a message's author wanted, and how much in its channel."""
    key, author = asked.key, asked.author.id
    own = f"SELECT count(*) FROM schedules WHERE {COMING} AND platform = ? AND workspace = ? AND author_id = ?"
    here = f"SELECT count(*) FROM schedules WHERE {COMING} AND {PLACE}"
    mine = connection.execute(own, (key.platform, key.workspace, author))[0][0]
    return int(mine), int(connection.execute(here, (key.platform, key.workspace, key.channel))[0][0])


def select_own(connection: Connection, asked: Message) -> list[Schedule]:
    """Return what is to come that a message's author wanted in its workspace, the next one first."""
    values = (asked.key.platform, asked.key.workspace, asked.author.id)
    query = f"{SELECT} AND platform = ? AND workspace = ? AND author_id = ? ORDER BY next_at, seq"
    return _read(connection.execute(query, values))


def select_in_channel(connection: Connection, asked: Message) -> list[Schedule]:
    """Return what is to come in a message's channel, whoever wanted it, the next one first."""
    values = (asked.key.platform, asked.key.workspace, asked.key.channel)
    return _read(connection.execute(f"{SELECT} AND {PLACE} ORDER BY next_at, seq", values))


def select_due(connection: Connection, now: float, after: tuple[float, int], most: int) -> list[Schedule]:
    """Return what is due, the longest first, behind a time and a number: at the most so much of it."""
    query = f"SELECT {COLUMNS} FROM schedules WHERE {TO_COME} AND next_at <= ? AND (next_at, seq) > (?, ?)"
    return _read(connection.execute(f"{query} ORDER BY next_at, seq LIMIT ?", (now, *after, most)))


def select_next(connection: Connection, after: float) -> float | None:
    """Return when something comes next after a moment; None where nothing does."""
    found = connection.execute(f"SELECT min(next_at) FROM schedules WHERE {TO_COME} AND next_at > ?", (after,))
    return None if found[0][0] is None else float(found[0][0])


def begin_due(connection: Connection, due: Schedule, message: Message, next_at: float | None) -> bool:
    """Put what is due into the inbox and note when it comes again; False, and nothing done, where that has been."""
    over = f", {OVER}" if next_at is None else ", next_at = ?"
    values = (due.number, due.next_at) if next_at is None else (next_at, due.number, due.next_at)
    statement = f"UPDATE schedules SET is_paused = 0{over} WHERE seq = ? AND next_at = ? AND is_paused = 0 RETURNING 1"
    return bool(connection.execute(statement, values)) and insert_turn(connection, message, if_joined=False)


def pause_of_person(connection: Connection, due: Schedule, notice: Message) -> bool:
    """Pause all that a person wanted in a channel, and put a notice of that into the inbox; False where it is so."""
    key, author = due.message.key, due.message.author.id
    values = (key.platform, key.workspace, key.channel, author)
    statement = f"UPDATE schedules SET is_paused = 1 WHERE {TO_COME} AND {PLACE} AND author_id = ? RETURNING 1"
    return bool(connection.execute(statement, values)) and insert_turn(connection, notice, if_joined=False)


def resume_schedule(connection: Connection, number: int, next_at: float) -> None:
    """Let what is paused go on from a time."""
    connection.execute(f"UPDATE schedules SET is_paused = 0, next_at = ? WHERE seq = ? AND {COMING}", (next_at, number))


def end_schedule(connection: Connection, number: int) -> None:
    """End it."""
    connection.execute(f"UPDATE schedules SET {OVER} WHERE seq = ?", (number,))


def end_asked_in(connection: Connection, place: tuple[str, str, str, str]) -> None:
    """End what was wanted in a message that is gone, by its platform, workspace, channel and id."""
    connection.execute(f"UPDATE schedules SET {OVER} WHERE {PLACE} AND message_id = ? AND {COMING}", place)


def _read(rows: Sequence[Row]) -> list[Schedule]:
    """Return rows as what is to come, but for those whose message cannot be read."""
    read = ((number, text, message_of_row(payload), when) for number, text, payload, *when in rows)
    return [
        Schedule(number, replace(message, text=text), rule, zone, until, next_at, bool(is_paused))
        for number, text, message, (rule, zone, until, next_at, is_paused) in read
        if message
    ]
