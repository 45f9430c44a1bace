"""Cuts a Markdown text into messages that a platform takes, and never moves a cut that was made.

A text that grows at its end keeps its earlier parts: a cut is made only when what follows the last one no longer
fits, and where it falls depends on nothing but what one message could have held. So a part that was posted stays
as it is while the model goes on writing.
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from bots.markdown.blocks import Fence, Place, Rank, closing_room, fence_after, places
from bots.markdown.breaks import last_cut

SMALLEST = 32  # below this, a fence and its closing line leave no room for text
TEXT = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Limit:
    """What one message may hold: `size`, in the unit of `measure`, at least 32.

    `measure` counts at least one for each code point, and never less for a text than for a piece of it.
    """

    size: int
    measure: Callable[[str], int] = len

    def __post_init__(self) -> None:
        if self.size < SMALLEST:
            raise ValueError(f"a message must hold at least {SMALLEST}, not {self.size}")

    def admits(self, text: str) -> bool:
        """Whether one message can hold the text."""
        return self.measure(text) <= self.size


@dataclass(frozen=True, slots=True)
class Carry:
    """What a cut leaves to the next part: the fence that it ran through, or the head of the table.

    `within_line` says that the cut fell into a line, so that a space which follows it means nothing.
    """

    fence: Fence | None = None
    head: str = ""
    within_line: bool = False

    @property
    def opening(self) -> str:
        """What the next part repeats before its text."""
        return self.fence.opening if self.fence else self.head


@dataclass(frozen=True, slots=True)
class Part:
    """One message: `body` is from the text, `opening` and `closing` were added. The text goes on at `end`."""

    opening: str
    body: str
    closing: str
    end: int
    carry: Carry

    @property
    def text(self) -> str:
        """The part as it is posted."""
        return self.opening + self.body + self.closing


class Splitter:
    """Splits a text while it is written: `add` what came, ask for the `parts` whenever they are shown.

    Asking costs as much as the text that no finished part holds yet, however long the whole has become.
    """

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._rest = ""
        self._carry = Carry()
        self._finished: list[Part] = []

    def add(self, text: str) -> None:
        """Append what the model wrote."""
        self._rest += text

    def parts(self) -> list[str]:
        """Return all parts so far. Only the last may still change."""
        return [part.text for part in self.pieces()]

    def pieces(self) -> list[Part]:
        """Return all parts so far, each with what was added to it told apart from the text."""
        start = 0
        while (part := _next(self._rest, start, self._carry, self._limit)) and part.end < len(self._rest):
            start, self._carry = part.end, part.carry
            self._finished.append(part)
        self._rest = self._rest[start:]
        return [*self._finished, part] if part else list(self._finished)


class Growing:
    """Splits the same text again and again while it grows, and anew where it turns into another."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._splitter = Splitter(limit)
        self._known = ""

    def __call__(self, markdown: str, *, is_whole: bool = True) -> list[str]:  # noqa: ARG002  # nothing waits for the end
        """Return the parts of a text; what it shares with the text of the last call is not read again."""
        if not markdown.startswith(self._known):
            self._splitter, self._known = Splitter(self._limit), ""
        self._splitter.add(markdown[len(self._known) :])
        self._known = markdown
        return self._splitter.parts()


def split(markdown: str, limit: Limit) -> list[str]:
    """Return the text as parts that each fit the limit, in order, none of them blank.

    Fences that a cut runs through are closed and opened again, and the head of a table is repeated. Taken
    together the parts are the text, but for these lines and for white space at the cuts.
    """
    splitter = Splitter(limit)
    splitter.add(markdown)
    return splitter.parts()


def close(markdown: str) -> str:
    """Return a text with its open fence closed, as `split` does for every part."""
    text = markdown.rstrip()
    fence = fence_after(text, None)
    return f"{text}\n{fence.closing}" if fence else markdown


