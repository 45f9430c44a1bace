"""The database as commands open it: a sentence in place of an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from core.errors import SettingsError
from core.storage.beside import open_beside
from core.storage.connection import Connection
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.settings import StorageSettings

NOT_THERE = "{path} is not there: Confab makes it at its first start. Name another one with --database."


@contextmanager
def open_for_writing(path: Path, usual: StorageSettings) -> Iterator[Connection]:
    """Open the database beside a bot that may run, made where there is none; end with a sentence where that fails."""
    with telling_why(path), open_beside(path, usual.read_key()) as connection:
        yield connection


@contextmanager
def open_existing(path: Path, usual: StorageSettings) -> Iterator[Connection]:
    """The same, where nothing is made: end with a sentence where there is no database."""
    _require(path)
    with open_for_writing(path, usual) as connection:
        yield connection


@contextmanager
def telling_why(path: Path) -> Iterator[None]:
    """End with a sentence where the database can be neither read nor written."""
    try:
        yield
    except (StorageUnavailable, StatementRefused, SettingsError, OSError) as error:
        _require(path)
        raise click.ClickException(f"{path} cannot be used ({error}): name the file with --database.") from None


def _require(path: Path) -> None:
    if not path.exists():
        raise click.ClickException(NOT_THERE.format(path=path))
