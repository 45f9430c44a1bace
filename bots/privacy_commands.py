"""What an operator does for people with what is kept of them: told, given out, erased; and the audit of it."""

import csv
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from bots.open_database import open_existing, telling_why
from bots.operator_commands import database_option, wake_bot
from bots.platforms import PLATFORMS
from bots.privacy import GLOBAL_IDS, privacy_facts_of
from bots.settings import Settings
from core.errors import SettingsError
from core.privacy.export import export_as_json
from core.privacy.hold import LegalHold
from core.privacy.report import format_forgotten
from core.privacy.settings import PrivacySettings
from core.privacy.statement import fill_form, format_statement
from core.storage.audit import read_audit
from core.storage.connection import Connection
from core.storage.erase_everywhere import Counts, Person
from core.storage.errors import StorageUnavailable
from core.storage.export import export_person
from core.storage.forgetting import forget_person, places_of_person
from core.storage.scrub import scrub_file
from core.storage.settings import StorageSettings
from core.storage.tombstones import save_tombstones, select_tombstones

T = TypeVar("T")
EXAMPLE = f"{PLATFORMS[0].name}:T1:U1"
WHO = f"As {EXAMPLE}; without T1, everywhere."
user_option = click.option("--user", "whom", required=True, metavar="PLATFORM:WORKSPACE:ID", help=WHO)
HELD = "Nothing was erased: that is under the legal hold of CONFAB_LEGAL_HOLD."
BUSY = "What was erased still stands in free space of the file: run this again, or let Confab run, which scrubs it."
EX_CONFIG = 78  # sysexits.h


@click.command()
@user_option
@database_option
@click.pass_obj
def forget(usual: StorageSettings, whom: str, database: Path | None) -> None:
    """Erase all that is kept of a person; Confab may run meanwhile."""
    path, person = database or usual.path, _parse_person(whom)
    hold = LegalHold(_read_hold())
    with open_existing(path, usual) as connection:
        if hold.holds_person(person) or hold.holds_any(places_of_person(connection, person)):
            raise click.ClickException(HELD)
        counts = _in_transaction(connection, lambda: forget_person(connection, person))
        save_tombstones(path, select_tombstones(connection))
        click.echo(_format_counts(counts))
        try:
            scrub_file(connection)
        except StorageUnavailable:
            click.echo(BUSY)
    wake_bot(path)


@click.command()
@user_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Into this file, in place of the screen.")
@database_option
@click.pass_obj
def export(usual: StorageSettings, whom: str, out: Path | None, database: Path | None) -> None:
    """Give out all that is kept of a person, as JSON."""
    with open_existing(database or usual.path, usual) as connection:
        found = _in_transaction(connection, lambda: export_person(connection, _parse_person(whom)))
    text = export_as_json(found)
    if out:
        out.write_text(f"{text}\n", encoding="utf-8")
    else:
        click.echo(text)


@click.command()
@click.option("--form", is_flag=True, help="Answers for platforms' forms, and for a privacy policy.")
def privacy(form: bool) -> None:
    """Tell from the settings what is kept for how long, who gets what, and how to have it erased."""
    try:
        settings = Settings.load(os.environ)
        facts, usual = privacy_facts_of(settings, os.environ), settings.conversations
    except SettingsError as error:
        click.echo("\n".join(["The settings cannot be read:", *(f"  - {fault}" for fault in error.faults)]), err=True)
        sys.exit(EX_CONFIG)
    if form:
        forms = [each.privacy_form for each in PLATFORMS if each.privacy_form]
        click.echo("\n".join(fill_form(each, facts, usual) for each in forms))
        return
    click.echo(format_statement(facts, usual))
    for name, own in settings.conversations.channels.items():
        if "retention_days" in own.model_fields_set:
            click.echo(f"\n--- in {name} ---\n\n{format_statement(facts, usual.overlaid(own))}")


@click.command()
@click.option("--user", "whom", metavar="PLATFORM:WORKSPACE:ID", help="What this person did, or had done to them.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--csv", "as_csv", is_flag=True, help="For spreadsheets.")
@database_option
@click.pass_obj
def audit(usual: StorageSettings, whom: str | None, as_json: bool, as_csv: bool, database: Path | None) -> None:
    """List who did what to settings and to what is kept, the first of it first; people are keyed hashes."""
    path = database or usual.path
    with telling_why(path):
        found = read_audit(path, usual.read_key(), astuple(_parse_person(whom)) if whom else ())
    rows = [{**asdict(each), "at": datetime.fromtimestamp(each.at, UTC).isoformat()} for each in found]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif as_csv:
        table = csv.DictWriter(sys.stdout, ["at", "actor", "action", "subject", "detail"])
        table.writeheader()
        table.writerows(rows)
    else:
        for row in rows:
            click.echo("  ".join(str(value) for value in row.values() if value))
        if not rows:
            click.echo("None.")


def _parse_person(whom: str) -> Person:
    parts = whom.split(":")
    if len(parts) not in {2, 3} or not all(parts):
        raise click.BadParameter(f"a person looks like {EXAMPLE}")
    platform, person = parts[0], parts[-1]
    workspace = parts[1] if len(parts) == 3 and platform not in GLOBAL_IDS else ""
    return Person(platform, workspace, person)


def _read_hold() -> tuple[str, ...]:
    name = PrivacySettings.names()[0]
    given = os.environ.get(name, "").strip()
    return PrivacySettings.model_validate({name: given}).legal_hold if given else ()


def _in_transaction(connection: Connection, work: Callable[[], T]) -> T:
    connection.begin()
    try:
        done = work()
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return done


def _format_counts(counts: Counts) -> str:
    return format_forgotten(counts, of_person=True).replace("_", "")
