"""What a message may hold (Discord docs, Create Message, Embed Limits and Component Reference)."""

import itertools
from collections.abc import Iterator
from typing import Any

from deploy.sandbox.discord.posts import Attachment, Flag, texts
from deploy.sandbox.discord.refused import Problem, Refused, invalid_form

MOST_CHARACTERS = 2000  # code points, as the API counts in Python 3 (discord-api-docs#1315)
MOST_NONCE = 25
MOST_EMBEDS = 10
MOST_IN_EMBEDS = 6000  # characters of all texts of all embeds
MOST_COMPONENTS = 40  # in components v2, what they contain counted too
MOST_ROWS = 5  # in components v1
MOST_COMPONENT_TEXT = 4000
MOST_CHOICES = 25  # of a select menu
MOST_CHOICE_TEXT = 100  # characters of an option's label, and of its value
MOST_FILES = 10
# The parts of an embed: path and longest text. Discord docs, Embed Limits
_EMBED_LIMITS = {"title": 256, "description": 4096, "footer.text": 2048, "author.name": 256}
MOST_FIELDS = 25
_FIELD_LIMITS = {"name": 256, "value": 1024}
BUTTON, STRING_SELECT = 2, 3
MOST_CUSTOM_ID, MOST_LABEL, MOST_IN_A_ROW = 100, 80, 5
LINK, PREMIUM = 5, 6  # styles of buttons without a custom_id
_V2_TYPES = frozenset({9, 10, 11, 12, 13, 14, 17})


def check(body: dict[str, Any], files: list[Attachment], most_bytes: int) -> None:
    """Raise Refused if this body of a create, an edit or a follow-up breaks a limit; `most_bytes` is one file's."""
    problems: dict[str, Problem] = {}
    problems |= _content(body.get("content"))
    problems |= _nonce(body.get("nonce"))
    problems |= _embeds(body.get("embeds") or [])
    problems |= _components(body)
    if len(files) > MOST_FILES:
        problems["attachments"] = _too_long(MOST_FILES)
    if problems:
        raise invalid_form(problems)
    if any(len(file.content) > most_bytes for file in files):
        raise Refused(40005)


def says_something(body: dict[str, Any], files: int) -> bool:
    """Say whether a message with this body shows anything."""
    content = str(body.get("content") or "").strip()
    return bool(content or body.get("embeds") or body.get("components") or files)


