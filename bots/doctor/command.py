"""`python -m bots doctor`: looks whether all is well, without starting."""

import asyncio
import os
import sys
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import click
from dotenv import dotenv_values

from bots.doctor.check import Check
from bots.doctor.examination import examine, format_checks, is_well
from bots.doctor.settings import check_encoding, check_settings
from bots.local_model import settings_with_model
from bots.logs import configure_logging
from bots.settings import Settings
from core.errors import SettingsError

EX_CONFIG = 78  # sysexits.h: settings that cannot be used


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--env-file", type=click.Path(path_type=Path), default=".env", show_default=True, help="Read it, too.")
def doctor(*, as_json: bool, env_file: Path) -> None:
    """Look whether all is well, and say what to mend: status 0 well, 1 something to mend, 78 settings unusable."""
    configure_logging("error", "text")
    content = env_file.read_bytes() if env_file.is_file() else b""
    file = content.decode("utf-8-sig", errors="replace")
    sources = (dotenv_values(stream=StringIO(file)), os.environ)
    given = {name: value for source in sources for name, value in source.items() if value}
    settings, found = check_settings(given, file)
    checks = [*check_encoding(content), *found]
    if settings:
        checks += asyncio.run(_examine_with_model(settings, given))
    click.echo(format_checks(checks, as_json=as_json))
    sys.exit(EX_CONFIG if settings is None else 0 if is_well(checks) else 1)


async def _examine_with_model(settings: Settings, given: Mapping[str, str]) -> list[Check]:
    """Return what is found while the model of CONFAB_LOCAL_MODEL runs, where one is set."""
    try:
        async with settings_with_model(settings, os.environ) as served:
            return await examine(served, environ=given)
    except SettingsError as error:
        mend = "Correct CONFAB_LOCAL_MODEL, or leave it empty."
        return [Check("model.file", "fail", fault, mend) for fault in error.faults]
