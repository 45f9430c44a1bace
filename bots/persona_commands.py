"""Personas as an operator takes them in, lists them and gives them out; the bot may run meanwhile."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import click

from bots.open_database import open_existing, open_for_writing
from bots.operator_commands import database_option, wake_bot
from core.personas.card import CardFault, mapping_in, with_lorebook
from core.personas.card_files import MOST_BYTES, ImportedCard, read_card_file, write_card_png
from core.personas.importing import format_document, read_document, to_record
from core.storage.connection import Connection
from core.storage.personas import (
    ListedPersona,
    StoredCard,
    count_personas,
    delete_persona,
    find_personas,
    insert_personas,
    search_personas,
    select_card,
    select_picture,
)
from core.storage.settings import StorageSettings

TOGETHER = 100  # cards of one transaction: a bot that runs writes between two of them
PROGRESS = 1_000
MOST_LISTED = 100
ENDINGS = (".png", ".apng", ".json", ".charx")  # of the files that are taken out of a folder


@click.group()
def personas() -> None:
    """Take in, list and give out who the bot can be."""


@personas.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--into", metavar="NAME", help="Add the lorebooks in FILES to this persona.")
@database_option
@click.pass_obj
def import_cards(usual: StorageSettings, files: tuple[Path, ...], into: str | None, database: Path | None) -> None:
    """Take in the cards and lorebooks in FILES: PNG, JSON or CHARX, or folders of them."""
    path = database or usual.path
    counts, faults = {"added": 0, "changed": 0, "known": 0}, list[str]()
    with open_for_writing(path, usual) as connection:
        cards = _read_files(_list_files(files), faults)
        if into:
            cards = iter([_with_lorebooks(connection, into, cards)])
        while batch := list(islice(cards, TOGETHER)):
            for outcome in insert_personas(connection, map(to_record, batch)):
                counts[outcome] += 1
                if sum(counts.values()) % PROGRESS == 0:
                    click.echo(f"{sum(counts.values())} …", err=True)
    wake_bot(path)
    click.echo(f"{counts['added']} added, {counts['changed']} with a new version, {counts['known']} known already.")
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise click.ClickException(f"{len(faults)} of the files were not taken in.")


@personas.command("export")
@click.argument("name")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Write a picture with the card in it.")
@database_option
@click.pass_obj
def export_card(usual: StorageSettings, name: str, png: Path | None, database: Path | None) -> None:
    """Write the newest card of NAME as V3: as JSON to standard output, or as a PNG."""
    with open_existing(database or usual.path, usual) as connection:
        card = _card_named(connection, name)
        picture = select_picture(connection, card.picture) if card.picture else None
    if png is None:
        click.echo(format_document(card))
        return
    try:
        png.write_bytes(write_card_png(read_document(card), picture[1] if picture else b""))
    except (CardFault, OSError) as error:
        raise click.ClickException(f"{png} was not written: {error}") from None
    click.echo(f"{png} holds {card.name}.")


@personas.command("list")
@click.argument("words", nargs=-1)
@database_option
@click.pass_obj
def list_cards(usual: StorageSettings, words: tuple[str, ...], database: Path | None) -> None:
    """List the personas that WORDS name or describe; without them, the first by name."""
    with open_existing(database or usual.path, usual) as connection:
        found = search_personas(connection, " ".join(words), MOST_LISTED + 1)
        every = count_personas(connection)
    for each in found[:MOST_LISTED]:
        click.echo(_format_line(each))
    if len(found) > MOST_LISTED:
        click.echo(f"and more: there are {every}. Name some words to look for.")
    if not found:
        click.echo("None.")


@personas.command("remove")
@click.argument("name")
@database_option
@click.pass_obj
def remove_card(usual: StorageSettings, name: str, database: Path | None) -> None:
    """Drop NAME with all its versions; where it spoke, the bot itself does from then on."""
    path = database or usual.path
    with open_existing(path, usual) as connection:
        card = _card_named(connection, name)
        delete_persona(connection, card.persona)
    wake_bot(path)
    click.echo(f"{card.name} is gone.")


def _list_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, and those in folders that end as cards do."""
    for path in paths:
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.suffix.casefold() in ENDINGS)
        else:
            yield path


def _read_files(files: Iterable[Path], faults: list[str]) -> Iterator[ImportedCard]:
    """Yield the cards in files; what cannot be taken in is told in `faults`."""
    for path in files:
        try:
            with path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
            yield from read_card_file(content, path.stem)
        except (CardFault, OSError) as fault:
            faults.append(f"{path}: {fault}")


def _card_named(connection: Connection, name: str) -> StoredCard:
    """Return the newest version of the one persona of a name; end with a sentence where there is not exactly one."""
    found = find_personas(connection, name)
    if len(found) != 1:
        near = found or search_personas(connection, name, 5)
        told = "There are several of that name:" if found else "There is no persona of that name."
        raise click.ClickException("\n".join([told, *map(_format_line, near)]))
    card = select_card(connection, found[0].version)
    if card is None:
        raise click.ClickException("There is no persona of that name.")
    return card


def _with_lorebooks(connection: Connection, name: str, lorebooks: Iterable[ImportedCard]) -> ImportedCard:
    """Return a card that is kept with the entries of lorebooks added to it."""
    card = _card_named(connection, name)
    picture = select_picture(connection, card.picture) if card.picture else None
    document = read_document(card)
    for each in lorebooks:
        document = with_lorebook(document, mapping_in(each.document["data"], "character_book"))
    return ImportedCard(document, picture[1] if picture else b"")


def _format_line(persona: ListedPersona) -> str:
    by = f"by {persona.creator}" if persona.creator else ""
    parts: Sequence[str] = (persona.handle, by, f"[{persona.tags}]" if persona.tags else "")
    return "  ".join(filter(None, parts))
