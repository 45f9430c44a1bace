"""Statements whose values have names, as several take the same ones: `@person` in place of a `?`."""

from collections.abc import Mapping
from typing import Any

import re2

from core.storage.connection import Connection, Row

NAME = re2.compile(r"@([a-z_][a-z_0-9]*)")

NamedValues = Mapping[str, Any]


def run_named(connection: Connection, statement: str, values: NamedValues) -> list[Row]:
    """Run a statement with the values that it names, each as often as it stands there; return all rows it gives."""
    names = [match.group(1) for match in NAME.finditer(statement)]
    return connection.execute(NAME.sub("?", statement), [values[name] for name in names])
