"""Markdown as Discord shows it: what it does not know becomes what it does (Discord, Markdown Text 101).

Tables become aligned blocks of code, or lists where a phone is too narrow; small headings become bold. A text that
still grows is rendered up to where its rendering is sure, so that what was shown stays as it is.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import re2  # linear in time, as a model's text is anybody's

from bots.discord.markdown_lines import LINE_BREAK, render_line, render_sure
from bots.markdown.blocks import DELIMITER_ROW, DELIMITER_START, pieces_of_code

WIDEST = 42  # columns of a block of code that a phone shows without a break
ROWS = 30  # of a table by which its layout is decided; those that follow are laid out alike
QUOTED = re.compile(r"^ {0,3}>[> \t]*")
MARKS = re.compile(r"\*\*|__|~~|`")
SPOILER = re2.compile(r"\|\|(?:[^|]|\|[^|])+\|\|")
CODE = re.compile(r"`[^`]*`")
BARS = re2.compile(r"\s*\|+\s*$")
ESCAPED_BAR = "\0"  # stands for a bar that parts no cells
EMOJI = re.compile(  # of several code points: with a selector, a tone, tags, or others that are joined to it
    r"[^\x00-\x1f]\ufe0f\u20e3?(?:\u200d[\u2190-\U0001faff]\ufe0f?)*"
    r"|[\u2600-\U0001faff](?:[\U0001f3fb-\U0001f3ff]\ufe0f?|[\U000e0020-\U000e007f]+|\u200d[\u2190-\U0001faff]\ufe0f?)+"
)
LINK = re2.compile(r"\]\(")


def render_markdown(markdown: str, *, is_whole: bool = True) -> str:
    """Return a text as Discord shows it; one that is not whole without what may still turn out otherwise."""
    pieces = list(pieces_of_code(markdown))
    rendered = [piece if in_code else _render_text(piece, is_whole=True) for in_code, piece in pieces[:-1]]
    in_code, last = pieces[-1]
    return "".join([*rendered, last if in_code else _render_text(last, is_whole=is_whole)])


def _render_text(text: str, *, is_whole: bool) -> str:
    """Render what lies outside of code, line by line and table by table."""
    lines = text.split("\n")
    last = lines.pop()
    shown: list[str] = []
    number = 0
    while number < len(lines):
        following = lines[number + 1] if number + 1 < len(lines) else last
        is_sure = is_whole or number + 1 < len(lines)
        if _is_row(lines[number]) and (DELIMITER_ROW if is_sure else DELIMITER_START).match(_bare(following)):
            end = _table_end(lines, number)
            may_grow = not is_whole and end == len(lines)
            if may_grow and end - number < ROWS + 2:
                return "\n".join([*shown, ""])
            if "|" in following:
                goes_to_the_end = end == len(lines) and _goes_on(lines[number], last)
                rows = [*lines[number:end], *([last] if goes_to_the_end and is_whole else [])]
                lead = "> " if QUOTED.match(lines[number]) else ""
                shown += (f"{lead}{row}" for row in _table([_bare(row) for row in rows], is_open=may_grow))
                if goes_to_the_end or may_grow:
                    return "\n".join([*shown, ""] if may_grow else shown)
                number = end
                continue
        line = render_line(lines[number])
        shown += [] if line is None else [line]
        number += 1
    return "\n".join([*shown, (render_line(last) or "") if is_whole else render_sure(last)])


def _table_end(lines: Sequence[str], begin: int) -> int:
    """Return where the table's lines end; one in a quotation ends with it."""
    numbers = range(begin, len(lines))
    return next((number for number in numbers if not _goes_on(lines[begin], lines[number])), len(lines))


def _goes_on(row: str, line: str) -> bool:
    """Whether a line goes on the table that a row stands in."""
    return _is_row(line) and bool(QUOTED.match(line)) == bool(QUOTED.match(row))


def _bare(line: str) -> str:
    return QUOTED.sub("", line)


def _is_row(line: str) -> bool:
    """Whether a line goes on a table; bars alone end a spoiler that the table stands in."""
    return "|" in line and not BARS.match(line)


def _table(lines: Sequence[str], *, is_open: bool) -> Iterator[str]:
    """Yield a table's lines, laid out by its first rows; `is_open` says that more rows may follow.

    No block of code holds a row with a spoiler, since it would show it: from there on the table is a list.
    """
    head, *rows = [_cells(line) for number, line in enumerate(lines) if number != 1]
    measured = [head, *rows[:ROWS]]
    widths = [max(map(display_width, map(_plain, column))) for column in zip_longest(*measured, fillvalue="")]
    has_link = any(LINK.search(cell) for row in measured for cell in row)
    aligned = next((number for number, row in enumerate(rows) if _has_spoiler(row)), len(rows))
    if has_link or _has_spoiler(head) or aligned < min(ROWS, len(rows)) or sum(widths) + 2 * len(widths) - 2 > WIDEST:
        yield from _list_of(head, rows)
        return
    yield "```"
    yield _align_row(head, widths)
    yield "  ".join("-" * width for width in widths)
    yield from (_align_row(row, widths) for row in rows[:aligned])
    if not is_open or aligned < len(rows):
        yield "```"
    yield from _list_of(head, rows[aligned:])


def _list_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table as a list: of each row the first column, and the others below it."""
    for row in rows:
        pairs = [f"{name}: {cell}" if name else cell for name, cell in zip_longest(head, row, fillvalue="") if cell]
        yield from (f"{'- ' if number == 0 else '  - '}{pair}" for number, pair in enumerate(pairs))


def _align_row(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [_plain(cell) for cell in row]
    beyond = max(0, len(cells) - len(widths))
    columns = zip(cells, [*widths, *[0] * beyond], strict=False)
    filled = (cell + " " * (width - display_width(cell)) for cell, width in columns)
    return "  ".join(filled).rstrip()


def _cells(line: str) -> list[str]:
    """Return what stands between the bars of a row, but for those in code and those of spoilers."""
    bare = line.replace("\\|", ESCAPED_BAR)
    for whole in (CODE, SPOILER):
        bare = whole.sub(lambda found: found.group().replace("|", ESCAPED_BAR), bare)
    cells = bare.strip().removeprefix("|").removesuffix("|").split("|")
    return [str(LINE_BREAK.sub(" ", cell.replace(ESCAPED_BAR, "|"))).strip() for cell in cells]


def _has_spoiler(row: Sequence[str]) -> bool:
    return any("||" in cell and SPOILER.search(CODE.sub("", cell)) for cell in row)


def _plain(cell: str) -> str:
    """Return a cell as a block of code shows it best, which knows no formatting."""
    return str(MARKS.sub("", cell))


def display_width(text: str) -> int:
    """Return how many columns a text takes in a block of code: wide letters two, marks on others none, an emoji two."""
    joined = EMOJI.sub("\u3000", text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in joined)
    return len(joined) + wide - sum(unicodedata.category(letter) in {"Mn", "Me", "Cf"} for letter in joined)
