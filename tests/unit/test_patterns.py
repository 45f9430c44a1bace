"""No pattern of the project is slower than linear, whatever text it is let loose on."""

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import re2

HOUSE = Path(__file__).parents[2]
RE2 = type(re2.compile("a"))
LENGTH = 40_000  # characters, as many as a Slack message has
QUICK, LOADED = 0.05, 0.25  # seconds: what a pattern may take, and on a machine that does much else
TRIES = 20
OWN_PROCESS = "core.files.readers."  # beside the loop, within bounds of processor time
PIECES = ("1", " ", "\n", "[", "](", "<", "'", '"', "a", "a ", "`", "|", "*", "> ", "- ", "`a")
TEXTS = tuple((piece * LENGTH)[:LENGTH] for piece in PIECES)
WAYS = {"match", "fullmatch", "search", "sub", "finditer", "findall"}


def patterns_in(value: object) -> Iterator[Any]:
    """Yield the patterns that a value is or holds."""
    if isinstance(value, re.Pattern | RE2):
        yield value
    elif isinstance(value, dict):
        yield from patterns_in((*value, *value.values()))
    elif isinstance(value, tuple | list | set | frozenset):
        for each in value:
            yield from patterns_in(each)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from patterns_in([getattr(value, field.name) for field in fields(value)])


def calls_by_name(source: str) -> dict[str, set[str]]:
    """Return which methods a module calls on each of its names."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.setdefault(node.value.id, set()).add(node.attr)
    return found


def all_uses() -> Iterator[tuple[str, Any, str]]:
    """Yield each compiled pattern of the project: where it lies, the pattern, and a way in which it is used."""
    for path in sorted(path for part in ("bots", "core") for path in (HOUSE / part).rglob("*.py")):
        name = ".".join(path.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__")
        source = path.read_text()
        if path.stem == "__main__" or not re.search(r"\bre2?\b", source) or name.startswith(OWN_PROCESS):
            continue
        calls = calls_by_name(source)
        for called, value in vars(importlib.import_module(name)).items():
            ways = calls.get(called, set()) & WAYS or {"search"}
            yield from ((f"{name}.{called}", pattern, way) for pattern in patterns_in(value) for way in sorted(ways))


def run_way(pattern: Any, way: str, text: str) -> None:
    """Use a pattern on a whole text."""
    if way == "sub":
        pattern.sub("", text)
    else:
        found = getattr(pattern, way)(text)
        for _ in found if way == "finditer" else ():
            pass


def quickest(run: Callable[[], object]) -> float:
    """Return the seconds of processor time of the quickest of many tries: a busy machine only ever adds to it."""
    best = spent = 0.0
    for count in range(TRIES):
        begun = time.process_time()
        run()
        took = time.process_time() - begun
        best, spent = took if count == 0 else min(best, took), spent + took
        if best < QUICK or spent > TRIES * QUICK:
            break
    return best


def hostile_texts(pattern: Any) -> Iterator[str]:
    """Yield long texts of whatever patterns look for, alone and behind the first word of this one's own.

    RE2 promises to be linear (its README), so it gets few.
    """
    yield from TEXTS[-3:] if isinstance(pattern, RE2) else TEXTS
    for word in re.findall(r"[A-Za-z]{3,}", str(pattern.pattern))[:1]:
        for piece in (" ", "1"):
            yield word + piece * LENGTH + "\0"
            yield ((word + piece) * LENGTH)[:LENGTH]


def test_forty_thousand_hostile_characters_take_no_pattern_long() -> None:
    """Each in the ways in which it is used; what is not linear takes seconds, and minutes of a little more."""
    uses = list(dict.fromkeys(all_uses()))
    slow = [
        (where, way, text[:20])
        for where, pattern, way in uses
        for text in hostile_texts(pattern)
        if quickest(lambda: run_way(pattern, way, text)) > LOADED  # noqa: B023 - run at once
    ]
    assert slow == []
    assert len(uses) > 200
