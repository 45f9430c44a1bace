"""How long a server asks to be left alone, where it says so in the body of a refusal rather than in a header."""

from collections.abc import Iterator
from typing import Any

import re2

FIELDS = frozenset({"retrydelay", "retry_after", "retryafter", "retry_after_seconds", "retry-after"})
DEEPEST = 6  # levels of a body that are looked into
LONGEST = 14 * 86_400.0  # seconds; no wait that is told is longer
SPAN = re2.compile(r"(?:(?:(?:re)?try|available)(?: (?:it|this|your request))?(?: again)?[ :]*(?:in|after)|please wait)"
                   r"(?: about| for| at least)? ?"
                   r"((?:\d{1,9}(?:\.\d{1,9})? ?[a-z\x{b5}]{1,12}[ ,]{0,2}(?:and )?){1,5})")  # fmt: skip
PART = re2.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?([a-z\x{b5}]{1,12})")
UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}


def wait_told(body: Any, words: str) -> float | None:
    """Return the seconds to wait that a decoded body tells in a field, or its words; None where they tell none.

    Google: `retryDelay` of RetryInfo, "Please retry in 3.66s"; OpenAI: "Please try again in 1m2.5s"; Azure: "Please
    retry after 26 seconds".
    """
    told = next(_fields(body, 0), None)
    if told is not None:
        return told
    span = SPAN.search(words.lower())
    return _seconds(span[1]) if span else None


def _fields(value: Any, depth: int) -> Iterator[float]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for part in value[:50]:
            yield from _fields(part, depth + 1)
    elif isinstance(value, dict):
        for name, part in value.items():
            told = _span(part) if name.lower() in FIELDS else None
            if told is not None:
                yield told
            elif isinstance(part, dict | list):
                yield from _fields(part, depth + 1)


def _span(value: Any) -> float | None:
    """Return the seconds of a field: a number of them, or words (`3s`)."""
    if isinstance(value, str):
        return _seconds(value.lower()) or (_plausible_wait(float(value)) if value.strip().isdecimal() else None)
    return _plausible_wait(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _seconds(said: str) -> float | None:
    parts = [(float(number), unit) for number, unit in PART.findall(said)]
    known = [number * _unit(unit) for number, unit in parts if _unit(unit)]
    return _plausible_wait(sum(known)) if known else None


def _unit(word: str) -> float:
    """Return a unit's seconds, 0 for a word that is none."""
    if word in {"ms", "millis", "msec"} or word.startswith("millisecond"):
        return 0.001
    whole = ("day", "hour", "hr", "minute", "min", "second", "sec")
    return UNITS[word[0]] if word in UNITS or word.rstrip("s") in whole else 0.0


def _plausible_wait(seconds: float) -> float | None:
    return min(seconds, LONGEST) if seconds >= 0 else None
