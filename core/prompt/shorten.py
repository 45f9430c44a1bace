"""A text without its middle, whose fences stay closed: nothing in what is left can stand outside of its own."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

MIDDLE = "\n[…]\n"
SHORTEST = 40  # characters of which it is worth to leave something
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^\n]*)")


def without_middle(text: str, length: int) -> str:
    """Return about so many characters of a text, half of them from its beginning and half from its end.

    A fence that the cut falls into is closed before it and opened again after it.
    """
    half = max(0, min(length, len(text))) // 2
    head_end, tail_start = half, len(text) - half
    head, tail, before, after = text[:head_end], text[tail_start:] if half else "", "", ""
    for start, end, mark in _fence_lines(text):
        if start < head_end < end:
            head = text[:start]
        if start < tail_start < end:
            tail = text[end:]
        if end <= head_end:
            before = mark
        if start < tail_start:
            after = mark
    closed = f"\n{before}" if before else ""
    opened = f"{after}\n" if after and tail else ""
    return f"{head}{closed}{MIDDLE}{opened}{tail}"


def shorten_to(text: str, most: int, count: Callable[[str], int]) -> str:
    """Return a text without so much of its middle that it has at most so many tokens; empty where that is too little.

    `count` counts the tokens of a text.
    """
    left, length = text, len(text)
    while left and count(left) > most:
        length = length * 3 // 4
        left = without_middle(text, length) if length > SHORTEST else ""
    return left


def _fence_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each line that opens or closes a fence begins and ends, and the fence that is open behind it."""
    mark = ""
    places = [0, *(place + 1 for place, letter in enumerate(text) if letter == "\n"), len(text) + 1]
    for start, following in pairwise(places):
        found = FENCE.fullmatch(text[start : following - 1])
        if not found:
            continue
        fence, rest = found[1], found[2]
        if not mark:
            mark = fence if "`" not in rest or fence[0] == "~" else ""
        elif fence.startswith(mark) and not rest.strip():
            mark = ""
        else:
            continue
        yield start, following, mark
