"""Where a long line may be cut: after a sentence, after a word, else between two characters as people see them."""

import re
import unicodedata

import re2  # linear in time, as a model's text is anybody's

SENTENCE_END = re.compile(r"[.!?…][\"')\]*_]*\s|[\u3002\uff01\uff1f]")  # the last three end one in Chinese and Japanese
SPACE = re.compile(r"\s")
LONGEST_CLUSTER = 32  # code points; a flag or a family of emoji is far shorter, stacked accents may go on for ever
JOINER = "\u200d"
VIRAMA = 9
SPACELESS = frozenset(
    "\u200c\u0e33\u0eb3\uff9e\uff9f"
)  # what goes on a letter and is no mark (Unicode, rules GB9 and GB9a)
MARKS = frozenset("*_~|`")  # a cut beside one of them would part it from what it stands at
LINK = re2.compile(r"!?\[[^\[\]\n]*(?:\](?:\((?:[^()\n]|\([^()\n]*\))*)?)?$")  # one that a cut would run through


def last_cut(line: str) -> int:
    """Return the best place for a cut in a line that goes on, in code points and never 0, except in an empty one."""
    half = len(line) // 2
    for pattern in (SENTENCE_END, SPACE):
        ends = (match.end() for match in pattern.finditer(line, half))
        good = [end for end in ends if end < len(line) and not _is_one_character(line, end)]
        if good:
            return good[-1]
    return _cluster_start(line)


def link_before(line: str, cut: int) -> int:
    """Return where the link begins that a cut in a line would run through, or the cut where it meets none."""
    link = LINK.search(line[:cut])
    return link.start() if link else cut


def _cluster_start(line: str) -> int:
    """Return where the last character, as people see it, begins: the next code point might still belong to it."""
    for offset in range(len(line) - 1, max(0, len(line) - LONGEST_CLUSTER), -1):
        if not _is_one_character(line, offset):
            return offset
    return len(line)


def _is_one_character(line: str, offset: int) -> bool:
    """Whether the code points before and after the offset make one character, as people see it."""
    before, after = line[offset - 1], line[offset]
    if (
        JOINER in (before, after)
        or before in MARKS
        or (after in MARKS and not before.isspace())
        or _extends(after)
        or _is_conjunct(before, after)
    ):
        return True
    return _is_flag_letter(after) and _flag_letters_before(line, offset) % 2 == 1


def _extends(char: str) -> bool:
    is_skin_tone = "\U0001f3fb" <= char <= "\U0001f3ff"
    is_later_jamo = "\u1160" <= char <= "\u11ff" or "\ud7b0" <= char <= "\ud7fb"
    is_tag = "\U000e0020" <= char <= "\U000e007f"
    return (
        is_skin_tone or is_later_jamo or is_tag or char in SPACELESS or unicodedata.category(char) in {"Mn", "Mc", "Me"}
    )


def _is_conjunct(before: str, after: str) -> bool:
    """Whether a letter of an Indic script goes on after a virama (Unicode, canonical combining class 9; rule GB9c)."""
    return unicodedata.combining(before) == VIRAMA and unicodedata.category(after) == "Lo"


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flag_letters_before(line: str, offset: int) -> int:
    count = 0
    while count < offset and _is_flag_letter(line[offset - 1 - count]):
        count += 1
    return count
