"""The calls of tools that a turn makes, as rows: statements on a connection, each only while the turn is ours."""

import time
from collections.abc import Sequence
from typing import Any

from core.messages import ToolCall, Turn
from core.storage.connection import Connection
from core.storage.steps import MINE
from core.tool_calls import CallRecord

COLUMNS = "round, place, call_id, name, arguments, extra, state, result, source"
SELECT = f"SELECT {COLUMNS} FROM tool_calls WHERE turn_id = ? ORDER BY round, place"
INSERT = (
    f"INSERT INTO tool_calls (turn_id, {COLUMNS}, proposed_at, begun_at, ended_at) "
    f"SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM turns WHERE {MINE} RETURNING 1"
)
UPDATE = (
    "UPDATE tool_calls SET state = ?, result = ?, source = ?, begun_at = CASE WHEN ? = 1 THEN ? ELSE begun_at END, "
    "ended_at = CASE WHEN ? = 1 THEN ? ELSE ended_at END WHERE turn_id = ? AND round = ? AND place = ? "
    f"AND EXISTS (SELECT 1 FROM turns WHERE {MINE}) RETURNING 1"
)


def select_calls(connection: Connection, turn: Turn) -> tuple[CallRecord, ...]:
    """Return what an earlier attempt at a turn has kept of its calls, in their order."""
    return tuple(
        CallRecord(number, place, ToolCall(call_id, name, arguments, extra), state, result, source)
        for number, place, call_id, name, arguments, extra, state, result, source in connection.execute(
            SELECT, (turn.id,)
        )
    )


def insert_calls(connection: Connection, turn: Turn, records: Sequence[CallRecord]) -> bool:
    """Keep an answer of the model's that has calls, before any of them is made; False where the turn is lost."""
    return all(connection.execute(INSERT, _inserted_values(turn, each)) for each in records)


def _inserted_values(turn: Turn, record: CallRecord) -> tuple[Any, ...]:
    now, call = time.time(), record.call
    made = (record.round, record.place, call.id, call.name, call.arguments, call.extra)
    begun, ended = now if record.state != "proposed" else None, now if record.is_over else None
    return (*made, record.state, record.result, record.source, now, begun, ended, turn.id, turn.fence)


def update_call(connection: Connection, turn: Turn, record: CallRecord) -> bool:
    """Note what has become of a call; False where the turn is lost."""
    now, is_begun = time.time(), int(record.state == "running")
    what = (record.state, record.result, record.source, is_begun, now, int(record.is_over), now)
    return bool(connection.execute(UPDATE, (*what, turn.id, record.round, record.place, turn.id, turn.fence)))
