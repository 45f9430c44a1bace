"""What an operator asks beside running the bot: what became of a message, what waits, and who set what in the chat."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from difflib import ndiff
from pathlib import Path

import click

from bots.links import parse_message_name
from bots.open_database import telling_why
from core.storage.preferences import PreferenceChoice, forget_person, read_record
from core.storage.settings import StorageSettings
from core.storage.timeline import Timeline, TimelineReader, reopen_turn, running_process
from core.storage.tool_pins import ToolPin, accept_tools, read_pins

MOST_LISTED = 100
LOOK_AGAIN = signal.SIGUSR1  # tells a running bot that something waits that it did not receive itself
database_option = click.option("--database", type=click.Path(path_type=Path), help="Instead of CONFAB_DATABASE.")


@click.command()
@click.argument("message")
@database_option
@click.pass_obj
def why(usual: StorageSettings, message: str, database: Path | None) -> None:
    """Tell what became of a MESSAGE: its link, its id, or the reference that a person was given."""
    with _open_records(database or usual.path, usual) as records:
        found = _find_turns(records, message)
    click.echo("\n\n".join(_format_timeline(each) for each in found))


@click.command()
@click.option("--failed", is_flag=True, help="Only those that will not be answered by themselves.")
@database_option
@click.pass_obj
def turns(usual: StorageSettings, failed: bool, database: Path | None) -> None:
    """List what is not answered: waiting, failed, or uncertain; the latest first."""
    with _open_records(database or usual.path, usual) as records:
        found = records.unfinished_turns(failed=failed)
    for each in found[:MOST_LISTED]:
        click.echo(_format_line(each))
    if len(found) > MOST_LISTED:
        click.echo(f"and {len(found) - MOST_LISTED} older ones.")
    if not found:
        click.echo("None.")


@click.command()
@click.argument("message")
@database_option
@click.pass_obj
def again(usual: StorageSettings, message: str, database: Path | None) -> None:
    """Answer a failed or uncertain MESSAGE once more, named as for `why`; the bot may run meanwhile."""
    path = database or usual.path
    with _open_records(path, usual) as records:
        found = _find_turns(records, message)
    with telling_why(path):
        key = usual.read_key()
        opened = [each for each in found if reopen_turn(path, each.id, key)]
    if not opened:
        raise click.ClickException("It neither failed nor is uncertain, or its question was deleted.")
    click.echo(wake_bot(path))


@click.command()
@click.option("--forget", metavar="PLATFORM:PERSON", help="Drop what this person chose, and their name.")
@database_option
@click.pass_obj
def choices(usual: StorageSettings, forget: str | None, database: Path | None) -> None:
    """List what was set in the chat: when, where, by whom, from what to what; the latest first."""
    path = database or usual.path
    with telling_why(path):
        if forget:
            platform, _, person = forget.partition(":")
            count = forget_person(path, platform, person, usual.read_key())
            click.echo(f"{count} rows were dropped or lost their name.")
            wake_bot(path)
            return
        found = read_record(path, usual.read_key())
    for each in found:
        click.echo(_format_choice(each))
    if not found:
        click.echo("None.")


@click.command()
@click.option("--accept", metavar="NAME", help="Offer a held tool as it is now, or all held ones of a source.")
@database_option
@click.pass_obj
def tools(usual: StorageSettings, accept: str | None, database: Path | None) -> None:
    """List the tools that sources have told of, and what has changed in those that are held."""
    path = database or usual.path
    with telling_why(path):
        if accept:
            accepted = accept_tools(path, accept, usual.read_key())
            click.echo(f"Accepted: {', '.join(accepted) or 'none, as none of that name is held'}.")
            wake_bot(path)
            return
        found = read_pins(path, usual.read_key())
    for each in found:
        click.echo(_format_pin(each))
    if not found:
        click.echo("None.")


def _find_turns(records: TimelineReader, message: str) -> list[Timeline]:
    name = parse_message_name(message)
    found = records.find_turns(name.message_id, name.channel, name.reference) if name else []
    if not found:
        raise click.ClickException("Nothing is known of it: it was not addressed to Confab, or never arrived.")
    return found


@contextmanager
def _open_records(path: Path, usual: StorageSettings) -> Iterator[TimelineReader]:
    """Open a database for reading; a sentence where that cannot be done."""
    with telling_why(path), closing(TimelineReader(path, usual.read_key())) as records:
        yield records


def wake_bot(path: Path) -> str:
    """Let a bot that runs know, and say when the turn will be taken up."""
    process = running_process(path)
    if process is None:
        return "It is answered when Confab starts."
    try:
        if process:
            os.kill(process, LOOK_AGAIN)
            return "It is being answered."
    except OSError:
        pass  # it runs as somebody else, or in a container
    return "Confab runs where it cannot be told: it is answered after its next start."


def _format_timeline(turn: Timeline) -> str:
    """Return a turn's timeline, a line a step."""
    tries = "1 attempt" if turn.attempts == 1 else f"{turn.attempts} attempts"
    head = f"{turn.id[:8]}  {turn.key}  message {turn.message_id}: {turn.state}, {tries}"
    lines = [f"  {_format_time(each.at)}  {each.what:<10}  {each.detail}".rstrip() for each in turn.events]
    return "\n".join([f"{head}, last error {turn.error}" if turn.error else head, *lines])


def _format_choice(choice: PreferenceChoice) -> str:
    """Return who set what, where, from what to what; `usual` is what the operator or the channel says."""
    scope = choice.scope
    where = f"person {scope.person}" if scope.person else f"{scope.workspace}/{scope.channel}"
    change = f"{choice.name}: {choice.was or 'usual'} -> {choice.value or 'usual'}"
    return f"{_format_time(choice.at)}  {scope.platform}/{where}  {change}  by {choice.chosen_by or '(forgotten)'}"


def _format_pin(pin: ToolPin) -> str:
    """Return how a tool stands; of one that is held, what it said when it was accepted (-), and says now (+)."""
    if not pin.is_held:
        return f"{pin.tool}: offered while its source is there"
    was, now = (json.dumps(json.loads(text), indent=1, ensure_ascii=False) for text in (pin.accepted, pin.told))
    changes = [line for line in ndiff(was.splitlines(), now.splitlines()) if line[0] in "+-"]
    shown = "".join(f"\n  {each}" for each in changes)
    return f"{pin.tool}: held since {_format_time(pin.changed_at)}, as it says something else of itself{shown}"


def _format_line(turn: Timeline) -> str:
    received = next(each.at for each in turn.events if each.what == "received")
    return f"{turn.id[:8]}  {_format_time(received)}  {turn.state:<9}  {turn.key}  {turn.error}".rstrip()


def _format_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
