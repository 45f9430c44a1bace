"""Erases a person, a conversation, or what is old, in every table, by the table of rules: statements on a connection.

What was erased still stands in free space of the file until it is scrubbed (`core/storage/scrub.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from core.messages import ConversationKey
from core.storage.blotting import SHORTEST, blot_columns
from core.storage.connection import Connection
from core.storage.erase_rules import RULES, Erasing
from core.storage.erase_said import OF_PERSON
from core.storage.named_values import NamedValues, run_named
from core.storage.turns import message_of_row

NAMES = " UNION ".join(f"SELECT author_name FROM {table} WHERE {OF_PERSON}" for table in ("entries", "chat_lines"))
PAYLOADS = f"SELECT payload FROM turns WHERE {OF_PERSON} AND payload IS NOT NULL"
NAMELESS = ("", "Someone")  # what stands where there is no name, or none that may be told
DAY = 86_400.0  # seconds for which the bare row of a turn stays, so that what comes once more is known
Counts = Mapping[str, int]
"""How many rows of each table were erased or emptied."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a platform; with an empty workspace, in every one."""

    platform: str
    workspace: str
    person: str


@dataclass(frozen=True, slots=True)
class OldRows:
    """What is past its days: `before` in seconds since the epoch, in the channels that `there` is about.

    `there` is a condition on the columns platform, workspace and channel, with `values` for its names.
    """

    before: float
    there: str = "1 = 1"
    values: Mapping[str, str] = field(default_factory=dict)


def erase_person(connection: Connection, whom: Person) -> Counts:
    """Erase a person in every table, and blot their names out elsewhere; return what went."""
    values = asdict(whom)
    names = [whom.person, *names_of_person(connection, whom)]
    counts = _erase_in_all(connection, {table: rule.of_person for table, rule in RULES.items()}, values)
    for table, rule in RULES.items():
        if rule.prose:
            blot_columns(connection, table, rule.prose, rule.prose_of, values, names)
    return counts


def erase_conversation(connection: Connection, key: ConversationKey) -> Counts:
    """Erase a conversation in every table; return what went."""
    statements = {table: rule.of_conversation for table, rule in RULES.items()}
    return _erase_in_all(connection, statements, asdict(key))


def erase_old(connection: Connection, old: OldRows, now: float) -> Counts:
    """Erase what is past its days in every table; return what went."""
    values = {**old.values, "before": old.before, "rows_before": min(old.before, now - DAY), "there": old.there}
    return _erase_in_all(connection, {table: rule.of_old for table, rule in RULES.items()}, values)


def names_of_person(connection: Connection, whom: Person) -> list[str]:
    """Return the names by which a person is known, the longest first."""
    values = asdict(whom)
    known = {str(name) for (name,) in run_named(connection, NAMES, values)}
    messages = (message_of_row(payload) for (payload,) in run_named(connection, PAYLOADS, values))
    known |= {message.author.name for message in messages if message}
    kept = (name for name in known if name not in NAMELESS and len(name) >= SHORTEST)
    return sorted(kept, key=len, reverse=True)


def known_people(connection: Connection) -> set[tuple[str, str, str]]:
    """Return platform, workspace and id of everybody who stands in any table; some tables know no workspace."""
    statements = [statement for rule in RULES.values() for statement in rule.people]
    found = [(*row,) for statement in statements for row in connection.execute(statement)]
    return {(platform, workspace, person) for platform, workspace, person in found if person}


def _erase_in_all(
    connection: Connection, erasings: Mapping[str, Sequence[Erasing]], values: NamedValues
) -> dict[str, int]:
    """Do all steps; return of each table how many of its rows are gone, or else were emptied."""
    before, emptied = _count_rows(connection), dict.fromkeys(erasings, 0)
    for table, steps in erasings.items():
        for step in steps:
            changed = connection.changes
            _do_step(connection, step, values)
            emptied[table] += connection.changes - changed if isinstance(step, str) else 0
    after = _count_rows(connection)
    return {table: before[table] - after[table] or emptied[table] for table in erasings}


def _count_rows(connection: Connection) -> dict[str, int]:
    return {table: int(connection.execute(f"SELECT count(*) FROM {table}")[0][0]) for table in RULES}


def _do_step(connection: Connection, step: Erasing, values: NamedValues) -> None:
    if isinstance(step, str):
        run_named(connection, step.format(there=values.get("there", "")), values)
    else:
        step(connection, values)
