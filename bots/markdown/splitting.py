"""Cuts a Markdown text into messages that a platform takes, and never moves a cut that was made.

A text that grows at its end keeps its earlier parts: a cut is made only when what follows the last one no longer
fits, and where it falls depends on nothing but what one message could have held. So a part that was posted stays
as it is while the model goes on writing.
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace

from bots.markdown.blocks import Fence, Place, Rank, closing_room, fence_after, places
from bots.markdown.breaks import last_cut, link_before
from bots.markdown.carry import Carry, carry_of, marks_at
from bots.markdown.marks import SPOILER, closing_of, marks_room, open_marks, spoilers_of

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

    def parts(self, *, is_whole: bool = True) -> list[str]:
        """Return all parts so far. Only the last may still change."""
        return [part.text for part in self.pieces(is_whole=is_whole)]

    def pieces(self, *, is_whole: bool = True) -> list[Part]:
        """Return all parts so far, each with what was added to it told apart from the text.

        Where the text is not whole, whatever may become a spoiler is closed as one.
        """
        start = 0
        while (part := _next(self._rest, start, self._carry, self._limit)) and part.end < len(self._rest):
            start, self._carry = part.end, part.carry
            self._finished.append(part)
        self._rest = self._rest[start:]
        return [*self._finished, _with_spoilers_closed(part, is_whole=is_whole)] if part else list(self._finished)


class Growing:
    """Splits the same text again and again while it grows, and anew where it turns into another."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._splitter = Splitter(limit)
        self._known = ""

    def __call__(self, markdown: str, *, is_whole: bool = True) -> list[str]:
        """Return the parts of a text; what it shares with the text of the last call is not read again."""
        if not markdown.startswith(self._known):
            self._splitter, self._known = Splitter(self._limit), ""
        self._splitter.add(markdown[len(self._known) :])
        self._known = markdown
        return self._splitter.parts(is_whole=is_whole)


def split(markdown: str, limit: Limit) -> list[str]:
    """Return the text as parts that each fit the limit, in order, none of them blank.

    Fences and marks that a cut runs through are closed and opened again, the head of a table and the bullets above an
    item are repeated. Taken together the parts are the text, but for these and for white space at the cuts.
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
    before = carry.opening + window[: cut.offset]
    opened = marks_at(before, cut, within_line=within_line)
    following = carry_of(before, window[cut.offset : fits], cut, opened, within_line=within_line)
    part = _part(carry, window[: cut.offset], begin + cut.offset, _lighten_carry(following, limit))
    return replace(part, closing=part.closing + closing_of(opened, part.text))


def _part(carry: Carry, body: str, end: int, following: Carry) -> Part:
    """Build a part. A fence in a list is opened again without its list, so its lines lose their indent."""
    text = body.rstrip()
    if carry.fence and carry.fence.indent:
        text = re.sub(rf"^[ \t]{{1,{carry.fence.indent}}}", "", text, flags=re.MULTILINE)
    fence = fence_after(carry.opening + text, None)
    return Part(carry.opening, text, f"\n{fence.closing}" if fence else "", end, following)


def _with_spoilers_closed(part: Part, *, is_whole: bool) -> Part:
    """Close the spoiler at the end of the last part; two bars between spaces, once the text is whole, are none."""
    opened = spoilers_of(open_marks(part.opening + part.body)) if SPOILER in part.text else ()
    if is_whole and SPOILER not in part.opening:
        opened = tuple(mark for mark in opened if mark.is_tight)
    return replace(part, closing=part.closing + closing_of(opened, part.text))


def _lighten_carry(carry: Carry, limit: Limit) -> Carry:
    """Leave out what would take more than half of the next message: the fence's info, or else all but spoilers."""
    if limit.measure(carry.opening) * 2 <= limit.size:
        return carry
    bare = replace(carry, fence=Fence(carry.fence.lead, carry.fence.marker, "")) if carry.fence else carry.spoilers
    if limit.measure(bare.opening) * 4 <= limit.size:
        return bare
    return replace(carry.spoilers, within_line=carry.within_line)


def _beginning(text: str, start: int, carry: Carry, limit: Limit) -> tuple[int, Carry]:
    """Return where the next part's text begins, past white space, and what it still has to repeat.

    An indent is kept. The closing line of a fence that the last part closed already is passed over, as is a mark.
    """
    first = TEXT.search(text, start)
    if first is None:
        return len(text), carry
    begin = max(start, text.rfind("\n", start, first.start()) + 1)
    if carry.goes_on or (carry.within_line and begin == start) or first.start() - begin > limit.size // 4:
        begin = first.start()
    line = text[begin : begin + limit.size].partition("\n")[0]
    if carry.fence and carry.fence.is_closed_by(line):
        return _beginning(text, begin + len(line), carry.spoilers, limit)
    if carry.head and (begin > start or "|" not in line):
        return begin, carry.spoilers
    if (shorter := carry.past_mark(line)) and (mark := carry.marks[-1]):
        return _beginning(text, begin + len(mark), shorter, limit)
    return begin, carry


def _fitting(window: str, opening: str, limit: Limit) -> int:
    """Return how many code points of the window one message can hold, closing line included; at least one."""

    def is_too_long(count: int) -> bool:
        shown = opening + window[:count]
        return not limit.admits(shown + closing_room(shown) + marks_room(shown))

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
    line = window[last.offset :]
    length = last_cut(line) if line.strip() else len(line)
    link = link_before(line, length)
    if link == 0 and last.offset and last.rank < Rank.NEVER:
        return last
    return Place(last.offset + (link or length), Rank.NEVER, last.fence, last.head, last.whole)


def _before_whole(found: list[Place]) -> Place:
    """Choose the cut before a fence or table that may fit into the next message whole, with its heading."""
    good = [place for place in found if place.rank < Rank.NEVER]
    return good[-1] if good else found[-1]