def _too_long(most: int) -> Problem:
    return Problem("BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def _content(content: Any) -> dict[str, Problem]:
    if content is not None and not isinstance(content, str):
        return {"content": Problem("STRING_TYPE_CONVERT", f"Could not interpret {content!r} as string.")}
    return {"content": _too_long(MOST_CHARACTERS)} if len(content or "") > MOST_CHARACTERS else {}


def _nonce(nonce: Any) -> dict[str, Problem]:
    long = isinstance(nonce, str) and len(nonce) > MOST_NONCE
    return {"nonce": Problem("NONCE_TYPE_TOO_LONG", f"Must be {MOST_NONCE} or fewer in length.")} if long else {}


def _embeds(embeds: list[dict[str, Any]]) -> dict[str, Problem]:
    if len(embeds) > MOST_EMBEDS:
        return {"embeds": _too_long(MOST_EMBEDS)}
    problems: dict[str, Problem] = {}
    total = 0
    for number, embed in enumerate(embeds):
        parts = _embed_texts(embed)
        total += sum(len(text) for _, text, _ in parts)
        problems |= {f"embeds.{number}.{path}": _too_long(most) for path, text, most in parts if len(text) > most}
        if len(embed.get("fields") or ()) > MOST_FIELDS:
            problems[f"embeds.{number}.fields"] = _too_long(MOST_FIELDS)
    if total > MOST_IN_EMBEDS:
        problems["embeds"] = Problem("MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MOST_IN_EMBEDS}")
    return problems


def _embed_texts(embed: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Return each text of an embed: its path, itself, and how long it may be."""
    found = []
    for path, most in _EMBED_LIMITS.items():
        outer, _, inner = path.partition(".")
        value = (embed.get(outer) or {}).get(inner) if inner else embed.get(outer)
        found.append((path, str(value or ""), most))
    for number, each in enumerate(embed.get("fields") or ()):
        found += [(f"fields.{number}.{name}", str(each.get(name, "")), most) for name, most in _FIELD_LIMITS.items()]
    return found


def _components(body: dict[str, Any]) -> dict[str, Problem]:
    components = body.get("components") or []
    if any(map(_is_odd_select, _flattened(components))):
        return {"components": _too_long(MOST_CHOICES)}
    if fault := _button_fault(components):
        return {"components": fault}
    if int(body.get("flags") or 0) & Flag.COMPONENTS_V2:
        return _second_version(body, components)
    if len(components) > MOST_ROWS:
        return {"components": _too_long(MOST_ROWS)}
    if any(each.get("type") in _V2_TYPES for each in components):
        return {"components": Problem("UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).')}
    return {}


def _second_version(body: dict[str, Any], components: list[dict[str, Any]]) -> dict[str, Problem]:
    problems = {}
    for name in ("content", "embeds"):
        if body.get(name):
            text = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            problems[name] = Problem("MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    if _count(components) > MOST_COMPONENTS:
        text = f"The maximum number of components is {MOST_COMPONENTS}"
        problems["components"] = Problem("COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", text)
    elif sum(len(text) for text in texts(components)) > MOST_COMPONENT_TEXT:
        text = f"The total length of displayable text may not exceed {MOST_COMPONENT_TEXT}"
        problems["components"] = Problem("COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", text)
    return problems


def _button_fault(components: list[dict[str, Any]]) -> Problem | None:
    """Return what is wrong with buttons: their names, which each stand once, their labels, or a row of too many."""
    named = [each for each in buttons_on(components) if each.get("style") not in (LINK, PREMIUM)]
    names = [str(each.get("custom_id") or "") for each in named]
    if len(names) > len(set(names)):
        return Problem("COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    if not all(1 <= len(each) <= MOST_CUSTOM_ID for each in names):
        return Problem("BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MOST_CUSTOM_ID} in length.")
    if any(len(str(each.get("label") or "")) > MOST_LABEL for each in named):
        return _too_long(MOST_LABEL)
    rows = [each.get("components") or [] for each in _flattened(components)]
    return _too_long(MOST_IN_A_ROW) if any(len(buttons_on(row)) > MOST_IN_A_ROW for row in rows) else None


def _is_odd_select(component: dict[str, Any]) -> bool:
    """Whether a component is a select menu with no or too many options, or whose words are none or too many."""
    if component.get("type") != STRING_SELECT:
        return False
    options = component.get("options") or []
    words = [str(option.get(name) or "") for option in options for name in ("label", "value")]
    return not 1 <= len(options) <= MOST_CHOICES or not all(1 <= len(each) <= MOST_CHOICE_TEXT for each in words)


def _flattened(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from _flattened(component.get("components") or [])


def select_on(components: list[dict[str, Any]], custom_id: str) -> dict[str, Any] | None:
    """Return the select menu of this custom_id, None where there is none."""
    found = (each for each in _flattened(components) if each.get("type") == STRING_SELECT)
    return next((each for each in found if each.get("custom_id") == custom_id), None)


def buttons_on(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the buttons among components, in their order."""
    return [each for each in _flattened(components) if each.get("type") == BUTTON]


def numbered(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return components as Discord shows them: each has a number, counted on where the bot gave none."""
    numbers = itertools.count(1)
    return [_numbered(each, numbers) for each in components]


def _numbered(component: dict[str, Any], numbers: Iterator[int]) -> dict[str, Any]:
    shown = {**component, "id": component.get("id") or next(numbers)}
    if "components" in component:
        shown["components"] = [_numbered(each, numbers) for each in component["components"]]
    if "accessory" in component:
        shown["accessory"] = _numbered(component["accessory"], numbers)
    return shown


def _count(components: list[dict[str, Any]]) -> int:
    return sum(1 + _count(each.get("components") or []) for each in components)
