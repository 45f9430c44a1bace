"""The database copied and put back, as an operator asks for it."""

from pathlib import Path

import click

from bots.operator_commands import database_option
from core.storage.backup import CopyRefused, back_up, restore
from core.storage.errors import DatabaseBusy, StatementRefused, StorageUnavailable

REFUSED = (CopyRefused, DatabaseBusy, StatementRefused, StorageUnavailable, OSError)
copy_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command("backup")
@copy_argument
@database_option
@click.pass_obj
def back_up_database(usual: Path, file: Path, database: Path | None) -> None:
    """Copy the database into FILE, also while Confab runs; an earlier copy of that name is replaced."""
    path = database or usual
    try:
        back_up(path, file)
    except REFUSED as error:
        raise click.ClickException(f"{path} was not copied: {error}") from None
    click.echo(f"{file} is a whole copy of {path}.")


@click.command("restore")
@copy_argument
@database_option
@click.pass_obj
def restore_database(usual: Path, file: Path, database: Path | None) -> None:
    """Put the copy FILE in the database's place, once it is seen to be whole; Confab must not run."""
    path = database or usual
    try:
        kept = restore(file, path)
    except REFUSED as error:
        raise click.ClickException(f"{path} is as it was: {error}") from None
    click.echo(f"{path} is what {file} holds." + (f" What it held before is in {kept}." if kept else ""))
