"""Texts in whatever encoding their writer's machine had: Unicode's forms by their bytes, all others by likelihood."""

import codecs
import unicodedata
from collections.abc import Iterator

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
    *("cp1254", "cp1255", "cp1256", "cp1257", "cp874"),
)
# What few machines wrote: of these one is taken only where every other reading has something odd in it.
RARE = ("iso-8859-2", "iso8859-15", "iso-8859-5", "koi8-u", "maccyrillic", "macroman", "maclatin2", "cp850", "cp852")
BEYOND = bytes(range(128, 256))
SAMPLE = 64 * 1024  # bytes by which the encoding is told
ENOUGH = 20  # bytes beyond ASCII that tell an encoding well
DOUBTFUL, DOUBTFUL_IN_FEW = 0.5, 0.04  # how likely, beside the likeliest, another reading is that makes it doubtful
# What tells the encodings of mails in Japan and Korea, which are ASCII but for these.
ESCAPES = ((re2.compile(rb"\x1b\$[@B]"), "iso2022_jp_2"), (re2.compile(rb"\x1b\$\)C"), "iso2022_kr"))
CONTROLS = re2.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")  # which stand in no text but in one of wide characters
WORD = re2.compile(r"\pL+")
# What nobody writes: signs in a word, lines that frame a table beside letters, a letter before a digit, accents that
# stand alone or on nothing.
ODD_SIGNS = (
    re2.compile(r"\pL[^\pL\pM\p{Nd}\s\x00-\x7f\xad\xb7\x{2010}-\x{2019}\x{2026}]\pL"),
    re2.compile(r"\pL[\x{2500}-\x{25ff}]|[\x{2500}-\x{25ff}]\pL"),
    re2.compile(r"(?:[^\x00-\x7f\P{Ll}]|[^\x00-\x7f\P{Lu}])\d"),
    re2.compile(r"(?:^|[^\pL\pM])\pM"),
    re2.compile(r"[\xa4\xa8\xaf\xb8]|[\x{2020}\x{2021}]\pL"),
)
LATIN_SIGNS = {"MICRO", "FEMININE", "MASCULINE"}  # as in µm, 1ª and nº
# What a text says of itself near its beginning: pages, XML, programs, style sheets, catalogues of translations.
DECLARED = re2.compile(rb"(?i)(?:charset|coding)[\t ]*[=:]?[\t ]*[\"']?([a-z][\w.:-]{2,30})")
# Of what is declared, in Python's names, the larger set that is meant (WHATWG, Encoding); what is not among them is no
# encoding of a text, or was told by its bytes already.
MEANT = {"iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}
MEANT |= {"iso8859-9": "cp1254", "tis-620": "cp874"}
OTHERS = ("gb18030", "big5", "big5hkscs", "euc_jp", "euc_jis_2004", "cp932", "cp949", "johab")
PAGES = ("iso8859-", "cp", "koi8-", "mac-", "kz1048", "ptcp154")


def read_text(content: bytes, excerpt: Excerpt) -> None:
    """Read a text."""
    excerpt.add_lines(decode_into(content, excerpt))


def decode_into(content: bytes, excerpt: Excerpt, declared: str = "") -> str:
    """Return a text; where its encoding was guessed and may be another, the excerpt's remarks say so."""
    text, doubt = decode_text(content, declared)
    if doubt:
        excerpt.remarks.append(doubt)
    return text


def decode_text(content: bytes, declared: str = "") -> tuple[str, str]:
    """Return a text, and what is doubtful about how it was read; the latter is mostly empty.

    `declared` is the encoding that is told beside it; one in which it cannot be is passed over.
    """
    if encoding := unicode_form(content) or _escaped_form(content):
        return content.decode(encoding, "replace"), ""
    for encoding in ("utf-8", _codec_of(declared or _declared_in(content))):
        try:
            return content.decode(encoding), ""
        except (LookupError, UnicodeDecodeError):
            continue
    return _broken_utf8(content) or _guess_text(content)


def _declared_in(content: bytes) -> str:
    found = DECLARED.search(content[:1024])
    return found.group(1).decode() if found else ""


def _codec_of(declared: str) -> str:
    """Return Python's name of a declared encoding, empty where it is none in which people write."""
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):
        return ""
    meant = MEANT.get(name, name)
    return meant if meant in OTHERS or meant.startswith(PAGES) else ""


