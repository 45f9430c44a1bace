"""The gallery of personas: who the bot can be, with a face, and a search by words."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bots.pages.frame import address_of
from core.personas.card import mapping_in
from core.personas.importing import read_document
from core.storage.connection import Connection
from core.storage.personas import ListedPersona, count_personas, search_personas, select_card

MOST_SHOWN = 60
LONGEST_ABOUT = 160  # characters
HUES = 8


@dataclass(frozen=True, slots=True)
class Portrait:
    """A persona as the gallery shows it: `about` its description, `picture` its picture's hash, empty for none."""

    listed: ListedPersona
    about: str
    picture: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """Those that words name or describe, and how many there are in all."""

    words: str
    found: Sequence[Portrait]
    every: int


def read_gallery(connection: Connection, words: str) -> Gallery:
    """Return the first personas that words name or describe; without words, the first by name."""
    found = search_personas(connection, words, MOST_SHOWN)
    return Gallery(words, [_portrait_of(connection, each) for each in found], count_personas(connection))


def draw_gallery(gallery: Gallery, key: str) -> list[str]:
    """Return the page's body."""
    if not gallery.every:
        return [_empty()]
    search = (
        f'<form class="search" role="search" action="/personas"><input type="hidden" name="key" value="{escape(key)}">'
        f'<input type="search" name="words" value="{escape(gallery.words)}" aria-label="Search" '
        'placeholder="Search by name, tag or word" autocomplete="off"><button>Search</button></form>'
    )
    shown = " of ".join(f"{each:,}" for each in sorted({len(gallery.found), gallery.every})) + " to choose from"
    cards = "".join(_card(each, key) for each in gallery.found)
    none = '<p class="note">None has these words.</p>' if not gallery.found else ""
    how = '<p class="note">Write <code>@Confab persona</code> and a name, or <code>/persona</code> on Discord.</p>'
    return [f'{search}<p class="count">{shown}</p><ul class="gallery">{cards}</ul>{none}{how}']


def _portrait_of(connection: Connection, listed: ListedPersona) -> Portrait:
    card = select_card(connection, listed.version)
    data = mapping_in(read_document(card), "data") if card else {}
    about = str(data.get("creator_notes") or data.get("description") or "").replace("{{char}}", listed.name)
    return Portrait(listed, " ".join(about.split())[:LONGEST_ABOUT], card.picture if card else "")


def _card(portrait: Portrait, key: str) -> str:
    listed = portrait.listed
    if portrait.picture:
        source = address_of("/personas/picture", key=key, hash=portrait.picture)
        face = f'<img src="{source}" alt="" loading="lazy">'
    else:
        face = f'<span class="face f{listed.seq % HUES}" aria-hidden="true">{escape(listed.name[:1].upper())}</span>'
    tags = "".join(f"<i>{escape(each.strip())}</i>" for each in listed.tags.split(",")[:4] if each.strip())
    by = f"<small>by {escape(listed.creator)}</small>" if listed.creator else ""
    return (
        f"<li>{face}<div><b>{escape(listed.name)}</b>{by}<p>{escape(portrait.about)}</p>"
        f'<div class="tags">{tags}</div><code>persona {escape(listed.handle)}</code></div></li>'
    )


def _empty() -> str:
    return (
        '<div class="empty"><h2>Nobody else yet</h2><p><code>python -m bots personas import FILE…</code> takes in '
        "character cards: PNG, JSON or CHARX.</p></div>"
    )