def _next(text: str, start: int, carry: Carry, limit: Limit) -> Part | None:
    """Return the part that begins at `start`, or None if nothing but white space is left."""
    begin, carry = _beginning(text, start, carry, limit)
    window = text[begin : begin + limit.size + 1]
    if not window.strip():
        return None
    fits = _fitting(window, carry.opening, limit)
    if fits == len(window):
        return _part(carry, window, len(text), Carry())
    cut = _cut(window[:fits], carry)
    within_line = window[cut.offset - 1] != "\n"
    following = _carried(Carry(cut.fence, "" if within_line else cut.head, within_line), limit)
    return _part(carry, window[: cut.offset], begin + cut.offset, following)


def _part(carry: Carry, body: str, end: int, following: Carry) -> Part:
    """Build a part. A fence in a list is opened again without its list, so its lines lose their indent."""
    text = body.rstrip()
    if carry.fence and carry.fence.indent:
        text = re.sub(rf"^[ \t]{{1,{carry.fence.indent}}}", "", text, flags=re.MULTILINE)
    fence = fence_after(carry.opening + text, None)
    return Part(carry.opening, text, f"\n{fence.closing}" if fence else "", end, following)


def _carried(carry: Carry, limit: Limit) -> Carry:
    """Leave out what would take more than half of the next message: the fence's info, or else all of it."""
    if limit.measure(carry.opening) * 2 <= limit.size:
        return carry
    bare = Fence(carry.fence.lead, carry.fence.marker, "") if carry.fence else None
    if bare and limit.measure(bare.opening) * 4 <= limit.size:
        return Carry(bare, "", carry.within_line)
    return Carry(None, "", carry.within_line)


def _beginning(text: str, start: int, carry: Carry, limit: Limit) -> tuple[int, Carry]:
    """Return where the next part's text begins, past white space, and what it still has to repeat.

    An indent is kept. The closing line of a fence that the last part closed already is passed over.
    """
    first = TEXT.search(text, start)
    if first is None:
        return len(text), carry
    begin = max(start, text.rfind("\n", start, first.start()) + 1)
    if (carry.within_line and begin == start) or first.start() - begin > limit.size // 4:
        begin = first.start()
    line = text[begin : begin + limit.size].partition("\n")[0]
    if carry.fence and carry.fence.is_closed_by(line):
        return _beginning(text, begin + len(line), Carry(), limit)
    if carry.head and (begin > start or "|" not in line):
        return begin, Carry()
    return begin, carry


def _fitting(window: str, opening: str, limit: Limit) -> int:
    """Return how many code points of the window one message can hold, closing line included; at least one."""

    def is_too_long(count: int) -> bool:
        shown = opening + window[:count]
        return not limit.admits(shown + closing_room(shown))

    reach = SMALLEST
    while not is_too_long(min(reach, len(window))):
        if reach >= len(window):
            return len(window)
        reach *= 2
    return max(1, reach // 2 + bisect_left(range(reach // 2 + 1, min(reach, len(window))), True, key=is_too_long))


def _cut(window: str, carry: Carry) -> Place:
    """Choose where to cut a window that the text goes on behind; the offset is never 0."""
    found = list(places(window, carry.fence, carry.head))
    last = found[-1] if found else Place(0, Rank.NEVER, carry.fence, carry.head, -1)
    if last.whole > 0:
        return _before_whole([place for place in found if place.offset <= last.whole])
    for rank in (Rank.BLOCK, Rank.ITEM, Rank.LINE):
        good = [place for place in found if place.rank <= rank and place.offset * 3 >= len(window)]
        if good:
            return good[-1]
    length = last_cut(window[last.offset :]) if window[last.offset :].strip() else len(window) - last.offset
    return Place(last.offset + length, Rank.NEVER, last.fence, last.head, last.whole)


def _before_whole(found: list[Place]) -> Place:
    """Choose the cut before a fence or table that may fit into the next message whole, with its heading."""
    good = [place for place in found if place.rank < Rank.NEVER]
    return good[-1] if good else found[-1]
