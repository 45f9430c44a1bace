"""All that is kept of a person, as they are given it: statements on a connection."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from typing import Any

from core.storage.audit import insert_deed
from core.storage.connection import Connection
from core.storage.erase_everywhere import Person
from core.storage.erase_rules import RULES
from core.storage.named_values import run_named

Exported = Mapping[str, list[Mapping[str, Any]]]
"""A person's rows by the table they are in, each by its columns' names; times in seconds since the epoch."""


def export_person(connection: Connection, whom: Person, by: Sequence[str] = ()) -> Exported:
    """Return all that is kept of a person, and note that they, or the operator, were given it."""
    insert_deed(connection, "exported a person", by, astuple(whom))
    return collect_personal_data(connection, whom)


def collect_personal_data(connection: Connection, whom: Person) -> Exported:
    """Return a person's rows of every table that has some."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for table, rule in RULES.items():
        for columns, rows in rule.exported.items():
            names = [column.split(" AS ")[-1].strip() for column in columns.split(",")]
            for row in run_named(connection, f"SELECT {columns} FROM {rows}", asdict(whom)):
                found.setdefault(table, []).append(dict(zip(names, row, strict=True)))
    return found
