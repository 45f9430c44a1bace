"""Which marks of bold, italic, struck text, code and spoilers are open at a place, as CommonMark and Discord pair them.

Read loosely: a mark opens before a letter and closes behind one, whatever punctuation stands beside it. A spoiler is
what Discord takes for one: what stands between two `||`, over lines and paragraphs, outside of code.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import re2  # linear in time, as a model's text is anybody's

from bots.markdown.blocks import FENCE_RUN, HEADING, ITEM, QUOTE, pieces_of_code

SPOILER = "||"
LONGEST = 3  # letters of one mark; of a longer run of backticks or asterisks nobody expects a meaning
TOKEN = re.compile(r"\\|`+|\*+|_+|~~+|\|\|+")
ROW = re2.compile(r"\s*\|[^|].*\|\s*$")
ROOM = {SPOILER: "\n||", "*": "***", "_": "___", "~~": "~~", "`": "```"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark that is open, and whether a letter follows it at once.

    `is_operator` says that it is bars between spaces amid a line, as in `a || b`.
    """

    text: str
    is_tight: bool
    is_operator: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A run of a mark's letters, and the letters beside it."""

    run: str
    before: str
    after: str
    start: int
    end: int


def open_marks(text: str) -> tuple[Mark, ...]:
    """Return the marks that are open at the text's end, the outermost first."""
    opened: tuple[Mark, ...] = ()
    pieces = list(pieces_of_code(text))
    blocks = [block for in_code, piece in pieces if not in_code for block in _blocks_of(piece)]
    for number, block in enumerate(blocks):
        opened = _marks_past(block, spoilers_of(opened), is_last=number + 1 == len(blocks))
    ends_in_code = pieces[-1][0]
    return spoilers_of(opened) if ends_in_code else opened


def spoilers_of(opened: Sequence[Mark]) -> tuple[Mark, ...]:
    """Return those of the marks that a paragraph's end does not close."""
    return tuple(mark for mark in opened if mark.text == SPOILER)


def closing_of(opened: Sequence[Mark], text: str) -> str:
    """Return the text that closes the marks at the end of a text, on a line of its own below a fence."""
    closing = "".join(mark.text for mark in reversed(opened))
    stands_alone = bool(closing) and FENCE_RUN.match(text[text.rfind("\n") + 1 :])
    return f"\n{closing}" if stands_alone else closing


def marks_room(text: str) -> str:
    """Return as much text as closing any marks of the text could take; it never shrinks as the text grows."""
    return "".join(room for mark, room in ROOM.items() if mark in text)


def _blocks_of(text: str) -> Iterator[str]:
    """Yield the paragraphs, items, headings and lines of quotes of a text without fences, but no rows of tables."""
    block: list[str] = []
    for line in text.split("\n"):
        if not line.strip() or ITEM.match(line) or HEADING.match(line) or QUOTE.match(line) or ROW.match(line):
            yield "\n".join(block)
            block = []
        block.append("" if ROW.match(line) else line)
    yield "\n".join(block)


def _marks_past(block: str, opened: tuple[Mark, ...], *, is_last: bool) -> tuple[Mark, ...]:
    """Return what is open behind a block. Code goes on behind the `last` one, unless a spoiler may begin in it."""
    tokens = list(_tokens_of(block))
    last_of = {token.run: number for number, token in enumerate(tokens)}
    number = 0
    while number < len(tokens):
        token = tokens[number]
        if token.run == "\\":
            number += number + 1 < len(tokens) and tokens[number + 1].start == token.end
        elif token.run[0] != "`":
            is_bars = token.run[0] == "|"
            opened = _pipes_past(token, opened, block) if is_bars else _mark_past(token, opened)
        elif last_of[token.run] > number:
            number = next(later for later in range(number + 1, len(tokens)) if tokens[later].run == token.run)
        elif is_last and len(token.run) <= LONGEST and SPOILER not in block[token.end :]:
            return (*opened, Mark(token.run, is_tight=True))
        number += 1
    return opened


def _tokens_of(block: str) -> Iterator[Token]:
    for match in TOKEN.finditer(block):
        start, end = match.span()
        yield Token(match.group(), block[max(0, start - 1) : start], block[end : end + 1], start, end)


def _pipes_past(token: Token, opened: tuple[Mark, ...], block: str) -> tuple[Mark, ...]:
    """Pair bars as Discord's pattern `||(.+?)||` does: between two marks stands at least one letter."""
    left, is_open = len(token.run), any(mark.text == SPOILER for mark in opened)
    while left >= len(SPOILER):
        left, is_open = left - len(SPOILER), not is_open
        if is_open and left <= len(SPOILER):
            break
        left, is_open = (left - len(SPOILER) - 1, False) if is_open else (left, is_open)
    others = tuple(mark for mark in opened if mark.text != SPOILER)
    begun = Mark(SPOILER, bool(token.after.strip()), _is_operator(token, block))
    return (*others, begun) if is_open else others


def _is_operator(token: Token, block: str) -> bool:
    before = block[: token.start].rpartition("\n")[2]
    after = block[token.end :].partition("\n")[0]
    return (token.run, token.before, token.after) == (SPOILER, " ", " ") and bool(before.strip() and after.strip())


def _mark_past(token: Token, opened: tuple[Mark, ...]) -> tuple[Mark, ...]:
    left, letter = token.run, token.run[0]
    if letter == "~" and left != "~~":
        return opened
    is_word = letter == "_"  # which stands within names
    closes = bool(token.before.strip()) and not (is_word and token.after.isalnum())
    opens = bool(token.after.strip()) and not (is_word and token.before.isalnum())
    while left and closes:
        fitting = [mark for mark in opened if mark.text[0] == letter and (mark.text == left or len(left) == LONGEST)]
        if not fitting:
            break
        opened, left = _without(opened, fitting[-1]), left[len(fitting[-1].text) :]
    if not left or not opens or len(left) > LONGEST or any(mark.text == left for mark in opened):
        return opened
    parts = (letter, letter * 2) if len(left) == LONGEST else (left,)
    return (*opened, *(Mark(part, is_tight=True) for part in parts))


def _without(opened: tuple[Mark, ...], mark: Mark) -> tuple[Mark, ...]:
    """Leave out a mark and what it held, but no spoiler."""
    place = opened.index(mark)
    return (*opened[:place], *spoilers_of(opened[place + 1 :]))
