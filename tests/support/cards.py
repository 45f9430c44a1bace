"""Character cards as their authors write them."""

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.personas.card_files import read_card_file
from core.personas.importing import to_record
from core.personas.png import make_blank_picture, replace_texts
from core.storage.beside import open_beside
from core.storage.personas import insert_personas

Document = dict[str, Any]


def card_v2(name: str = "Ada", **data: object) -> Document:
    """Return a card of V2, with fields that nobody here knows."""
    told: Document = {
        "name": name,
        "description": "{{char}} counts herons.",
        "personality": "dry",
        "scenario": "a marsh",
        "first_mes": "Good evening, {{user}}.",
        "mes_example": "<START>\n{{user}}: Hi\n{{char}}: Heron.",
        "creator_notes": "for people alone",
        "system_prompt": "",
        "post_history_instructions": "",
        "alternate_greetings": [],
        "tags": ["bird", "marsh"],
        "creator": "somebody",
        "character_version": "1",
        "extensions": {"depth_prompt": {"depth": 4, "role": "system"}},
        "odd_field": [1, {"kept": None}],
    }
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": told | data, "beside": True}


def card_v3(name: str = "Ada", **data: object) -> Document:
    """Return a card of V3."""
    own = {"nickname": "", "group_only_greetings": [], "assets": [], "creation_date": 5, "source": ["x"]}
    return {**card_v2(name, **(own | data)), "spec": "chara_card_v3", "spec_version": "3.0"}


def as_json(document: object) -> bytes:
    """Return a document as a file."""
    return json.dumps(document).encode()


def as_png(texts: Mapping[str, object], picture: bytes = b"") -> bytes:
    """Return a picture with documents in its texts, by their keywords."""
    encoded = [(name, base64.b64encode(as_json(each))) for name, each in texts.items()]
    return replace_texts(picture or make_blank_picture(), encoded, ())


def as_charx(document: object, files: Mapping[str, bytes] | None = None) -> bytes:
    """Return an archive with a card and further files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("card.json", as_json(document))
        for name, content in (files or {}).items():
            archive.writestr(name, content)
    return written.getvalue()


def keep_cards(database: Path, *documents: Document) -> None:
    """Take cards into a bot's database, as `python -m bots personas import` does."""
    with open_beside(database) as connection:
        insert_personas(connection, [to_record(read_card_file(as_json(each), "")[0]) for each in documents])
