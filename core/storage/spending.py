"""What every call costs, a row each from before it is sent, and what caps let through: statements on a connection.

A row is a reservation while its call is under way: it holds the longest answer beside what is known so far.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from core.messages import ConversationKey
from core.storage.connection import Connection
from core.storage.history import KEY, key_values
from core.storage.spending_limits import LedgerPlace, SpendingLimit, Unit, used_of

OF_TURN = {"answer", "tool_round"}  # the purposes of calls that a turn's reservation is for
PLACE = "platform, workspace, channel, thread, person, turn_id"
INSERT = (
    f"INSERT INTO spending (id, at, {PLACE}, purpose, model, host, state, input, audio_ms, nanos, held_tokens, "
    "held_nanos, answers, estimated, prices) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)"
)
SETTLE = (
    "UPDATE spending SET state = 'done', input = ?, cached = ?, output = ?, reasoning = ?, nanos = ?, saved_nanos = ?, "
    "estimated = ?, prices = ?, held_tokens = 0, held_nanos = 0 WHERE id = ? AND state <> 'done'"
)
CUT = "UPDATE spending SET state = 'done', held_tokens = 0, held_nanos = 0 WHERE state = 'sent'"
GROW = "UPDATE spending SET output = ?, nanos = ?, held_tokens = ?, held_nanos = ? WHERE id = ? AND state = 'sent'"


@dataclass(frozen=True, slots=True)
class ReservedCall:
    """A call before it is sent: its prompt's tokens, its sound, what both cost, and what its longest answer may.

    `nanos` are billionths of a dollar, None where the price is unknown; `audio_ms` thousandths of a second.
    """

    id: str
    place: LedgerPlace
    purpose: str
    model: str
    host: str
    input: int = 0
    audio_ms: int = 0
    nanos: int | None = None
    held_tokens: int = 0
    held_nanos: int = 0
    answers: int = 0
    prices: str = ""

    def amount_of(self, unit: Unit) -> int:
        """Return what it may come to, in a cap's unit."""
        match unit:
            case "dollars":
                return (self.nanos or 0) + self.held_nanos
            case "tokens":
                return self.input + self.held_tokens
            case "audio_minutes":
                return self.audio_ms
        return self.answers


@dataclass(frozen=True, slots=True)
class SettledCall:
    """What a call came to; `is_estimated` where the endpoint did not say. `saved_nanos` is what its cache saved."""

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    nanos: int | None = None
    saved_nanos: int = 0
    is_estimated: bool = False
    prices: str = ""


def reserve_call(
    connection: Connection, call: ReservedCall, limits: Sequence[SpendingLimit], *, is_sent: bool
) -> SpendingLimit | None:
    """Put a call into the ledger before it is sent; return the limit that it would pass, and then put nothing in.

    The first call of a turn's answer takes the place of what was reserved for the turn, and counts as its answer.
    """
    held = _reserved_for(connection, call)
    for limit in limits:
        needed = call.amount_of(limit.unit)
        if needed and used_of(connection, limit, held or "") + needed > limit.most:
            return limit
    answers = 1 if held else call.answers
    if held:
        connection.execute("DELETE FROM spending WHERE id = ?", (held,))
    elif answers and _counts_already(connection, call.place.turn_id):
        answers = 0  # tried again after a cut stream
    place = call.place
    where = (place.platform, place.workspace, place.channel, place.thread, place.person, place.turn_id)
    what = (call.purpose, call.model, call.host, "sent" if is_sent else "reserved", call.input, call.audio_ms)
    held_now = (call.nanos, call.held_tokens, call.held_nanos, answers, call.prices)
    connection.execute(INSERT, (call.id, time.time(), *where, *what, *held_now))
    return None


def _reserved_for(connection: Connection, call: ReservedCall) -> str | None:
    """Return the id of what was reserved for a call's turn, None where it is no turn's answer or nothing was."""
    if not call.place.turn_id or call.purpose not in OF_TURN:
        return None
    rows = connection.execute("SELECT id FROM spending WHERE turn_id = ? AND state = 'reserved'", (call.place.turn_id,))
    return str(rows[0][0]) if rows else None


def _counts_already(connection: Connection, turn_id: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM spending WHERE turn_id = ? AND answers = 1 LIMIT 1", (turn_id,)))


def begin_turn_anew(connection: Connection, turn_id: str, *, is_kept: bool) -> None:
    """Let go of what an earlier attempt at a turn reserved; what it has sent stays, and is no answer but a kept one."""
    release_turn_reservation(connection, turn_id)
    connection.execute(f"{CUT} AND turn_id = ?", (turn_id,))
    if not is_kept:
        connection.execute("UPDATE spending SET answers = 0 WHERE turn_id = ?", (turn_id,))


def settle_cut_calls(connection: Connection) -> None:
    """Leave of the calls of a process that is gone what was sent, and what had come; let go of what it reserved."""
    connection.execute("DELETE FROM spending WHERE state = 'reserved'")
    connection.execute(CUT)


def release_turn_reservation(connection: Connection, turn_id: str) -> None:
    """Let go of what was reserved for a turn and not used."""
    connection.execute("DELETE FROM spending WHERE turn_id = ? AND state = 'reserved'", (turn_id,))


def end_turn(connection: Connection, turn_id: str, *, is_answered: bool) -> None:
    """Let go of what a turn that has ended did not use; one that failed used up no answer."""
    release_turn_reservation(connection, turn_id)
    if not is_answered:
        connection.execute("UPDATE spending SET answers = 0 WHERE turn_id = ? AND answers = 1", (turn_id,))


def settle_call(connection: Connection, call_id: str, settled: SettledCall) -> None:
    """Note what a call came to."""
    tokens = (settled.input, settled.cached, settled.output, settled.reasoning)
    rest = (settled.nanos, settled.saved_nanos, int(settled.is_estimated), settled.prices, call_id)
    connection.execute(SETTLE, (*tokens, *rest))


def grow_call(
    connection: Connection, call_id: str, output: int, nanos: int | None, held_tokens: int, held_nanos: int
) -> None:
    """Note how much of an answer has come, and how much may still."""
    connection.execute(GROW, (output, nanos, held_tokens, held_nanos, call_id))


def delete_call(connection: Connection, call_id: str) -> None:
    """Take a call out of the ledger that was not made, or refused before it cost anything; its turn goes on."""
    gone = connection.execute("DELETE FROM spending WHERE id = ? RETURNING turn_id, answers", (call_id,))
    if gone and gone[0][0] and gone[0][1]:
        connection.execute(
            "UPDATE spending SET answers = 1 WHERE seq = (SELECT max(seq) FROM spending WHERE turn_id = ?)",
            (gone[0][0],),
        )


def last_prompt(connection: Connection, key: ConversationKey) -> int:
    """Return how many tokens the last prompt of a conversation had, by the endpoint's count or else by ours."""
    rows = connection.execute(f"SELECT reported, counted FROM memories WHERE {KEY}", key_values(key))
    return int(max(rows[0])) if rows else 0
