"""What can be looked up as an operator puts it in, lists it and takes it away; the bot may run meanwhile."""

import asyncio
import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from bots.open_database import open_existing, open_for_writing
from bots.operator_commands import database_option, wake_bot
from bots.platforms import PLATFORMS
from core.files.documents import Documents
from core.files.kinds import kind_of
from core.knowledge.errors import LARGEST, TOO_LARGE, SourceUnreadable
from core.knowledge.indexer import READ_TEXT, is_indexed_kind, read_content
from core.knowledge.listing import describe_conversation, describe_source, split_off_exchanges
from core.messages import Attachment, ConversationKey
from core.sanitize import valid_text
from core.storage import knowledge
from core.storage.connection import Connection
from core.storage.knowledge import NewSource
from core.storage.settings import StorageSettings
from core.storage.timeline import running_process

EVERYWHERE = ConversationKey("", "", "", "")
PATIENCE = 60.0  # seconds without any progress for which a bot that runs is watched
LOOK = 0.2  # seconds between two looks at it
FORMS = " or ".join(f"{each.name}:WORKSPACE:{each.section.channel[1]}" for each in PLATFORMS)


@dataclass(frozen=True, slots=True)
class ChannelName(click.ParamType[ConversationKey]):
    """A channel as operators name it: its platform, its workspace or server, and its id."""

    name = "PLATFORM:WORKSPACE:CHANNEL"

    def convert(
        self, value: str | ConversationKey, param: click.Parameter | None, ctx: click.Context | None
    ) -> ConversationKey:
        """Return the channel; a sentence where it is none on any platform."""
        if isinstance(value, ConversationKey):
            return value
        platform, _, place = value.partition(":")
        workspace, _, channel = place.partition(":")
        known = {each.name: each.section.channel[0] for each in PLATFORMS}
        if not workspace or platform not in known or not re.fullmatch(known[platform], channel):
            self.fail(f"a channel is named as {FORMS}.", param, ctx)
        return ConversationKey(platform, workspace, channel, "")


channel_option = click.option("--channel", type=ChannelName(), help="As `sources` shows it; without it, every channel.")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@channel_option
@database_option
@click.pass_obj
def learn(
    usual: StorageSettings, paths: tuple[Path, ...], channel: ConversationKey | None, database: Path | None
) -> None:
    """Let what stands in files and folders be looked up, in one channel or in all; what was there before is renewed."""
    path, files = database or usual.path, list(_list_files(paths))
    waiting, faults = list[int](), 0
    with open_for_writing(path, usual) as connection:
        for number, file in enumerate(files, start=1):
            try:
                source = _read_source(file, channel or EVERYWHERE)
            except (SourceUnreadable, OSError) as fault:
                faults += 1
                click.echo(f"[{number}/{len(files)}] {file}: not read, since {fault}", err=True)
                continue
            waiting.append(_put_in(connection, source))
            click.echo(f"[{number}/{len(files)}] {file}")
        told = wake_bot(path)
        if waiting and running_process(path) is not None and "being" in told:
            _watch_bot(connection, waiting)
    later = "" if running_process(path) is not None else " They can be looked up once Confab has started."
    click.echo(f"{len(waiting)} of {len(files)} files were put in.{later if waiting else ''}")
    if faults:
        raise click.ClickException(f"{faults} of the files were not put in.")


@click.command()
@channel_option
@click.option("--remove", metavar="NUMBER", type=int, help="Take the source of this number away.")
@database_option
@click.pass_obj
def sources(usual: StorageSettings, channel: ConversationKey | None, remove: int | None, database: Path | None) -> None:
    """List what can be looked up, each posting with its state, the newest first."""
    with open_existing(database or usual.path, usual) as connection:
        if remove is not None:
            if not knowledge.delete_source(connection, remove):
                raise click.ClickException("There is no source of that number.")
            click.echo(f"{remove} is no longer looked up.")
            return
        found = knowledge.list_sources(connection)
    key = channel and (channel.platform, channel.workspace, channel.channel)
    shown = [each for each in found if not key or (each.key.platform, each.key.workspace, each.key.channel) == key]
    files, exchanges = split_off_exchanges(shown)
    for each in files:
        click.echo(f"{each.seq}  {_name_place(each.key)}  {each.name}  {describe_source(each)}")
    for place in sorted({_name_place(each.key) for each in exchanges}):
        there = [each for each in exchanges if _name_place(each.key) == place]
        click.echo(f"-  {place}  conversation  {describe_conversation(there)}")
    if not shown:
        click.echo("None.")


def _name_place(key: ConversationKey) -> str:
    return f"{key.platform}:{key.workspace}:{key.channel}" if key.platform else "everywhere"


def _list_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, and in folders those that may be read; nothing that is hidden there."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            files = [Path(folder) / each for each in sorted(names) if not each.startswith(".")]
            yield from (each for each in files if is_indexed_kind(_kind_of(each)))


def _kind_of(path: Path) -> str:
    return kind_of(Attachment("", path.name, "", ""))


def _read_source(path: Path, key: ConversationKey) -> NewSource:
    """Return a file as it waits: with what stands in it; raises SourceUnreadable or OSError."""
    if path.stat().st_size > LARGEST:
        raise SourceUnreadable(TOO_LARGE)
    read = asyncio.run(read_content(Documents(), path.read_bytes(), _kind_of(path), ("", "")))
    name, place = valid_text(path.name), valid_text(str(path.resolve()))
    payload = READ_TEXT.dump_json(read).decode()
    return NewSource(key, "", place, "import", name, "", path.stat().st_mtime, payload)


def _put_in(connection: Connection, source: NewSource) -> int:
    """Put a source in, in the place of the same file as it was before; return its number."""
    connection.begin()
    knowledge.delete_import(connection, source.key, source.file_id)
    knowledge.insert_source(connection, source)
    seq = knowledge.newest_source(connection)
    connection.commit()
    return seq


def _watch_bot(connection: Connection, waiting: list[int]) -> None:
    """Show how far a bot that runs has come with what was put in, until it is done or makes no progress."""
    total, left, until = len(waiting), len(waiting), time.monotonic() + PATIENCE
    while left and time.monotonic() < until:
        now = knowledge.count_waiting(connection, waiting)
        if now < left:
            until = time.monotonic() + PATIENCE
            click.echo(f"{total - now} of {total} can be looked up …", err=True)
        left = now
        if left:
            time.sleep(LOOK)
    if left:
        click.echo(f"{left} still wait: is CONFAB_KNOWLEDGE on? `sources` lists them.", err=True)
