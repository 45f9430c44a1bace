"""What a cut leaves to the next part: the fence, table, lists and marks that it ran through."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import re2  # linear in time, as a model's text is anybody's

from bots.markdown.blocks import HEADING, ITEM, QUOTE, Fence, Place, Rank, opened_by
from bots.markdown.lists import lists_above
from bots.markdown.marks import SPOILER, Mark, open_marks, spoilers_of

QUOTED = re2.compile(r" {0,3}>[ \t>]*")


@dataclass(frozen=True, slots=True)
class Carry:
    """The `fence` that a cut ran through, or the `head` of the table, and the `marks` that are open, outermost first.

    `lists` are the bullets above what follows, `quote` what stands before a quoted line that goes on. `begins_block`
    says that this is a block of its own, so that marks stand in a line above it; `within_line` that the cut fell into a
    line, so that a space which follows means nothing.
    """

    fence: Fence | None = None
    head: str = ""
    within_line: bool = False
    marks: tuple[str, ...] = ()
    lists: str = ""
    quote: str = ""
    begins_block: bool = False

    @property
    def opening(self) -> str:
        """What the next part repeats before its text."""
        marks, block = "".join(self.marks), self.fence.opening if self.fence else self.head
        if marks and (block or self.begins_block):
            return f"{marks}\n{block or self.lists}"
        return block or f"{self.quote}{self.lists}{marks}"

    @property
    def goes_on(self) -> bool:
        """Whether the next part goes on with a paragraph or an item, whose indent means nothing."""
        return not self.fence and not self.begins_block and bool(self.marks or self.lists or self.quote)

    @property
    def spoilers(self) -> "Carry":
        """The carry with its spoilers alone, which outlive all that they hold."""
        marks = tuple(mark for mark in self.marks if mark == SPOILER)
        return Carry(marks=marks, begins_block=self.begins_block or self.fence is not None)

    def past_mark(self, line: str) -> "Carry | None":
        """Return what is left to carry where the line begins by closing the innermost mark, else None."""
        if not self.goes_on or not self.marks:
            return None
        *others, mark = self.marks
        run = line[: len(line) - len(line.lstrip(mark[0]))]
        closes = run.startswith(mark) if mark == SPOILER else run == mark
        return replace(self, marks=tuple(others), within_line=True) if closes else None


def marks_at(before: str, cut: Place, *, within_line: bool) -> tuple[Mark, ...]:
    """Return the marks that are open where a cut falls behind a text; only spoilers go on past a paragraph.

    Bars that stand like `a || b` in a line are none: nobody means to hide all that follows.
    """
    opened = open_marks(before.rstrip())
    ended = before[: before.rfind("\n") + 1] if within_line else before
    if SPOILER not in before[len(ended) :] and any(mark.is_operator for mark in open_marks(ended.rstrip())):
        opened = tuple(mark for mark in opened if mark.text != SPOILER)
    return opened if within_line or cut.rank == Rank.LINE else spoilers_of(opened)


def carry_of(before: str, following: str, cut: Place, opened: Sequence[Mark], *, within_line: bool) -> Carry:
    """Return what a cut between two texts leaves to the next part; of `following` the first line counts."""
    line = following.partition("\n")[0]
    is_block = ITEM.match(line) or HEADING.match(line) or QUOTE.match(line) or opened_by(line)
    begins_block = not within_line and bool(is_block)
    is_list = not cut.fence and not cut.head
    lists = lists_above(before, line, within_line=within_line, begins_block=begins_block) if is_list else ""
    marks = tuple(mark.text for mark in opened)
    quote = QUOTED.match(before[before.rfind("\n") + 1 :]) if within_line and is_list else None
    lead = quote.group() if quote else ""
    return Carry(cut.fence, "" if within_line else cut.head, within_line, marks, lists, lead, begins_block)
