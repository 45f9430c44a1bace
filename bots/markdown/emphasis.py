"""Bold that CommonMark would not see, as in Chinese and Japanese, where no space stands beside a mark.

A `**` between punctuation and a letter neither opens nor closes (CommonMark 0.31, 6.2, flanking). The punctuation is
moved out of it: `**note:**text` becomes `**note**:text`. Nothing is added, so no length changes.
"""

import unicodedata

from bots.markdown.blocks import pieces_of_code

MARKS = ("**", "~~")


def free_emphasis(markdown: str) -> str:
    """Return a text in which bold and struck words are seen as such beside letters; code stays as it is."""
    return "".join(piece if in_code else _outside_code(piece) for in_code, piece in pieces_of_code(markdown))


def _outside_code(text: str) -> str:
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    for mark in MARKS:
        if mark in line and "`" not in line:
            line = _free_marks(line.split(mark), mark)
    return line


def _free_marks(pieces: list[str], mark: str) -> str:
    """Join a line that was split at its marks; every second piece lies within two of them."""
    for number in range(1, len(pieces) - 1, 2):
        before, inside, after = pieces[number - 1 : number + 2]
        if before[-1:].isalnum() and _is_punctuation(inside[:1]):
            bare = inside.lstrip("".join(filter(_is_punctuation, set(inside))))
            before, inside = before + inside[: len(inside) - len(bare)], bare
        if after[:1].isalnum() and _is_punctuation(inside[-1:]):
            bare = inside.rstrip("".join(filter(_is_punctuation, set(inside))))
            inside, after = bare, inside[len(bare) :] + after
        if inside.strip():
            pieces[number - 1 : number + 2] = before, inside, after
    return mark.join(pieces)


def _is_punctuation(letter: str) -> bool:
    return letter != "" and letter not in "[]()<>*_~\\" and unicodedata.category(letter)[0] in "PS"
