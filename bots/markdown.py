"""What a splitter must know of Markdown: where its blocks begin, and which fence or table a place lies in.

Lines are read as CommonMark and GitHub's tables define them, loosely: in doubt a line is plain text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

QUOTE_OR_ITEM = r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*"
FENCE_LINE = re.compile(rf"(?P<lead>{QUOTE_OR_ITEM})(?P<marker>`{{3,}}(?=[^`]*$)|~{{3,}})(?P<info>.*)$")
FENCE_RUN = re.compile(rf"^{QUOTE_OR_ITEM}(?P<marker>`{{3,}}|~{{3,}})", re.MULTILINE)
HEADING = re.compile(r" {0,3}#{1,6}(?:\s|$)")
ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
QUOTE = re.compile(r" {0,3}>")
DELIMITER_ROW = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?\s*$")
DELIMITER_START = re.compile(r"[ \t|:\-\r]*$")


@dataclass(frozen=True, slots=True)
class Fence:
    """An open code fence: `lead` is what stands before its marker, `info` what stands behind it."""

    lead: str
    marker: str
    info: str

    @property
    def opening(self) -> str:
        """The line that opens it again at the top of a message, where no list is open."""
        return f"{self._quote}{self.marker}{self.info}\n"

    @property
    def closing(self) -> str:
        """The line that closes it."""
        return f"{self._quote}{self.marker}"

    @property
    def _quote(self) -> str:
        return "> " * self.lead.count(">")

    def is_closed_by(self, line: str) -> bool:
        """Whether the line is this fence's end: its marker or a longer one, alone."""
        bare = line.strip(" \t>\r\n")
        return len(bare) >= len(self.marker) and not bare.strip(self.marker[0])

    def holds(self, line: str) -> bool:
        """Whether the line still lies in the fence; a fence in a quote ends with the quote."""
        return ">" not in self.lead or bool(QUOTE.match(line))


class Rank(IntEnum):
    """How good a place is for a cut; the lower, the better."""

    BLOCK = 0
    ITEM = 1
    LINE = 2
    NEVER = 3


@dataclass(frozen=True, slots=True)
class Place:
    """The beginning of a line: how good a cut is here, and what it would run through.

    `whole` is where the open fence or table began, -1 if none is open; `head` holds that table's first two lines.
    """

    offset: int
    rank: Rank
    fence: Fence | None = None
    head: str = ""
    whole: int = -1


def opened_by(line: str) -> Fence | None:
    """Return the fence that the line opens."""
    match = FENCE_LINE.match(line.rstrip())
    return Fence(match["lead"], match["marker"], match["info"]) if match else None


def fence_after(markdown: str, fence: Fence | None) -> Fence | None:
    """Return the fence that is open at the end of a text which began within `fence`."""
    for line in markdown.split("\n"):
        fence = _fence_past(line, fence)
    return fence


def _fence_past(line: str, fence: Fence | None) -> Fence | None:
    if fence is None or not fence.holds(line):
        return opened_by(line)
    return None if fence.is_closed_by(line) else fence


def closing_room(text: str) -> str:
    """Return the longest line that closing any fence of the text could take, with its line break, or nothing.

    It counts whatever looks like a fence and never shrinks as the text grows, which keeps cuts where they are.
    """
    runs = [match[0] for match in FENCE_RUN.finditer(text)]
    return "\n" + max(runs, key=len) if runs else ""


def places(text: str, fence: Fence | None, head: str) -> Iterator[Place]:
    """Yield every line's beginning but the first, for a text which begins within `fence` or under the table `head`.

    Only lines that end in a line break are read, as what the last one will be is not known yet.
    """
    whole = 0 if fence or head else -1
    lines = text.split("\n")
    offset, last_text = 0, ""
    for number, line in enumerate(lines[:-1]):
        begun, offset = offset, offset + len(line) + 1
        before = fence
        fence = _fence_past(line, fence)
        if fence is not before:
            whole, head = (begun if fence else -1), ""
        elif fence is None:
            head = _table_past(lines, number, head)
            whole = (begun if whole < 0 else whole) if head else -1
        last_text = line if line.strip() else last_text
        yield Place(offset, _rank(line, lines[number + 1], last_text, fence), fence, head, whole)


def _table_past(lines: list[str], number: int, head: str) -> str:
    """Return the head of the table that goes on past this line. A header row counts with its delimiter row."""
    line, following = lines[number], lines[number + 1]
    if "|" not in line:
        return ""
    if head:
        return head
    last = number + 2 == len(lines)
    begins = DELIMITER_START.match(following) if last else DELIMITER_ROW.match(following) and "|" in following
    return f"{line}\n{following}\n" if begins else ""


def _rank(line: str, following: str, last_text: str, fence: Fence | None) -> Rank:
    """Rank the place between two lines; `last_text` is the last line up to here that is not blank."""
    if fence:
        return Rank.LINE if line.strip() else Rank.ITEM
    parts_a_head = "|" in line and DELIMITER_START.match(following)
    if HEADING.match(last_text) or parts_a_head or not following.strip():
        return Rank.NEVER
    if HEADING.match(following) or opened_by(following):
        return Rank.BLOCK
    if not line.strip():
        return Rank.ITEM if following[0] in " \t" or ITEM.match(following) else Rank.BLOCK
    if ITEM.match(following) or bool(QUOTE.match(line)) != bool(QUOTE.match(following)):
        return Rank.ITEM
    return Rank.LINE


def block_count(text: str) -> int:
    """Return how many blocks the lines of a text make, of those that end in a line break. It never shrinks."""
    return sum(1 for place in places(f"\n{text}", None, "") if place.rank < Rank.LINE)
