"""How many blocks Slack's servers make of one markdown block: an estimate, rather too high than too low.

Slack's docs (markdown block) say only that there may be several. A heading, a paragraph, a list, a quote, a table,
a code block and a rule are reported to become one each (archestra-ai/archestra#4980).
"""

import re

from bots.markdown import Fence, fence_past

LINE = re.compile(
    r"(?P<blank>\s*$)"
    r"|(?P<single> {0,3}#{1,6}\s| {0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$)"
    r"|(?P<bullets>\s*[-*+]\s)"
    r"|(?P<numbers>\s*\d{1,9}[.)]\s)"
    r"|(?P<quote> {0,3}>)"
    r"|(?P<table>\s*\|)"
    r"|(?P<text>)"
)
LISTS = {"bullets", "numbers"}
BREAK = re.compile(r"\r\n|\n|\r")  # what ends a line in CommonMark


def expanded_blocks(markdown: str) -> int:
    """Estimate how many blocks a text becomes."""
    return blocks_of_whole_lines(f"{markdown}\n")


def blocks_of_whole_lines(markdown: str) -> int:
    """Estimate the blocks of those lines that end in a line break, which never shrinks as a text grows."""
    fence: Fence | None = None
    count, kind, after_blank = 0, "blank", True
    for line in BREAK.split(markdown)[:-1]:
        before, fence = fence, fence_past(line, fence)
        match = None if before or fence else LINE.match(line)
        now = (match.lastgroup if match else None) or "code"
        if now == "blank":
            after_blank = True
            continue
        if not _goes_on(kind, now, line, after_blank=after_blank, in_code=before is not None):
            count, kind = count + 1, now
        after_blank = False
    return count


def _goes_on(kind: str, now: str, line: str, *, after_blank: bool, in_code: bool) -> bool:
    """Whether a line belongs to the block of the line before."""
    if now in {"single", "code"}:
        return in_code
    if kind in LISTS:
        return now == kind or line[0] in " \t" or (now == "text" and not after_blank)
    return now == kind and not after_blank
