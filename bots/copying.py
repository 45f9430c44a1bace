"""The database copied and put back, as an operator asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from bots.operator_commands import database_option
from core.errors import SettingsError
from core.storage.backup import CopyRefused, back_up, rekey, restore
from core.storage.errors import DatabaseBusy, StatementRefused, StorageUnavailable
from core.storage.settings import StorageSettings

REFUSED = (CopyRefused, DatabaseBusy, StatementRefused, StorageUnavailable, SettingsError, OSError)
copy_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command("backup")
@copy_argument
@database_option
@click.pass_obj
def back_up_database(usual: StorageSettings, file: Path, database: Path | None) -> None:
    """Copy the database into FILE, also while Confab runs; an earlier copy of that name is replaced."""
    path = database or usual.path
    with _telling_why(f"{path} was not copied"):
        back_up(path, file, usual.read_key())
    click.echo(f"{file} is a whole copy of {path}.")


@click.command("restore")
@copy_argument
@database_option
@click.pass_obj
def restore_database(usual: StorageSettings, file: Path, database: Path | None) -> None:
    """Put the copy FILE in the database's place, once it is seen to be whole; Confab must not run."""
    path = database or usual.path
    with _telling_why(f"{path} is as it was"):
        kept = restore(file, path, usual.read_key())
    click.echo(f"{path} is what {file} holds." + (f" What it held before is in {kept}." if kept else ""))


@click.command("rekey")
@click.argument("file", type=click.File(encoding="utf-8"))
@database_option
@click.pass_obj
def rekey_database(usual: StorageSettings, file: TextIO, database: Path | None) -> None:
    """Encrypt the database anew with the key in FILE (-: what is typed or piped in); Confab must not run.

    An empty FILE takes the encryption away. The key that it has now is read as ever, from CONFAB_DATABASE_KEY.
    """
    path, new_key = database or usual.path, file.readline().strip()
    with _telling_why(f"{path} is as it was"):
        rekey(path, usual.read_key(), new_key)
    told = "is encrypted with the new key: set CONFAB_DATABASE_KEY to it" if new_key else "is encrypted no more"
    click.echo(f"{path} {told}. Copies that were made before keep the key that they had.")


@contextmanager
def _telling_why(outcome: str) -> Iterator[None]:
    """End with a sentence where nothing was done."""
    try:
        yield
    except REFUSED as error:
        raise click.ClickException(f"{outcome}: {error}") from None
