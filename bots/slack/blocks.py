"""How many blocks Slack's servers make of one markdown block: an estimate, rather too high than too low.

Slack's docs (markdown block) say only that there may be several. A heading, a paragraph, a list, a quote, a table,
a code block and a rule are reported to become one each (archestra-ai/archestra#4980).
"""

import re

LINE = re.compile(
    r"(?P<blank>\s*$)"
    r"|(?P<single> {0,3}#{1,6}\s| {0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$)"
    r"|(?P<bullets>\s*[-*+]\s)"
    r"|(?P<numbers>\s*\d{1,9}[.)]\s)"
    r"|(?P<quote> {0,3}>)"
    r"|(?P<table>\s*\|)"
    r"|(?P<text>)"
)
FENCE = re.compile(r" {0,3}(?P<marker>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)$")
LISTS = {"bullets", "numbers"}
BREAK = re.compile(r"\r\n|\n|\r")  # what ends a line in CommonMark


def expanded_blocks(markdown: str) -> int:
    """Estimate how many blocks a text becomes."""
    return blocks_of_whole_lines(f"{markdown}\n")


def blocks_of_whole_lines(markdown: str) -> int:
    """Estimate the blocks of those lines that end in a line break, which never shrinks as a text grows."""
    count, kind, after_blank, fence = 0, "blank", True, ""
    for line in BREAK.split(markdown)[:-1]:
        before, fence = fence, _fence_past(line, fence, in_list=kind in LISTS)
        match = None if before or fence else LINE.match(line)
        now = (match.lastgroup if match else None) or "code"
        if now == "blank":
            after_blank = True
            continue
        if not _goes_on(kind, now, line, after_blank=after_blank, in_code=bool(before)):
            count, kind = count + 1, now
        after_blank = False
    return count


def _fence_past(line: str, marker: str, *, in_list: bool) -> str:
    """Return the marker of the fence that is open behind a line, empty where none is.

    Unlike a splitter, which reads loosely, this reads as CommonMark does: a fence in a list ends with the list's item,
    and what follows may be many blocks. So it counts as the list's text.
    """
    match = FENCE.match(line)
    if not marker:
        return match["marker"] if match and not (in_list and line[0] == " ") else ""
    return "" if match and match["marker"].startswith(marker) and not match["info"].strip() else marker


def _goes_on(kind: str, now: str, line: str, *, after_blank: bool, in_code: bool) -> bool:
    """Whether a line belongs to the block of the line before."""
    if now in {"single", "code"}:
        return in_code
    if kind in LISTS:
        return now == kind or line[0] in " \t" or (now == "text" and not after_blank)
    return now == kind and not after_blank
