"""The operator's own list of words and patterns, matched in linear time by RE2."""

import asyncio
import unicodedata
from collections.abc import Mapping, Sequence
from re import _parser, error  # type: ignore[attr-defined]  # nothing public tells how long a match can be

import re2

from core.confusables import LATIN
from core.moderation.verdict import CLEAN, Verdict
from core.moderation.visible import start_of_last, strip_unseen

FLAGGED = Verdict(("own list",))
LONGEST = 1_000  # characters that an answer may be held back by; what can match more has the whole answer held
AT_ONCE = 2_000_000  # characters times instructions that are matched at once, 20 ms at worst; more goes to a thread
MEMORY = 64 << 20  # bytes that RE2 may use for one expression: enough for some ten thousand words
MOST_INSTRUCTIONS = 5_000  # of one pattern: RE2's time is its text's length times this, at the very worst


class _Folding(dict[int, str]):
    """A table for str.translate: case, accents, width and invisible characters make no difference to a match.

    Letters of `alike`, which look like Latin ones, are taken for those.
    """

    def __init__(self, alike: Mapping[int, str]) -> None:
        super().__init__()
        self._alike = alike

    def __missing__(self, code: int) -> str:
        plain = "".join(self._alike.get(ord(part), part) for part in unicodedata.normalize("NFKD", chr(code)))
        parts = unicodedata.normalize("NFKD", plain.casefold()).casefold()
        kept = self[code] = "".join(part for part in parts if unicodedata.category(part) not in {"Mn", "Me", "Cf"})
        return kept


def fold_text(text: str, table: _Folding) -> str:
    """Return a text as it is matched."""
    return text.casefold() if text.isascii() else text.translate(table)


class WordList:
    """Words, which are found as whole words however they are written, and RE2 patterns; case makes no difference.

    `hold` is by how many characters an answer has to be held back so that nothing of a match is ever seen, None where
    a match may have any length: then the whole answer is held.
    """

    def __init__(self, words: Sequence[str] = (), patterns: Sequence[str] = ()) -> None:
        """Raise ValueError, which names the pattern, for one that RE2 cannot read or that is too large."""
        self._plain, self._alike = _Folding({}), _Folding(LATIN)
        folded = {fold_text(word, table) for word in words for table in (self._plain, self._alike)}
        whole = sorted(folded, key=len, reverse=True)
        self._words = _compile_pattern(_whole_words(whole)) if whole else None
        self._patterns = [_compile_bearable(pattern) for pattern in patterns]
        self._size = sum(each.programsize for each in self._patterns)  # literal words never cost that much
        lengths = [len(whole[0]) + 2 if whole else 0, *(_longest_match(pattern) for pattern in patterns)]
        self.hold = None if any(length > LONGEST for length in lengths) else max(lengths)

    def __bool__(self) -> bool:
        return bool(self._words or self._patterns)

    async def verdict_on(self, text: str, *, ended: bool = True) -> Verdict:
        """Return whether something of the list stands in a text.

        Of a text that goes on (not `ended`), what stands at its very end does not count yet: it may be the beginning
        of a longer word.
        """
        if len(text) * self._size > AT_ONCE:
            return await asyncio.to_thread(self.match_now, text, ended=ended)  # RE2 releases the interpreter lock
        return self.match_now(text, ended=ended)

    def match_now(self, text: str, *, ended: bool) -> Verdict:
        """Return the same, at once."""
        forms = self._forms_of(text)
        searches = [(self._words, forms[1:])] if self._words else []
        searches += [(each, forms) for each in self._patterns]
        is_there = any(
            _is_in(each, form, ended=ended) for each, its_forms in searches for form in dict.fromkeys(its_forms)
        )
        return FLAGGED if is_there else CLEAN

    def _forms_of(self, text: str) -> list[str]:
        """Return a text as it is written, and as it may be read: folded, and as people see it."""
        seen = strip_unseen(text)
        return [text, *(fold_text(each, table) for each in (text, seen) for table in (self._plain, self._alike))]

    def shown_up_to(self, text: str) -> int:
        """Return up to where a text that goes on may be seen: what is held back behind it could become a match."""
        left_raw = left_folded = self.hold or 0
        place = len(text)
        while place and (left_raw > 0 or left_folded > 0):
            place -= 1
            left_raw -= 1
            left_folded -= len(fold_text(text[place], self._plain))
        return min(place, start_of_last(text, self.hold or 0, self._plain))


def _is_in(pattern: re2._Regexp, text: str, *, ended: bool) -> bool:
    match = pattern.search(text)
    return match is not None and (ended or match.end() < len(text))


def _whole_words(words: Sequence[str]) -> str:
    edge = r"[^\pL\pN]"
    return f"(?:^|{edge})(?:{'|'.join(re2.escape(word) for word in words)})(?:$|{edge})"


def _compile_pattern(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors, options.case_sensitive, options.max_mem = False, False, MEMORY
    return re2.compile(pattern, options)


def _compile_bearable(pattern: str) -> re2._Regexp:
    try:
        compiled = _compile_pattern(pattern)
    except re2.error as fault:
        said = fault.args[0].decode() if fault.args and isinstance(fault.args[0], bytes) else str(fault)
        raise ValueError(f"the pattern {pattern!r} cannot be used: {said}") from None
    if compiled.programsize > MOST_INSTRUCTIONS:
        raise ValueError(f"the pattern {pattern!r} is too large: it would take too long on a long message")
    return compiled


def _longest_match(pattern: str) -> int:
    """Return how many characters a pattern can match at the most; more than LONGEST where that is not known."""
    try:
        return int(_parser.parse(pattern).getwidth()[1])
    except (error, OverflowError, RecursionError):
        return LONGEST + 1
