"""`python -m bots run`: runs the bot, and says in a sentence why it cannot start or go on."""

import asyncio
import os
import sys

import click

from bots.app import run_bot
from bots.logs import configure_logging
from bots.settings import Settings
from core.errors import BotError, SettingsError, StartRefused
from core.storage.errors import DatabaseBusy, DatabaseUnusable

EX_CONFIG = 78  # sysexits.h: a restart would not help
EX_UNAVAILABLE = 69  # sysexits.h: the platform refuses us
EX_IOERR = 74  # sysexits.h: the database is damaged, or has no room
EX_TEMPFAIL = 75  # sysexits.h: a later start may find the database free


@click.command()
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


def _leave(title: str, lines: list[str], code: int) -> None:
    click.echo("\n".join([title, *(f"  - {line}" for line in lines)]), err=True)
    sys.exit(code)
