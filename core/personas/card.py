"""A character card as one document, whatever version it was written in: V3 inside, with all that we do not know.

Card specifications: V1 and V2 (malfoyslastname/character-card-spec-v2), V3 (kwaroran/character-card-spec-v3).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.sanitize import sanitize_name, valid_text

Document = dict[str, Any]

CARD_V2, CARD_V3, LOREBOOK_V3 = "chara_card_v2", "chara_card_v3", "lorebook_v3"
NEWEST = 3.0  # the version of cards that is known here; a newer one is taken as far as it goes
OWN = "confab"  # our place among a card's extensions
DEEPEST = 64  # objects and lists within each other
LONGEST = 4 * 1024 * 1024  # bytes of a card as JSON
# What a plain JSON file may call what cards have other words for.
PLAIN_NAMES: Mapping[str, str] = {
    "instructions": "system_prompt",
    "greeting": "first_mes",
    "lorebook": "character_book",
}
TEXTS = (
    *("name", "description", "personality", "scenario", "first_mes", "mes_example", "creator_notes", "system_prompt"),
    *("post_history_instructions", "creator", "character_version"),
)
CHARACTER = ("description", "personality", "scenario", "first_mes", "mes_example", "system_prompt")
LISTS = ("alternate_greetings", "tags", "group_only_greetings")


class CardFault(ValueError):
    """A file is no card that can be taken in; its text says why."""


def read_json(content: bytes) -> Any:
    """Return what JSON says; raise CardFault where it is none, too long, or nested too deeply."""
    if len(content) > LONGEST:
        raise CardFault(f"it holds more than {LONGEST // 1024 // 1024} MB of text")
    try:
        found = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise CardFault("it is no JSON that can be read") from None
    if _is_deeper(found, DEEPEST):
        raise CardFault(f"it nests more than {DEEPEST} levels")
    return found


def write_json(document: Mapping[str, Any]) -> str:
    """Return a document as JSON that any encoding can write."""
    return valid_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def find_documents(found: Any, usual_name: str) -> list[Document]:
    """Return each card that a JSON value holds, as V3; `usual_name` is for a lorebook without one.

    A list holds several. Raises CardFault where something else stands there.
    """
    if isinstance(found, list):
        return [each for one in found for each in find_documents(one, usual_name)]
    if not isinstance(found, dict):
        raise CardFault("it holds no card")
    data = found.get("data")
    if isinstance(data, dict) and found.get("spec") != LOREBOOK_V3:
        return [_as_v3(found, data)]
    if found.get("spec") == LOREBOOK_V3 or ("entries" in found and "first_mes" not in found):
        return [_of_lorebook(found, data if isinstance(data, dict) else found, usual_name)]
    return [_of_plain(found)]


def _as_v3(document: Document, data: Document) -> Document:
    """Return a card of V2 or V3 as V3, with what else stands in it."""
    version = document.get("spec_version") if _version_of(document) >= NEWEST else "3.0"
    missing: Document = dict.fromkeys(TEXTS, "") | {name: [] for name in LISTS} | {"extensions": {}}
    return {**document, "spec": CARD_V3, "spec_version": version, "data": _with_name({**missing, **data})}


def _with_name(data: Document) -> Document:
    if not isinstance(data.get("name"), str) or not data["name"].strip():
        raise CardFault("it has no name")
    return data


def _version_of(document: Mapping[str, Any]) -> float:
    try:
        return float(document.get("spec_version") or 0.0)
    except (TypeError, ValueError):
        return 0.0


def _of_lorebook(document: Document, book: Document, usual_name: str) -> Document:
    """Return a lorebook as a card without a character; it is given out as a lorebook again."""
    entries = book.get("entries")
    if isinstance(entries, dict):  # as SillyTavern keeps them, by a number each
        book = {**book, "entries": [_of_world_entry(each) for each in entries.values() if isinstance(each, dict)]}
    if not isinstance(book.get("entries"), list):
        raise CardFault("it is a lorebook without entries")
    name = book.get("name") if isinstance(book.get("name"), str) and book["name"].strip() else usual_name
    around = {key: value for key, value in document.items() if key not in {"spec", "data"}}
    extensions = {OWN: {"is_lorebook": True, "around": around if document is not book and "data" in document else {}}}
    return _as_v3({}, {"name": name, "character_book": book, "extensions": extensions})


def _of_world_entry(entry: Document) -> Document:
    """Return an entry of SillyTavern's World Info as one of a lorebook, with what else stands in it."""
    own = {
        "keys": entry.get("key", []),
        "secondary_keys": entry.get("keysecondary", []),
        "enabled": not entry.get("disable"),
        "insertion_order": entry.get("order", 0),
        "case_sensitive": bool(entry.get("caseSensitive")),
        "extensions": {},
    }
    return {**entry, **own}


