"""`python -m bots usage`: what was spent, for people, as CSV, or as JSON."""

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import click

from bots.open_database import telling_why
from bots.operator_commands import database_option
from core.policy import ChannelSettings
from core.spending.sentences import format_dollars
from core.spending.usage import UsageRow
from core.storage.settings import StorageSettings
from core.storage.usage import Grouping, UsageLine, read_usage_file

GROUPINGS = [each for each in get_args(Grouping) if each]
WIDTH = 28  # characters of a scope or a model's name in the table


@click.command()
@click.option("--by", type=click.Choice(GROUPINGS), default=None, help="What the sums are for; else for all together.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="The first day, in CONFAB_TIME_ZONE; else all there is."
)
@click.option("--csv", "as_csv", is_flag=True, help="For spreadsheets.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@database_option
@click.pass_obj
def usage(
    usual: StorageSettings,
    by: Grouping | None,
    since: datetime | None,
    as_csv: bool,
    as_json: bool,
    database: Path | None,
) -> None:
    """Tell what was spent: calls, tokens, audio and dollars, by purpose and model; never with texts."""
    zone = _workspace_zone()
    begin = since.replace(tzinfo=zone).timestamp() if since else 0.0
    path = database or usual.path
    with telling_why(path):
        found = read_usage_file(path, usual.read_key(), by or "", begin, zone)
    if as_json:
        click.echo(json.dumps([asdict(UsageRow.of_line(each)) for each in found], indent=2))
    elif as_csv:
        click.echo(_format_csv(found), nl=False)
    else:
        click.echo(_format_table(found))


def _workspace_zone() -> ZoneInfo:
    """Return the time zone in which the workspace's days begin; UTC where the setting names none."""
    told = os.environ.get("CONFAB_TIME_ZONE", "").strip()
    try:
        return ZoneInfo(told or ChannelSettings().time_zone)
    except (ValueError, OSError):
        return ZoneInfo("UTC")


def _format_csv(lines: Sequence[UsageLine]) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, [each.name for each in fields(UsageRow)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(UsageRow.of_line(each)) for each in lines)
    return target.getvalue()


def _format_table(lines: Sequence[UsageLine]) -> str:
    """Return a line each, and what all came to."""
    if not lines:
        return "Nothing was spent."
    head = ("scope", "purpose", "model", "calls", "in", "cached", "out", "audio", "dollars")
    rows = [head, *map(_cells_of, lines)]
    known, unpriced = sum(each.nanos for each in lines), sum(each.unpriced for each in lines)
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    table = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    note = f", and {unpriced} calls at a price that is not known" if unpriced else ""
    return "\n".join([*table, f"In all {format_dollars(known)}{note}."])


def _cells_of(line: UsageLine) -> tuple[str, ...]:
    names = (line.scope[:WIDTH], line.purpose, line.model[:WIDTH])
    numbers = (line.calls, line.input, line.cached, line.output)
    cost = "unknown" if line.unpriced else format_dollars(line.nanos)
    return (*names, *(f"{each:,}" for each in numbers), f"{line.audio_ms / 1_000:,.0f} s", cost)
