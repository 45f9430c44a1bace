"""The words of a recording's parts as one text. Pure."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from core.storage.transcripts import TranscriptPart

WORDS_A_SECOND = 5  # that anybody speaks, at the most
SPARE = 4  # words at a cut that may have been heard wrongly


def stitch_transcripts(lines: Sequence[TranscriptPart]) -> str:
    """Return the texts one after the other; where a part repeats the end of the one before, its words stand once."""
    words: list[str] = []
    for line in lines:
        words = _join_words(words, line.text.split(), int(line.overlap * WORDS_A_SECOND) + SPARE if line.overlap else 0)
    return " ".join(words)


def _join_words(before: list[str], after: list[str], reach: int) -> list[str]:
    """Return both, without the words in which the last `reach` of one and the first `reach` of the other agree.

    What a part says beyond the words in common was cut through there, and is whole in the other part.
    """
    tail, head = before[max(0, len(before) - reach) :] if reach else [], after[:reach]
    matcher = SequenceMatcher(None, [_plain(word) for word in tail], [_plain(word) for word in head], autojunk=False)
    common = matcher.find_longest_match()
    if not common.size:
        return before + after
    kept = before[: len(before) - len(tail) + common.a + common.size]
    return kept + after[common.b + common.size :]


def _plain(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())
