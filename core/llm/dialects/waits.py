"""How long a server asks to be left alone, where it says so in the body of a refusal rather than in a header."""

from collections.abc import Iterator
from typing import Any

import re2

# Of fields, with nothing between their words; a number in one that ends with `ms` is in milliseconds.
FIELDS = frozenset(
    f"{name}{unit}"
    for name in ("retrydelay", "retryafter", "retryin", "wait", "resetafter", "resetin", "resetsin")
    for unit in ("", "s", "seconds", "sec", "ms", "milliseconds")
)
LONGEST_NAME = 40  # characters
DEEPEST = 6  # levels of a body that are looked into
LONGEST = 14 * 86_400.0  # seconds; no wait that is told is longer
SPAN = re2.compile(r"(?:(?:(?:re)?try|available|resets?|allowed)(?: (?:it|this"
                   r"|your request))?(?: again)?[ :]*(?:in|after)"
                   r"|retry[-_]after|\bwait|cool ?down(?: for| of)?)"
                   r"(?: about| for| at least)?[ :=]{0,3}"
                   r"((?:\d{1,9}(?:\.\d{1,9})? ?[a-z\x{b5}]{1,12}[ ,]{0,2}(?:and )?){1,5}"
                   r"|\d{1,5}(?:\.\d{1,9})?)")  # fmt: skip
ONE = re2.compile(r"\b(?:an?|one) (second|minute|hour|day)\b")  # in words
NUMBER = re2.compile(r"^[\d.]+$")
LATER = re2.compile(
    r"(\d{1,6}) ?(?:\x{79d2}|\x{5206}\x{949f}?)\x{4e4b}?\x{540e}"
)  # seconds or minutes later, in Chinese
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
    said = ONE.sub(r"1 \1", words.lower())
    span = SPAN.search(said)
    if span:
        return _seconds(span[1]) or (_plausible_wait(float(span[1])) if NUMBER.match(span[1]) else None) or None
    later = LATER.search(said)
    return _plausible_wait(float(later[1]) * (60 if "\u5206" in later[0] else 1)) if later else None


def _fields(value: Any, depth: int) -> Iterator[float]:
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for part in value[:50]:
            yield from _fields(part, depth + 1)
    elif isinstance(value, dict):
        for name, part in value.items():
            plain = "".join(filter(str.isalpha, str(name)[:LONGEST_NAME].lower()))
            told = _span(part, 0.001 if plain.endswith(("ms", "milliseconds")) else 1.0) if plain in FIELDS else None
            if told is not None:
                yield told
            elif isinstance(part, dict | list):
                yield from _fields(part, depth + 1)


def _span(value: Any, unit: float) -> float | None:
    """Return the seconds of a field: a number of a unit, words (`3s`), or protobuf's `{"seconds": 3, "nanos": …}`."""
    if isinstance(value, dict):
        whole, nanos = value.get("seconds"), value.get("nanos")
        told = [float(each) * part for each, part in ((whole, 1.0), (nanos, 1e-9)) if isinstance(each, int | float)]
        return _plausible_wait(sum(told)) if told else None
    if isinstance(value, str):
        number = NUMBER.match(value.strip()) and value.count(".") <= 1 and value.strip(". ")
        return _seconds(value.lower()) or (_plausible_wait(float(value) * unit) if number else None)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _plausible_wait(float(value) * unit) if is_number else None


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
