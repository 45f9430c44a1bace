"""Values out of what Slack sends, whatever stands where one of another kind should."""

import math
import re
from collections.abc import Mapping
from typing import Any

Payload = Mapping[str, Any]
TS = re.compile(
    r"[0-9]{1,12}\.[0-9]{1,9}"
)  # the id of a message that stands in a channel; a choice from a menu has another
MOST = 1_000  # elements of one list


def text_at(payload: Payload, name: str) -> str:
    """Return a text, empty where there is none."""
    value = payload.get(name)
    return value if isinstance(value, str) else ""


def mapping_at(payload: Payload, name: str) -> Payload:
    """Return an object, empty where there is none."""
    value = payload.get(name)
    return value if isinstance(value, Mapping) else {}


def mappings_at(payload: Payload, name: str) -> list[Payload]:
    """Return the objects of a list, none where there is no list."""
    return mappings_of(payload.get(name))


def mappings_of(value: object) -> list[Payload]:
    """Return the objects of a list, none where it is no list."""
    return [each for each in value[:MOST] if isinstance(each, Mapping)] if isinstance(value, list) else []


def next_cursor_of(answer: Payload) -> str:
    """Return where an answer's list goes on, empty where it ends (Slack docs, Pagination)."""
    return text_at(mapping_at(answer, "response_metadata"), "next_cursor")


def number_at(payload: Payload, name: str) -> float | None:
    """Return a number that is not negative, None where there is none; as text it is one too."""
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def ts_at(payload: Payload, name: str) -> str:
    """Return a ts, empty where there is none."""
    value = text_at(payload, name)
    return value if TS.fullmatch(value) else ""