def _of_plain(found: Document) -> Document:
    """Return a card of V1, or a plain object of ours, as V3: what has no place of its own stays beside the rest."""
    data = {PLAIN_NAMES.get(name, name): value for name, value in found.items()}
    if not any(text_in(data, name).strip() for name in CHARACTER):
        raise CardFault("it holds no card")
    own = {name: data.pop(name) for name in ("model", "parameters") if name in data}
    examples = data.pop("examples", None)
    if isinstance(examples, list):
        data.setdefault("mes_example", format_examples(examples))
    if own:
        data["extensions"] = {**mapping_in(data, "extensions"), OWN: own}
    return _as_v3({}, data)


def format_examples(examples: Sequence[Any]) -> str:
    """Return example turns as cards write them: `{"user": …, "assistant": …}` each, or texts as they are."""
    blocks = []
    for each in examples:
        if isinstance(each, dict):
            said = {"{{user}}": each.get("user"), "{{char}}": each.get("assistant")}
            blocks.append("\n".join(f"{who}: {text}" for who, text in said.items() if isinstance(text, str)))
        elif isinstance(each, str):
            blocks.append(each)
    return "\n".join(f"<START>\n{block}" for block in blocks if block)


def name_in(document: Mapping[str, Any]) -> str:
    """Return the name by which a card is called and listed."""
    return sanitize_name(text_in(document["data"], "name"))


def text_in(data: Mapping[str, Any], name: str) -> str:
    """Return a text of a card, empty where something else or nothing stands there."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def texts_in(data: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of texts of a card, without what is none."""
    return [each for each in _list_in(data, name) if isinstance(each, str)]


def mapping_in(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object of a card, an empty one where something else or nothing stands there."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def as_exported(document: Document) -> Document:
    """Return a card as it is given out: V3, or the lorebook that it was."""
    data = document["data"]
    own = mapping_in(mapping_in(data, "extensions"), OWN)
    if own.get("is_lorebook") and not text_in(data, "description"):
        return {**mapping_in(own, "around"), "spec": LOREBOOK_V3, "data": data["character_book"]}
    return document


def as_v2(document: Document) -> Document:
    """Return a card for readers that know V2 alone; what they do not know stays in it."""
    return {**document, "spec": CARD_V2, "spec_version": "2.0"}


def with_lorebook(document: Document, book: Mapping[str, Any]) -> Document:
    """Return a card with the entries of a lorebook behind its own."""
    own = mapping_in(document["data"], "character_book")
    entries = [each for one in (own, book) for each in _list_in(one, "entries")]
    return {**document, "data": {**document["data"], "character_book": {**book, **own, "entries": entries}}}


def _list_in(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    return value if isinstance(value, list) else []


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and lists lie within each other for more than so many levels."""
    layer = [value]
    for _ in range(levels):
        layer = [inner for each in layer for inner in _inside(each)]
    return bool(layer)


def _inside(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in inner if isinstance(each, dict | list)]
