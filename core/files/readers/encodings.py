"""Texts in whatever encoding their writer's machine had: Unicode's forms by their bytes, all others by likelihood."""

import codecs
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import chardet
import re2  # linear in time, as the text comes from outside

from core.files.readers.excerpt import Excerpt

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What people's machines write or wrote, in chardet's names; of two that read the same bytes alike, the first is named.
LIKELY = (
    *("cp1252", "cp1250", "cp1251", "koi8-r", "cp866", "cp932", "euc-jp", "gb18030", "big5", "cp949", "cp1253"),
    *("cp1254", "cp1255", "cp1256", "cp1257", "cp874", "iso-8859-2"),
)
BEYOND = bytes(range(128, 256))
SAMPLE = 64 * 1024  # bytes by which the encoding is told
ENOUGH = 20  # bytes beyond ASCII that tell an encoding well
DOUBTFUL, DOUBTFUL_IN_FEW = 0.5, 0.04  # how likely, beside the likeliest, another reading is that makes it doubtful
ESCAPES = re2.compile(rb"\x1b\$[@B]")  # ISO-2022-JP, the encoding of Japanese mails, is ASCII but for these
WORD = re2.compile(r"\pL+")
SIGN_IN_WORD = re2.compile(r"\pL\pS\pL")


def read_text(content: bytes, excerpt: Excerpt) -> None:
    """Read a text; where its encoding was guessed and may be another, `left_out` says so."""
    text, doubt = decode_text(content)
    if doubt:
        excerpt.left_out.append(doubt)
    excerpt.add_lines(text)


def decode_text(content: bytes) -> tuple[str, str]:
    """Return a text, and what is doubtful about how it was read; the latter is mostly empty."""
    if encoding := unicode_form(content):
        return content.decode(encoding, "replace"), ""
    if ESCAPES.search(content):
        return content.decode("iso2022_jp_2", "replace"), ""
    try:
        return content.decode(), ""
    except UnicodeDecodeError:
        pass
    sample = content[:SAMPLE]
    found = sorted(_readings(sample))
    if not found:
        return content.decode("cp1252", "replace"), "its encoding is not known: I read it as Windows-1252"
    (oddity, likelihood, _, encoding), *others = found
    text = content.decode(encoding, "replace")
    share = DOUBTFUL if len(sample) - len(sample.translate(None, BEYOND)) >= ENOUGH else DOUBTFUL_IN_FEW
    others = [each for each in others if each[0] == oddity and each[1] <= likelihood * share]
    differing = [name for *_, name in others if sample.decode(name, "replace") != sample.decode(encoding, "replace")]
    doubt = f"its encoding is a guess, {encoding}: some letters may be wrong" if differing or oddity else ""
    return text, doubt


def unicode_form(content: bytes) -> str:
    """Return in which form of Unicode a text is, where its first bytes or its zeros tell; else nothing."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return encoding
    sample = content[:4096]
    if not sample or len(content) % 2:
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 10 >= len(sample) // 2 and min(even, odd) * 4 <= max(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    return "" if even + odd else _wide_form(sample)


def _wide_form(sample: bytes) -> str:
    """Return UTF-16's order for a text of wide characters alone, whose bytes hold no zero but are no other encoding."""
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = sample[: len(sample) & ~1].decode(encoding)
        except UnicodeDecodeError:
            continue
        blocks = [ord(letter) >> 8 for letter in text]
        marks = sum(block in {0x30, 0xFF} for block in blocks)  # kana, and what stands between sentences
        if len(text) >= 4 and marks * 8 >= len(text) and all(0x30 <= block < 0xA0 or block == 0xFF for block in blocks):
            return encoding
    return ""


def _readings(sample: bytes) -> Iterator[tuple[int, float, int, str]]:
    """Yield each encoding that a sample may be in: how odd its words would be, minus its likelihood, rank and name."""
    for rank, found in enumerate(chardet.detect_all(sample, include_encodings=LIKELY)):
        name = (found["encoding"] or "").lower()
        try:
            text = codecs.getincrementaldecoder(name)().decode(sample)  # the sample may end within a character
        except (LookupError, UnicodeDecodeError):
            continue
        yield _oddities(text), -found["confidence"], rank, name


def _oddities(text: str) -> int:
    """Count what no writer writes: words of two scripts or with capitals at their end, signs in them, controls."""
    controls = sum(unicodedata.category(letter) in {"Cc", "Cn", "Co"} and letter not in "\t\r\n\f" for letter in text)
    signs = sum(not match.group()[1].isascii() for match in SIGN_IN_WORD.finditer(text))
    return controls + signs + sum(_is_odd(match.group()) for match in WORD.finditer(text))


def _is_odd(word: str) -> bool:
    rises = any(first.islower() and second.isupper() for first, second in pairwise(word))
    return not word.isascii() and (rises or len({_script(letter) for letter in word}) > 1)


def _script(letter: str) -> str:
    first = unicodedata.name(letter, "?").split()[0]
    return "CJK" if first in {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH", "FULLWIDTH"} else first
