"""What is kept of a card that is taken in, and what a card that is kept is given out as."""

import json

from core.personas.card import Document, as_exported, name_in, text_in, texts_in, write_json
from core.personas.card_files import ImportedCard, media_type_of
from core.sanitize import sanitize_name, sanitize_text
from core.storage.personas import PersonaRecord, StoredCard

SEARCHED = 1_500  # characters of what describes a persona, by whose words it is found
MOST_TAGS, LONGEST_TAG = 50, 60


def to_record(taken: ImportedCard) -> PersonaRecord:
    """Return a card as it is kept."""
    data = taken.document["data"]
    tags = [sanitize_text(each)[:LONGEST_TAG].replace(",", " ") for each in texts_in(data, "tags")[:MOST_TAGS]]
    said = "\n".join(text_in(data, name) for name in ("description", "personality", "scenario"))
    creator = text_in(data, "creator").strip()
    return PersonaRecord(
        name=name_in(taken.document),
        creator=sanitize_name(creator) if creator else "",
        tags=", ".join(tags),
        about=sanitize_text(said)[:SEARCHED],
        card=write_json(taken.document),
        picture=taken.picture,
        media_type=media_type_of(taken.picture),
    )


def read_document(card: StoredCard) -> Document:
    """Return a card as it was taken in."""
    document: Document = json.loads(card.card)
    return document


def format_document(card: StoredCard) -> str:
    """Return a card as it is given out: V3 as JSON for people to read, or the lorebook that it was."""
    return json.dumps(as_exported(read_document(card)), ensure_ascii=False, indent=2)
