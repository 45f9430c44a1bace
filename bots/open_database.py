"""The database as commands open it that write: a sentence in place of an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from core.errors import SettingsError
from core.storage.beside import open_beside
from core.storage.connection import Connection
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.settings import StorageSettings


@contextmanager
def open_for_writing(path: Path, usual: StorageSettings) -> Iterator[Connection]:
    """Open the database beside a bot that may run; end with a sentence where it can be neither read nor written."""
    try:
        with open_beside(path, usual.read_key()) as connection:
            yield connection
    except (StorageUnavailable, StatementRefused, SettingsError, OSError) as error:
        raise click.ClickException(f"{path} cannot be used ({error}): name the file with --database.") from None
