"""Which lists a place lies in, so that a message which goes on within them can open them again."""

import re2  # linear in time, as a model's text is anybody's

from bots.markdown.blocks import HEADING, QUOTE, pieces_of_code

BULLET = re2.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")


def lists_above(text: str, following: str, *, within_line: bool, begins_block: bool) -> str:
    """Return the bullets that hold up what follows on a text: a line each, or before it where it goes on an item.

    `following` is the line that follows, or its beginning; `within_line` says that the text's last line goes on in it,
    `begins_block` that it is an item or another block of its own.
    """
    items = _open_items(text)
    if not within_line:
        indent = _indent_of(following)
        above = [item for item in items if _indent_of(item) < indent]
        if begins_block:
            return "".join(f"{item}\u2026\n" for item in above)
        is_lazy = bool(text.strip()) and not text.endswith("\n\n") and not _ends_lists(following)
        items = above if indent else items if is_lazy else []
    return "".join(f"{item}\u2026\n" for item in items[:-1]) + "".join(f"{item}\u2026 " for item in items[-1:])


def _open_items(text: str) -> list[str]:
    """Return the bullets of the items that are open at a text's end, with their indents, the outermost first."""
    items: list[str] = []
    for in_code, piece in pieces_of_code(text):
        if in_code:
            items = [item for item in items if _indent_of(item) < _indent_of(piece)]
            continue
        after_blank = False
        for line in piece.split("\n"):
            if line.strip():
                items = _items_past(line, items, after_blank=after_blank)
            after_blank = not line.strip()
    return items


def _items_past(line: str, items: list[str], *, after_blank: bool) -> list[str]:
    bullet = BULLET.match(line)
    if not bullet and not after_blank and not _ends_lists(line):
        return items
    above = [item for item in items if _indent_of(item) < _indent_of(line)]
    return [*above, bullet.group()] if bullet else above


def _ends_lists(line: str) -> bool:
    return bool(HEADING.match(line) or QUOTE.match(line) or line.startswith(("|", "```", "~~~")))


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
