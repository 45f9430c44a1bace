"""Reads the plain YAML of `deploy/`: mappings and lists, by indentation, of scalars; refuses anything else."""

import re
from collections import deque

Value = str | bool | list["Value"] | dict[str, "Value"]
Lines = deque[tuple[int, str]]

LINE = re.compile(r"(?P<indent> *)(?P<rest>\S.*)")
PAIR = re.compile(r"(?P<key>[\w./-]+):(?: (?P<value>.+))?")
SCALAR = re.compile(r'"(?P<quoted>[^"\\]*)"|(?P<plain>[^\s"\'&*!|>%@`\[\]{}#,-][^#\n]*?)')
COMMENT = re.compile(r"(^|\s)#.*")


def load(text: str) -> dict[str, Value]:
    """Return the document as dicts, lists, strings and booleans; raise ValueError where it is not plain."""
    lines = deque((len(found["indent"]), found["rest"].rstrip()) for found in map(LINE.fullmatch, _bare(text)) if found)
    document = _block(lines, 0)
    if lines or not isinstance(document, dict):
        raise ValueError(f"not plain: {lines}")
    return document


def _bare(text: str) -> list[str]:
    """Take the comments away; a `#` inside quotes stays."""
    return [line if re.search(r'"[^"]*#[^"]*"', line) else COMMENT.sub("", line) for line in text.splitlines()]


def _block(lines: Lines, indent: int) -> Value:
    return _sequence(lines, indent) if lines[0][1].startswith("- ") else _mapping(lines, indent)


def _sequence(lines: Lines, indent: int) -> list[Value]:
    items: list[Value] = []
    while lines and lines[0][0] == indent and lines[0][1].startswith("- "):
        item = lines.popleft()[1].removeprefix("- ")
        items.append(_mapping_of_item(item, lines, indent + 2) if PAIR.fullmatch(item) else _scalar(item))
    return items


def _mapping_of_item(first: str, lines: Lines, indent: int) -> dict[str, Value]:
    """Read a mapping that begins behind a dash: its further lines stand below its first key."""
    lines.appendleft((indent, first))
    return _mapping(lines, indent)


def _mapping(lines: Lines, indent: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    while lines and lines[0][0] == indent:
        pair = PAIR.fullmatch(lines.popleft()[1])
        if pair is None or pair["key"] in found:
            raise ValueError(f"not plain, or twice: {pair or lines}")
        found[pair["key"]] = _value(pair["value"], lines, indent)
    return found


def _value(value: str | None, lines: Lines, indent: int) -> Value:
    if value is not None:
        return _scalar(value)
    deeper = lines[0][0] if lines else 0
    return _block(lines, deeper) if deeper > indent else ""


def _scalar(text: str) -> str | bool:
    scalar = SCALAR.fullmatch(text)
    if scalar is None or ": " in (scalar["plain"] or ""):
        raise ValueError(f"not a plain scalar: {text}")
    return {"true": True, "false": False}.get(text, scalar["quoted"] or scalar["plain"] or "")
