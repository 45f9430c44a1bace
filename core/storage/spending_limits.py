"""How much may be spent, and how much is: statements on a connection.

What is under way counts with the longest answer that it may have (`core/storage/spending.py`).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.storage.audit import insert_deed
from core.storage.connection import Connection
from core.storage.keyed_hash import keyed_hash, read_hash_key
from core.storage.named_values import NamedValues, run_named

Unit = Literal["dollars", "tokens", "answers", "audio_minutes", "requests"]
"""What a cap counts: billionths of a dollar, tokens, answers, thousandths of a second of sound, or turns begun."""
# What a row counts for, finished or not.
AMOUNTS: dict[Unit, str] = {
    "dollars": "coalesce(nanos, 0) + held_nanos",
    "tokens": "input + output + held_tokens",
    "answers": "answers",
    "audio_minutes": "audio_ms",
    "requests": "CASE WHEN purpose = 'answer' THEN 1 ELSE 0 END",
}
FORGOTTEN = "forgotten"
FORGET_SPENDER = (
    "UPDATE spending SET person = @name, channel = '', thread = '', turn_id = '' "
    "WHERE platform = @platform AND (@workspace = '' OR workspace = @workspace) AND person = @person"
)


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """Whose a call is, where, and for which turn; empty for nobody's."""

    platform: str = ""
    workspace: str = ""
    channel: str = ""
    thread: str = ""
    person: str = ""
    turn_id: str = ""


@dataclass(frozen=True, slots=True)
class SpendingLimit:
    """How much may be spent since a time, of a unit, where each of `platform` to `model` that is given fits.

    `seconds` is how long a rolling period is, 0 for one of the calendar, which ends at `until`. `label` names the cap.
    """

    label: str
    unit: Unit
    most: int
    since: float
    until: float = 0.0
    seconds: float = 0.0
    platform: str = ""
    workspace: str = ""
    channel: str = ""
    person: str = ""
    model: str = ""

    def where(self, connection: Connection) -> tuple[str, list[object]]:
        """Return the condition on rows, and its values; what a person had spent before they were forgotten counts."""
        names = ("platform", "workspace", "channel", "model")
        given = {name: getattr(self, name) for name in names if getattr(self, name)}
        conditions, values = [f"{name} = ?" for name in given], list[object](given.values())
        if self.person:
            conditions.append("person IN (?, ?)")
            values += [self.person, forgotten_name(connection, self.platform, self.person)]
        return " AND ".join([*conditions, "at >= ?"]), [*values, self.since]


def forgotten_name(connection: Connection, platform: str, person: str) -> str:
    """Return what stands in the ledger in place of a person's id once they are forgotten."""
    return f"{FORGOTTEN} {keyed_hash(read_hash_key(connection), platform, person)}"


def forget_spender(connection: Connection, values: NamedValues) -> None:
    """Take a person out of the ledger; their caps go on for a hash of theirs, so that nobody forgets them away."""
    name = forgotten_name(connection, values["platform"], values["person"])
    run_named(connection, FORGET_SPENDER, {**values, "name": name})


def used_of(connection: Connection, limit: SpendingLimit, but: str = "") -> int:
    """Return how much of a limit is used or held, in its unit, without the row `but`."""
    where, values = limit.where(connection)
    rows = connection.execute(
        f"SELECT coalesce(sum({AMOUNTS[limit.unit]}), 0) FROM spending WHERE {where} AND id <> ?", (*values, but)
    )
    return int(rows[0][0])


def mark_warned(connection: Connection, turn_id: str, limits: Sequence[SpendingLimit]) -> list[tuple[str, int]]:
    """Return the label of each limit of which a turn's person is to be warned, and what is used; note that they are.

    That is from 80 % on, and once in its period; at its end the next refusal tells.
    """
    due = []
    for limit in limits:
        where, values = limit.where(connection)
        mark, used = f"|{limit.label}|", used_of(connection, limit)
        if not limit.most * 4 <= used * 5 < limit.most * 5:
            continue
        if connection.execute(
            f"SELECT 1 FROM spending WHERE {where} AND warned LIKE ? LIMIT 1", (*values, f"%{mark}%")
        ):
            continue
        last = "seq = (SELECT max(seq) FROM spending WHERE turn_id = ?)"
        if connection.execute(f"UPDATE spending SET warned = warned || ? WHERE {last} RETURNING 1", (mark, turn_id)):
            due.append((limit.label, used))
    return due


def goes_on_at(connection: Connection, limit: SpendingLimit, needed: int, now: float) -> float | None:
    """Return when a limit has room again for what is needed, in seconds since the epoch; None where it never has."""
    if needed > limit.most:
        return None
    if not limit.seconds:
        return limit.until
    where, values = limit.where(connection)
    rows = connection.execute(f"SELECT at, {AMOUNTS[limit.unit]} FROM spending WHERE {where} ORDER BY at", values)
    used = sum(int(amount) for _, amount in rows)
    for at, amount in rows:
        used -= int(amount)
        if used + needed <= limit.most:
            return float(at) + limit.seconds
    return now


def lift_caps(connection: Connection, place: LedgerPlace, until: float, by: str) -> None:
    """Note that caps are lifted until a time, for the person of a place, or without one for all in its channel."""
    actor, whom = (place.platform, place.workspace, by), (place.platform, place.workspace, place.person)
    insert_deed(connection, "lifted caps", actor, whom if place.person else (), "of a person" if place.person else "")
    connection.execute(
        "INSERT INTO lifted_caps (at, platform, workspace, channel, person, until, lifted_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (time.time(), place.platform, place.workspace, place.channel, place.person, until, by),
    )


def is_lifted(connection: Connection, place: LedgerPlace, now: float) -> bool:
    """Whether an administrator has lifted the caps for a person, or for a channel, until later than now."""
    rows = connection.execute(
        "SELECT 1 FROM lifted_caps WHERE until > ? AND platform = ? AND workspace = ? "
        "AND (person = ? AND person <> '' OR person = '' AND channel = ?) LIMIT 1",
        (now, place.platform, place.workspace, place.person, place.channel),
    )
    return bool(rows)
