"""A text as people read it, however it is written: what a check is shown of it. What is sent and shown stays as it is.

Invisible characters, the marks of Markdown and the targets of its links stand between letters that a reader sees side
by side; several spaces look like one.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

PUNCTUATION = ".!?…:;,\u3002\uff01\uff1f\uff0c\u3001"
LONGEST_WORD = 80  # characters; a longer one is cut

SEAM = 300  # characters of two neighbouring texts that are checked together, so that what stands over a border is found

# What no reader sees (Unicode, Default_Ignorable_Code_Point, Bidi_Control, controls), strokes laid over letters, and
# the characters with which Markdown marks what is emphasised, code or a link
UNSEEN = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\u0334-\u0338\u20d0-\u20f0"
    "*_~`\\\\\\[\\]"
)
TARGET = r"\]\((?:[^()\n]++|\([^()\n]*+\))*+(?:\)|\Z)"  # of a link; one whose end has not come yet counts as well
LINE_MARK = r"(?m:^[ \t]*+(?:>[ \t]?|#{1,6}[ \t]|[-+][ \t])++)"  # of a quotation, a heading or a list
BESIDE_LETTERS = rf"{LINE_MARK}|{TARGET}|\|\|"
LABEL = re.compile(r"(?m)^\[[^\]\n]*\]$\n?")  # a line of our own that says what follows
LINK, HIDDEN, IGNORED = re.compile(TARGET), re.compile(BESIDE_LETTERS), re.compile(f"[{UNSEEN}]")
RUN = re.compile(rf"(?:{BESIDE_LETTERS}|[\s{UNSEEN}]){{2,}}+|{BESIDE_LETTERS}")


class _Seen(dict[int, str]):
    """A table for str.translate: what is not seen is left out, a letter in a style of its own read as a plain one."""

    def __missing__(self, code: int) -> str:
        seen = self[code] = "" if IGNORED.match(chr(code)) else unicodedata.normalize("NFKC", chr(code))
        return seen


SEEN = _Seen()


def strip_unseen(text: str) -> str:
    """Return a text without what is not seen of it, each run of spaces and line ends as one space."""
    return " ".join(HIDDEN.sub("", text).translate(SEEN).split())


def visible_text(text: str) -> str:
    """Return a text as it is read, with the targets of its links at its end."""
    targets = [target[2:].removesuffix(")") for target in LINK.findall(text)] if "](" in text else []
    return " ".join((strip_unseen(text), *targets)).strip()


def start_of_last(text: str, count: int, folding: Mapping[int, str]) -> int:
    """Return where the last `count` characters of a text begin that are seen, and counted as `folding` leaves them."""
    runs = [match.span() for match in RUN.finditer(text)]
    place = len(text)
    while place and count > 0:
        begin = place - 1
        if runs and runs[-1][1] == place:
            begin = runs.pop()[0]
        seen = strip_unseen(text[begin:place]) or " " * any(map(str.isspace, HIDDEN.sub("", text[begin:place])))
        count -= sum(len(folding[ord(letter)]) for letter in seen)
        place = begin
    return place


def seams_of(texts: Sequence[str]) -> Iterator[str]:
    """Yield the borders between texts that are read one after the other, each with what stands on either side."""
    before = ""
    for text in filter(None, (visible_text(LABEL.sub("", text)) for text in texts)):
        if before:
            yield f"{before} {text[:SEAM]}"
        before = f"{before} {text}"[-SEAM:].strip()


def end_of_words(text: str, start: int) -> int:
    """Return where the last whole word of a text ends behind `start`; its end where a word is too long to be one."""
    for place in range(len(text), max(start, len(text) - LONGEST_WORD), -1):
        if text[place - 1].isspace() or text[place - 1] in PUNCTUATION:
            return place
    return len(text) if len(text) - start >= LONGEST_WORD else start
