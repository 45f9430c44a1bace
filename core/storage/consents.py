"""Questions for consent and what became of them, as rows: statements on a connection.

A turn whose calls wait for a click is parked: it stays open, held by nobody and claimed by nobody, until its question
is decided, or its time is over.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.messages import ConversationKey, ToolCall, Turn
from core.storage.connection import Connection
from core.storage.history import KEY, key_values
from core.storage.steps import MINE, insert_step
from core.storage.turns import SKEW, message_of_row
from core.tool_calls import CallRecord, digest_of

COLUMNS = (
    "id, turn_id, round, digest, is_tainted, until, message_id, choice, decided_by, decided_in, decided_at, is_closed"
)
INSERT = (
    "INSERT INTO consents (id, turn_id, round, digest, is_tainted, asked_at, until) "
    f"SELECT ?, id, ?, ?, ?, ?, ? FROM turns WHERE {MINE} ON CONFLICT DO NOTHING"
)
PARK = (
    "UPDATE turns SET leased_until = NULL, answer = NULL, attempts = 1, parked_until = CASE "
    "WHEN command = 'deleted' THEN NULL ELSE "
    "(SELECT until FROM consents WHERE turn_id = turns.id AND choice = '') END "
    f"WHERE {MINE} RETURNING coalesce(parked_until, 0)"
)
GRANT = (
    "INSERT INTO grants (platform, workspace, channel, tool, granted_by, granted_at) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (platform, workspace, channel, tool) DO NOTHING"
)
GRANTED = "SELECT tool FROM grants WHERE platform = ? AND workspace = ? AND channel = ?"
CALLS = "SELECT place, call_id, name, arguments, extra, state FROM tool_calls WHERE turn_id = ? AND round = ?"
UNDECIDED = (
    f"SELECT turns.id FROM turns JOIN consents ON consents.turn_id = turns.id WHERE {KEY} AND state = 'open' "
    "AND choice = '' AND sent_at <= ?"
)


@dataclass(frozen=True, slots=True)
class Consent:
    """What people were asked to allow; `choice` is empty while nobody has decided. Times in seconds since the epoch.

    `message_id` is the card's, empty until it stands; `decided_in` the turn of the click that decided. What was read
    before `is_tainted` where it came from outside; a card `is_closed` once it says how it ended.
    """

    id: str
    turn_id: str
    round: int
    digest: str
    is_tainted: bool
    until: float
    message_id: str
    choice: str
    decided_by: str
    decided_in: str
    decided_at: float
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What ends a question for consent: a choice, by whom (empty for nobody), in the turn of which click.

    `result` is what the model is told of calls that are not made; empty where they are. `message_id` is the card's, as
    the click has it: its post may not have been noted before the process ended.
    """

    choice: str
    by: str = ""
    turn_id: str = ""
    result: str = ""
    message_id: str = ""


def open_consent(
    connection: Connection, turn: Turn, card_id: str, calls: Sequence[CallRecord], until: float, *, is_tainted: bool
) -> Consent | None:
    """Note that people are asked about calls of one round, once; None where the turn is lost."""
    number, now = calls[0].round, time.time()
    values = (card_id, number, digest_of(calls), int(is_tainted), now, until, turn.id, turn.fence)
    connection.execute(INSERT, values)
    found = _select(connection, "turn_id = ? AND round = ?", (turn.id, number))
    return found[0] if found else None


def select_consent(connection: Connection, card_id: str) -> Consent | None:
    """Return what a card asks, None where there is none of this id."""
    return next(iter(_select(connection, "id = ?", (card_id,))), None)


def select_consents(connection: Connection, turn_id: str) -> list[Consent]:
    """Return all that a turn asked, in order."""
    return _select(connection, "turn_id = ?", (turn_id,))


def _select(connection: Connection, where: str, values: Sequence[object]) -> list[Consent]:
    rows = connection.execute(f"SELECT {COLUMNS} FROM consents WHERE {where} ORDER BY round", values)
    return [Consent(*row) for row in rows]


def select_asked_calls(connection: Connection, consent: Consent) -> list[CallRecord]:
    """Return the calls that a card shows, in their order; without arguments once the turn has ended."""
    rows = connection.execute(f"{CALLS} ORDER BY place", (consent.turn_id, consent.round))
    found = [
        CallRecord(consent.round, place, ToolCall(call_id, name, arguments, extra), state)
        for place, call_id, name, arguments, extra, state in rows
    ]
    asked = [each for each in found if each.state == "waiting"]
    return asked or found


def select_asking(connection: Connection, card_id: str) -> tuple[Consent, ConversationKey, Turn | None] | None:
    """Return what a card asks, in which conversation, and the turn that asks while it is open; None for no such card.

    The turn is not claimed: nothing can be written in its name.
    """
    consent = select_consent(connection, card_id)
    if consent is None:
        return None
    query = "SELECT platform, workspace, channel, thread, payload, state FROM turns WHERE id = ?"
    for *key, payload, state in connection.execute(query, (consent.turn_id,)):
        message = message_of_row(payload) if state == "open" else None
        return consent, ConversationKey(*key), Turn(consent.turn_id, message, 1, 0) if message else None
    return None


