"""The commands of Confab, and how it says that it cannot start. Imported by nobody."""

import asyncio
import os
import sys
from io import StringIO
from pathlib import Path

import click
import structlog
from dotenv import dotenv_values

from bots.app import run_bot
from bots.copying import back_up_database, rekey_database, restore_database
from bots.doctor.check import Check
from bots.doctor.examination import examine, format_checks, is_well
from bots.doctor.settings import check_settings
from bots.local_model import settings_with_model
from bots.logs import configure_logging
from bots.operator_commands import again, choices, turns, why
from bots.settings import Settings
from bots.setup.walk import set_up
from core.errors import BotError, SettingsError, StartRefused
from core.storage.errors import DatabaseBusy, DatabaseUnusable
from core.storage.settings import StorageSettings

log = structlog.get_logger()

EX_CONFIG = 78  # sysexits.h: a restart would not help
EX_UNAVAILABLE = 69  # sysexits.h: the platform refuses us
EX_IOERR = 74  # sysexits.h: the database is damaged, or has no room
EX_TEMPFAIL = 75  # sysexits.h: a later start may find the database free


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Confab: a language model as a colleague in a team's chat."""
    context.obj = _storage()
    if context.invoked_subcommand is None:
        context.invoke(run)


for command in (why, turns, again, choices, back_up_database, restore_database, rekey_database, set_up):
    main.add_command(command)


@main.command()
def run() -> None:
    """Run the bot with what the environment says, until SIGTERM or Ctrl-C."""
    try:
        settings = Settings.load(os.environ)
        configure_logging(settings.process.log_level, settings.process.log_format)
        asyncio.run(run_bot(settings))
    except SettingsError as error:
        _leave("Confab cannot start:", error.faults, EX_CONFIG)
    except DatabaseBusy as error:
        _leave("Confab cannot start:", [str(error)], EX_TEMPFAIL)
    except DatabaseUnusable as error:
        _leave("Confab cannot start:", [str(error)], EX_IOERR)
    except StartRefused as error:
        _leave("Confab cannot go on:", [str(error)], error.status)
    except BotError as error:
        _leave("Confab cannot go on:", [f"{error}. {error.hint}"], EX_UNAVAILABLE)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--env-file", type=click.Path(path_type=Path), default=".env", show_default=True, help="Read it, too.")
def doctor(as_json: bool, env_file: Path) -> None:
    """Look whether all is well, and say what to mend: status 0 well, 1 something to mend, 78 settings unusable."""
    configure_logging("error", "text")
    file = env_file.read_text(encoding="utf-8", errors="replace") if env_file.is_file() else ""
    sources = (dotenv_values(stream=StringIO(file)), os.environ)
    given = {name: value for source in sources for name, value in source.items() if value}
    settings, checks = check_settings(given, file)
    if settings:
        checks += asyncio.run(_examine_with_model(settings))
    click.echo(format_checks(checks, as_json=as_json))
    sys.exit(EX_CONFIG if settings is None else 0 if is_well(checks) else 1)


async def _examine_with_model(settings: Settings) -> list[Check]:
    """Return what is found while the model of CONFAB_LOCAL_MODEL runs, where one is set."""
    try:
        async with settings_with_model(settings, os.environ) as served:
            return await examine(served)
    except SettingsError as error:
        mend = "Correct CONFAB_LOCAL_MODEL, or leave it empty."
        return [Check("model.file", "fail", fault, mend) for fault in error.faults]


def _storage() -> StorageSettings:
    """Return where the database is and with which key, for commands that need no other setting."""
    given = {name: os.environ.get(name, "").strip() for name in StorageSettings.names()}
    return StorageSettings.model_validate({name: value for name, value in given.items() if value})


def _leave(title: str, lines: list[str], code: int) -> None:
    click.echo("\n".join([title, *(f"  - {line}" for line in lines)]), err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
