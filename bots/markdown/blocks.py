"""What a splitter must know of Markdown: where its blocks begin, and which fence or table a place lies in.

Lines are read as CommonMark and GitHub's tables define them, loosely: in doubt a line is plain text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import re2  # linear in time, as a model's text is anybody's

QUOTE_OR_ITEM = r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*"
FENCE_LINE = re.compile(rf"(?P<lead>{QUOTE_OR_ITEM})(?P<marker>`{{3,}}(?=[^`]*$)|~{{3,}})(?P<info>.*)$")
FENCE_RUN = re.compile(rf"^{QUOTE_OR_ITEM}(?P<marker>`{{3,}}|~{{3,}})", re.MULTILINE)
HEADING = re.compile(r" {0,3}#{1,6}(?:\s|$)")
ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
QUOTE = re.compile(r" {0,3}>")
DELIMITER_ROW = re2.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?\s*$")
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
        return f"{'> ' * self.lead.count('>')}{self.marker}{self.info}\n"

    @property
    def closing(self) -> str:
        """The line that closes it; a bullet before it has become space."""
        return re.sub(r"[^\s>]", " ", self.lead) + self.marker

    @property
    def indent(self) -> int:
        """How far its lines are indented because it stands in a list."""
        return 0 if ">" in self.lead else len(self.lead)

    def is_closed_by(self, line: str) -> bool:
        """Whether the line is this fence's end: its marker or a longer one, alone, and not indented as code."""
        before = " \t>" if ">" in self.lead else " \t"
        bare = line.lstrip(before)
        indent = len(line) - len(bare)
        bare = bare.rstrip()
        return len(bare) >= len(self.marker) and not bare.strip(self.marker[0]) and indent <= len(self.lead) + 3

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
    if "```" not in line and "~~~" not in line:
        return None
    match = FENCE_LINE.match(line.rstrip())
    return Fence(match["lead"], match["marker"], match["info"]) if match else None


def fence_after(markdown: str, fence: Fence | None) -> Fence | None:
    """Return the fence that is open at the end of a text which began within `fence`."""
    for line in markdown.split("\n"):
        fence = fence_past(line, fence)
    return fence


def fence_past(line: str, fence: Fence | None) -> Fence | None:
    """Return the fence that is open behind a line, of which `fence` was open before it."""
    if fence is None or not fence.holds(line):
        return opened_by(line)
    return None if fence.marker in line and fence.is_closed_by(line) else fence


def closing_room(text: str) -> str:
    """Return the longest line that closing any fence of the text could take, with its line break, or nothing.

    It counts whatever looks like a fence and never shrinks as the text grows, which keeps cuts where they are.
    """
    if "```" not in text and "~~~" not in text:
        return ""
    runs = [match[0] for match in FENCE_RUN.finditer(text)]
    return "\n" + max(runs, key=len) if runs else ""


def places(text: str, fence: Fence | None, head: str) -> Iterator[Place]:
    """Yield every line's beginning but the first, for a text which begins within `fence` or under the table `head`.

    Only lines that end in a line break are read, as what the last one will be is not known yet.
    """
    whole = 0 if fence or head else -1
    lines = text.split("\n")
    offset, after_heading = 0, False
    for number, line in enumerate(lines[:-1]):
        following = lines[number + 1]
        begun, offset = offset, offset + len(line) + 1
        before, fence = fence, fence_past(line, fence)
        if fence is not before:
            whole, head = (begun if fence else -1), ""
        elif fence is None:
            head = _table_past(line, following, head, is_last=number + 2 == len(lines))
            whole = (begun if whole < 0 else whole) if head else -1
        if line.strip():
            after_heading = before is None and HEADING.match(line) is not None
        rank = _rank_in_code(line) if fence else _rank(line, following, after_heading=after_heading)
        yield Place(offset, rank, fence, head, whole)


def _table_past(line: str, following: str, head: str, *, is_last: bool) -> str:
    """Return the head of the table that goes on past a line; a header row counts with the row of dashes below it.

    `is_last` says that the following line may still grow.
    """
    if head or "|" not in line:
        return head if "|" in line else ""
    begins = DELIMITER_START.match(following) if is_last else "|" in following and DELIMITER_ROW.match(following)
    return f"{line}\n{following}\n" if begins else ""


def _rank_in_code(line: str) -> Rank:
    return Rank.LINE if line.strip() else Rank.ITEM


def _rank(line: str, following: str, *, after_heading: bool) -> Rank:
    """Rank the place between two lines outside of code."""
    parts_a_head = "|" in line and DELIMITER_START.match(following)
    if after_heading or parts_a_head or not following or following.isspace():
        return Rank.NEVER
    if following[0] == "#" or opened_by(following):
        return Rank.BLOCK
    is_item = ITEM.match(following) is not None
    if not line.strip():
        return Rank.ITEM if is_item or following[0] in " \t" else Rank.BLOCK
    return Rank.ITEM if is_item or line.startswith(">") != following.startswith(">") else Rank.LINE


def pieces_of_code(markdown: str) -> Iterator[tuple[bool, str]]:
    """Yield the text in pieces that lie all in fenced code (True) or all outside of it, in order.

    The lines that open and close a fence belong to the code.
    """
    if "```" not in markdown and "~~~" not in markdown:
        yield False, markdown
        return
    fence: Fence | None = None
    begun = offset = 0
    for line in markdown.split("\n"):
        before, fence = fence, fence_past(line, fence)
        past = min(offset + len(line) + 1, len(markdown))
        if (before is None) != (fence is None):
            border = past if before and before.holds(line) else offset
            yield before is not None, markdown[begun:border]
            begun = border
        offset = past
    yield fence is not None, markdown[begun:]
