"""Applies steps of the schema with sqlite-utils, which notes in the file what it has."""

import sqlite3
from collections.abc import Callable, Sequence

from sqlite_utils import Database, Migrations

from core.storage.schema.steps import SET, SchemaStep


def apply_steps(file: sqlite3.Connection, steps: Sequence[SchemaStep]) -> None:
    """Apply what a file does not have yet, in one transaction."""
    migrations, database = Migrations(SET), Database(file)
    for step in steps:
        migrations(name=step.name)(_runner_of(step.script))
    with database.atomic():  # one write to the disk in place of one for each step
        migrations.apply(database)


def _runner_of(script: str) -> Callable[[Database], None]:
    """Return what runs statements, each of which ends with a line, in the transaction that there is.

    sqlite-utils would look at each letter.
    """

    def run_script(database: Database) -> None:
        statement = ""
        for line in script.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                database.execute(statement)
                statement = ""

    return run_script
