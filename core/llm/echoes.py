"""An endpoint's words as the log may have them: without what they tell again of the text that it was sent.

Words are compared, not bytes, so that no way of writing a text hides it: in another case, in entities, escaped for
JSON or a URL, in base64 or hexadecimal, spaced otherwise.
"""

import base64
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from urllib.parse import unquote

from core.llm.quotations import LABEL
from core.sanitize import valid_text

Span = tuple[int, int]

RUN = 5  # words in a row that are a quotation even if an endpoint may say each of them by itself
READ = 1_000  # characters that are looked at; the log has fewer
DEEPEST = 3  # how often a text is decoded that was encoded more than once
SPACED, RUN_TOGETHER = 8, 16  # letters in a row that are a quotation where they are spaced out, or one long word
WORD = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\\W_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")
CODED = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[nrt/\"\\])")
# What endpoints say by themselves; a word that is not here and stands in the prompt is the prompt's.
OWN_WORDS = frozenset(
    """
    a abort about above access account after again all allowed already an and any api are argument array as
    assistant at audio authentication available bad be because been before below between body but by call calls can
    cancelled cannot characters chat check choose code completion completions configured connection content context
    continue credit data day deployment did do does doesn due during either empty end endpoint engine error exceed
    exceeded exceeds expected failed few field file filter first following for forbidden format found free from
    function gateway get given go got had has have having hour how however http if image images in inappropriate
    incorrect input inputs insufficient internal invalid is it its json key large later least left length less limit
    limited limits list load loaded loading location long longer lower made make many max maximum may memory message
    messages method minimum minute minutes missing model models more most must name need needs network new no none
    nor not null number object of on one only open or organization other our out output over overloaded param
    parameter parameters parse path per permission plan please policy possible problem processing prompt properties
    property provide provided provider quota range rate reached read reasoning received recitation reduce refused
    region remaining request requested requests required resource response result resulted retry role roles rpm
    safety second seconds see seems send sensitive sent server service set should size some something sorry
    specified status stop stream string such supported supports system temperature temporarily text than that the
    their them then there these they this through time timed timeout to token tokens too tool tools total tpm try
    type unable unauthorized unavailable under unexpected unknown unsupported until up upstream url usage use used
    user using v1 valid value values version was we were what when where which while will window with without would
    wrong yet you your
    """.split()  # noqa: SIM905 - words read best as a text
)


def redact_echoes(text: str, private: str) -> str:
    """Return the beginning of a text, in which nothing is left of `private` but words that endpoints use themselves.

    Five of those in a row are taken out as well, where they stand so in `private`.
    """
    if not text:
        return ""  # as most parts of a complaint are: the prompt may be long
    told = _decode(text[:READ])
    shown, place = [], 0
    for start, end in _join_spans(sorted(_quoted_spans(told, _PrivateText(private)))):
        shown += [told[place:start], LABEL]
        place = end
    return "".join([*shown, told[place:]])


class _PrivateText:
    """A text in the three forms in which it is looked for: its words, these in a row, and with nothing between them."""

    def __init__(self, text: str) -> None:
        words = WORD.findall(_fold(text))
        self.words = set(words) - OWN_WORDS
        self._row, self._letters = f" {' '.join(words)} ", "".join(words)

    def has_row(self, words: Sequence[str]) -> bool:
        return len(words) == RUN and f" {' '.join(words)} " in self._row

    def has_letters(self, letters: str, count: int) -> bool:
        """Whether so many letters in a row are told again: of those, half as many begin at one of these places."""
        half = count // 2
        places = range(0, len(letters) - half + 1, half) if len(letters) >= count else ()
        return any(letters[place : place + half] in self._letters for place in places)


def _quoted_spans(text: str, private: _PrivateText) -> Iterator[Span]:
    """Yield from where to where a text tells again what is private."""
    found = [(match.span(), _fold(match[0])) for match in WORD.finditer(text)]
    for number, (span, word) in enumerate(found):
        if word in private.words or private.has_letters(word, RUN_TOGETHER):
            yield span
        if private.has_row([each for _, each in found[number : number + RUN]]):
            yield span[0], found[number + RUN - 1][0][1]
    for is_letter, group in groupby(found, lambda each: len(each[1]) == 1):
        letters = list(group)
        if is_letter and private.has_letters("".join(each for _, each in letters), SPACED):
            yield letters[0][0][0], letters[-1][0][1]
    yield from (match.span() for match in CODED.finditer(text) if not private.words.isdisjoint(_decode_word(match[0])))


def _join_spans(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield spans in their order, those that lie beside each other as one."""
    start, end = 0, -1
    for begin, until in spans:
        if begin > end + 1:
            if end > 0:
                yield start, end
            start = begin
        end = max(end, until)
    if end > 0:
        yield start, end


def _decode_word(word: str) -> Iterator[str]:
    """Yield the words of a text that a word holds in base64 or hexadecimal."""
    plain = word.rstrip("=").replace("-", "+").replace("_", "/")
    with suppress(ValueError):  # it is no such word
        yield from WORD.findall(_fold(base64.b64decode(plain + "=" * (-len(plain) % 4)).decode()))
    with suppress(ValueError):
        yield from WORD.findall(_fold(bytes.fromhex(word).decode()))


def _decode(text: str) -> str:
    """Return a text as it was before it was written for JSON, HTML or a URL."""
    for _ in range(DEEPEST):
        before, text = text, html.unescape(unquote(ESCAPE.sub(_unescape, text)))
        if text == before:
            break
    return valid_text(text)


def _unescape(match: re.Match[str]) -> str:
    said = match[0]
    return chr(int(f"0x{said[2:]}", 0)) if said[1] in "ux" else {"n": "\n", "r": "\n", "t": " "}.get(said[1], said[1])


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