def _broken_utf8(content: bytes) -> tuple[str, str] | None:
    """Return a text in UTF-8 of which a part is not, as where it was cut or two were put together; else None."""
    text = content.decode("utf-8", "replace")
    broken, beyond = text.count("\ufffd"), len(text) - len(text.encode("ascii", "ignore"))
    if broken * 4 > beyond:
        return None
    return text, f"{broken:,} of its letters are broken, which I read as \ufffd"


def _guess_text(content: bytes) -> tuple[str, str]:
    """Return a text in the likeliest encoding, and whether that is doubtful."""
    sample = b"\n".join(line for line in content.splitlines() if not line.isascii())[:SAMPLE]
    found = sorted(_readings(sample))
    if not found:
        return content.decode("cp1252", "replace"), "its encoding is not known: I read it as Windows-1252"
    (oddity, _, likelihood, _, encoding), *others = found
    share = DOUBTFUL if len(sample) - len(sample.translate(None, BEYOND)) >= ENOUGH else DOUBTFUL_IN_FEW
    close = [name for odd, _, other, _, name in others if odd == oddity and other <= likelihood * share]
    differing = [name for name in close if sample.decode(name, "replace") != sample.decode(encoding, "replace")]
    doubt = f"its encoding is a guess, {encoding}: some letters may be wrong" if differing or oddity else ""
    return content.decode(encoding, "replace"), doubt


def unicode_form(content: bytes) -> str:
    """Return in which form of Unicode a text is, where its first bytes or its zeros tell; else nothing."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return encoding
    sample = content[:4096]
    if not sample or len(content) % 2:
        return ""
    if len(content) % 4 == 0 and sample.count(0) * 2 > len(sample):
        return "utf-32-be" if sample[0] == 0 and sample[1] == 0 else "utf-32-le"
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 10 >= len(sample) // 2 and min(even, odd) * 4 <= max(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    return "" if even + odd else _wide_form(sample)


def _escaped_form(content: bytes) -> str:
    """Return in which encoding a text is that is ASCII but for its escapes; else nothing."""
    return next((encoding for escape, encoding in ESCAPES if escape.search(content)), "")


def _wide_form(sample: bytes) -> str:
    """Return UTF-16's order for a text of wide characters alone, whose bytes hold no zero but are no other encoding."""
    sample = sample[: len(sample) & ~1]
    for encoding, heights in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        blocks = [ord(letter) >> 8 for letter in text]
        marks = sum(block in {0x30, 0xFF} for block in blocks)  # kana, and what stands between sentences
        if len(text) >= 4 and marks * 8 >= len(text) and all(0x30 <= block < 0xA0 or block == 0xFF for block in blocks):
            return encoding
        if len(text) >= 4 and len(set(heights)) == 1 and CONTROLS.search(heights) and text.isprintable():
            return encoding
    return ""


def _readings(sample: bytes) -> Iterator[tuple[int, bool, float, int, str]]:
    """Yield each encoding that a sample may be in.

    How odd its words would be, whether it is rare, minus its likelihood, its rank and its name: the best is the least.
    """
    for rank, found in enumerate(chardet.detect_all(sample, include_encodings=(*LIKELY, *RARE))):
        name = (found["encoding"] or "").lower()
        try:
            # Only a sample that was cut may end within a character.
            text = codecs.getincrementaldecoder(name)().decode(sample, final=len(sample) < SAMPLE)
        except (LookupError, UnicodeDecodeError):
            continue
        yield _oddities(text), name in RARE, -found["confidence"], rank, name


def _oddities(text: str) -> int:
    """Count what no writer writes: words of two scripts or with capitals amid them, signs in words, controls."""
    controls = sum(unicodedata.category(letter) in {"Cc", "Cn", "Co"} and letter not in "\t\r\n\f" for letter in text)
    signs = sum(1 for odd in ODD_SIGNS for _ in odd.finditer(text))
    return controls + signs + sum(_is_odd(match.group()) for match in WORD.finditer(text))


def _is_odd(word: str) -> bool:
    if word.isascii():
        return False
    is_cased_oddly = word[1:] != word[1:].lower() and word != word.upper()
    return is_cased_oddly or len({_script(letter) for letter in word}) > 1


def _script(letter: str) -> str:
    first = unicodedata.name(letter, "?").split()[0]
    if first in LATIN_SIGNS:
        return "LATIN"
    return "CJK" if first in {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH", "FULLWIDTH"} else first