def note_card(connection: Connection, turn: Turn, consent: Consent, platform_id: str) -> bool:
    """Note the message that a card stands in, while the turn is ours; return whether it is."""
    if not connection.execute(f"SELECT 1 FROM turns WHERE {MINE}", (turn.id, turn.fence)):
        return False
    _note_standing(connection, consent, platform_id)
    return True


def _note_standing(connection: Connection, consent: Consent, platform_id: str) -> None:
    """Note where a card stands, once."""
    if connection.execute(
        "UPDATE consents SET message_id = ? WHERE id = ? AND message_id = '' RETURNING 1", (platform_id, consent.id)
    ):
        insert_step(connection, consent.turn_id, "asked", {}, platform_id)


def park_turn(connection: Connection, turn: Turn) -> float | None:
    """Let a turn wait until what it asks is decided, held by nobody; return until when, 0 where that is so already.

    None where the turn is lost. Its attempts are counted anew.
    """
    rows = connection.execute(PARK, (turn.id, turn.fence))
    return float(rows[0][0]) if rows else None


def decide(connection: Connection, consent: Consent, decision: Decision) -> Consent:
    """End a question for consent, unless it has ended; return it as it is then.

    Calls that are allowed are to be made, if they are those that were shown. A turn that is parked for it goes on.
    """
    calls = select_asked_calls(connection, consent)
    if decision.choice in {"allow", "always"} and digest_of(calls) != consent.digest:
        raise ValueError(f"{consent.id}: these are not the calls that were shown")
    if decision.message_id:
        _note_standing(connection, consent, decision.message_id)
    now = time.time()
    won = connection.execute(
        "UPDATE consents SET choice = ?, decided_by = ?, decided_in = ?, decided_at = ? WHERE id = ? AND choice = '' "
        "RETURNING 1",
        (decision.choice, decision.by, decision.turn_id, now, consent.id),
    )
    if won:
        _settle_calls(connection, consent, decision, now)
        connection.execute("UPDATE turns SET parked_until = NULL WHERE id = ?", (consent.turn_id,))
        if decision.choice == "always":
            _insert_grants(connection, consent, decision.by, {each.call.name for each in calls}, now)
    return select_consent(connection, consent.id) or consent


def _settle_calls(connection: Connection, consent: Consent, decision: Decision, now: float) -> None:
    state, ended = ("refused", now) if decision.result else ("proposed", None)
    connection.execute(
        "UPDATE tool_calls SET state = ?, result = ?, ended_at = ? WHERE turn_id = ? AND round = ? "
        "AND state = 'waiting'",
        (state, decision.result, ended, consent.turn_id, consent.round),
    )


def _insert_grants(connection: Connection, consent: Consent, by: str, tools: Iterable[str], now: float) -> None:
    place = connection.execute("SELECT platform, workspace, channel FROM turns WHERE id = ?", (consent.turn_id,))
    for tool in sorted(tools):
        connection.execute(GRANT, (*place[0], tool, by, now))


def end_undecided(connection: Connection, turn_ids: Iterable[str], decision: Decision) -> None:
    """End what these turns ask and nobody has decided."""
    for turn_id in turn_ids:
        for consent in select_consents(connection, turn_id):
            if not consent.choice:
                decide(connection, consent, decision)


def end_undecided_before(connection: Connection, key: ConversationKey, sent_at: float, decision: Decision) -> None:
    """End what is undecided in a conversation of what was asked up to a time, by the platform's clock."""
    rows = connection.execute(UNDECIDED, (*key_values(key), sent_at + SKEW))
    end_undecided(connection, [turn_id for (turn_id,) in rows], decision)


def close_consent(connection: Connection, consent: Consent) -> None:
    """Note that a card says how it ended."""
    connection.execute("UPDATE consents SET is_closed = 1 WHERE id = ?", (consent.id,))


def select_grants(connection: Connection, key: ConversationKey) -> frozenset[str]:
    """Return the tools that may always be called in a channel."""
    rows = connection.execute(GRANTED, (key.platform, key.workspace, key.channel))
    return frozenset(str(tool) for (tool,) in rows)


def delete_grants(connection: Connection, key: ConversationKey) -> list[str]:
    """Take back that tools may always be called in a channel; return which, by their names."""
    place = "platform = ? AND workspace = ? AND channel = ?"
    values = (key.platform, key.workspace, key.channel)
    rows = connection.execute(f"DELETE FROM grants WHERE {place} RETURNING tool", values)
    return sorted(str(tool) for (tool,) in rows)


def select_parked(connection: Connection) -> list[tuple[ConversationKey, float]]:
    """Return each conversation in which a turn waits for a click, and until when, in seconds since the epoch."""
    rows = connection.execute(
        "SELECT platform, workspace, channel, thread, parked_until FROM turns "
        "WHERE state = 'open' AND parked_until IS NOT NULL"
    )
    return [(ConversationKey(*key), until) for *key, until in rows]
