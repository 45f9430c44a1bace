"""Private data replaced by placeholders before a text is sent, and put back in what comes of it. Pure."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import re2

from core.privacy.private_shapes import SHAPES, Span

WRITTEN = "WRITTEN"  # what looks like a placeholder, and was written so
OWN = "HIDDEN"  # what a pattern of the operator's finds
PLACEHOLDER = re2.compile(rf"\[(?:{'|'.join([WRITTEN, OWN, *(label for label, _ in SHAPES.values())])})-[0-9]+\]")
LONGEST_PLACEHOLDER = 24  # characters


class Hider:
    """Hides what is private in the texts of one request, and knows what stood there as long as that is under way.

    The same value has the same placeholder in all of them. They are numbered as they come, so that texts which begin
    alike still do. What looks like a placeholder in a text is hidden as well: so all that comes back is known.
    """

    def __init__(self, kinds: Sequence[str], patterns: Sequence[str] = ()) -> None:
        """`kinds` are names from SHAPES, `patterns` the operator's own, as RE2."""
        shapes = [SHAPES[kind] for kind in kinds]
        own = [(OWN, _finder_of(pattern)) for pattern in patterns]
        self._shapes = [(WRITTEN, _finder_of(PLACEHOLDER.pattern)), *own, *shapes] if own or shapes else []
        self._placeholders: dict[str, str] = {}
        self._values: dict[str, str] = {}

    def __bool__(self) -> bool:
        """Whether anything is to be hidden."""
        return bool(self._shapes)

    def hide(self, text: str) -> str:
        """Return a text with placeholders for what is private in it."""
        parts, behind = [], 0
        for start, end, label in self._spans(text):
            parts += [text[behind:start], self._placeholder_of(text[start:end], label)]
            behind = end
        return "".join([*parts, text[behind:]])

    def reveal(self, text: str) -> str:
        """Return a text with what stood in place of the placeholders; one that was never given stays."""
        return PLACEHOLDER.sub(lambda found: self._values.get(found.group(), found.group()), text) if text else text

    def hide_json(self, text: str) -> str:
        """Return JSON with what is private hidden in its strings, as it is where there is nothing; else any text."""
        return _change_strings(text, self.hide)

    def restore_json(self, text: str) -> str:
        """Return JSON with what stood in place of the placeholders in its strings."""
        return _change_strings(text, self.reveal)

    def split_before_placeholder(self, text: str) -> tuple[str, str]:
        """Return what can be restored of an answer so far, and its end where that may be the first part of one."""
        start = text.rfind("[", -LONGEST_PLACEHOLDER)
        last = text[start:]
        may_be = start >= 0 and any(each.startswith(last) and each != last for each in self._values)
        return (text[:start], last) if may_be else (text, "")

    def _placeholder_of(self, value: str, label: str) -> str:
        if value not in self._placeholders:
            placeholder = f"[{label}-{len(self._values) + 1}]"
            self._placeholders[value], self._values[placeholder] = placeholder, value
        return self._placeholders[value]

    def _spans(self, text: str) -> list[tuple[int, int, str]]:
        """Return what is to be hidden, in order; what overlaps is hidden together, so that no part of it is left."""
        joined: list[tuple[int, int, str]] = []
        found = ((start, end, label) for label, find in self._shapes for start, end in find(text) if start < end)
        for start, end, label in sorted(found, key=lambda span: (span[0], -span[1])):
            if joined and start < joined[-1][1]:
                first, last, kept = joined[-1]
                joined[-1] = (first, max(last, end), kept)
            else:
                joined.append((start, end, label))
        return joined


def _finder_of(pattern: str) -> Callable[[str], Iterator[Span]]:
    compiled = re2.compile(pattern)
    return lambda text: (match.span() for match in compiled.finditer(text))


def _change_strings(text: str, change: Callable[[str], str]) -> str:
    """Return JSON with each of its strings changed, byte for byte the same where none is; what is no JSON as a text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return change(text)
    changed = _change_value(value, change)
    return text if changed == value else json.dumps(changed, ensure_ascii=False)


def _change_value(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_change_value(each, change) for each in value]
    if isinstance(value, dict):
        return {change(name): _change_value(each, change) for name, each in value.items()}
    return value
