"""Texts are read in the encoding that they have, and what stays doubtful about it is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.files.readers.encodings import decode_text

KANJI = "\u4f1a\u8b70\u306f\u91d1\u66dc\u65e5\u3067\u3059\u3002"
KANJI_TABLE = "\u6c0f\u540d,\u91d1\u984d\r\n\u5c71\u7530,1200\r\n"
HANZI = "\u59d3\u540d,\u91d1\u989d\n\u5f20\u4f1f,120\n"
HANZI_OF_TAIWAN = "\u59d3\u540d,\u91d1\u984d\n\u5f35\u5049,120\n"
HANGUL = "\uace0\uac1d;\uae08\uc561\n\uae40\ucca0\uc218;12500\n"
RUSSIAN = "Привет, мир! Выпуск в пятницу."
RUSSIAN_TABLE = "Имя;Сумма\nИван;1200\nМария;300"  # noqa: RUF001 - it is Cyrillic
UKRAINIAN = "Їжак і ґава їдять борщ, єдиний у світі."  # noqa: RUF001 - it is Cyrillic
POLISH = "Zażółć gęślą jaźń; źródło, świętość"
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy"
GREEK = "\u039a\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 \u03ba\u03cc\u03c3\u03bc\u03b5"
GERMAN = "M\u00fcller;Gr\u00f6\u00dfe;Stra\u00dfe\n\u00dcbermut;\u00c4rger;\u00d6l"
FRENCH = "Le caf\u00e9 co\u00fbte 3 \u20ac \u00e0 Gen\u00e8ve; \u00e9l\u00e8ve, gar\u00e7on"
THAI = "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01"
HEBREW = "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd"
ARABIC = "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645"
TURKISH = "\u015ei\u015fli'de g\u00fcne\u015fli bir g\u00fcn, \u0130stanbul \u00e7ok g\u00fczel"
TABLE = "item;euros\ntuna;12,50"

IN_THEIR_ENCODINGS = [
    ("M\u00fcller;12,50 \u20ac", "cp1252 iso8859-15"),
    (GERMAN, "cp1252 latin-1 mac-roman cp850 cp437"),
    (FRENCH, "cp1252 mac-roman"),
    ("Stra\u00dfe", "latin-1"),
    ("\u00a312.50 each", "cp1252"),
    ("5 \u00b0C \u00b1 0,5; 10 \u00b5m; \u00a73", "cp1252"),
    ("na\u00efve \u201cquotes\u201d \u2013 it\u2019s", "cp1252"),
    (TABLE, "utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be"),
    ("plain", "utf-8-sig"),
    (KANJI, "utf-16-le utf-16-be shift_jis euc_jp"),
    (KANJI_TABLE, "shift_jis"),
    (f"{KANJI} and plain", "iso2022_jp"),
    (HANZI, "gbk gb18030"),
    (HANZI_OF_TAIWAN, "big5"),
    (HANGUL, "euc_kr cp949 iso2022_kr"),
    (RUSSIAN, "cp1251 koi8-r cp866 iso8859-5 utf-16-le utf-16-be"),
    (RUSSIAN_TABLE, "cp1251 koi8-r cp866 iso8859-5 mac-cyrillic"),
    (UKRAINIAN, "cp1251 koi8-u"),
    (POLISH, "cp1250 iso8859-2 cp852 mac-latin2"),
    (CZECH, "cp1250 iso8859-2 cp852"),
    (GREEK, "cp1253 iso8859-7"),
    (TURKISH, "cp1254 iso8859-9"),
    (HEBREW, "cp1255"),
    (ARABIC, "cp1256"),
    (THAI, "cp874 tis-620"),
]


@pytest.mark.parametrize(("text", "encodings"), IN_THEIR_ENCODINGS)
def test_a_text_is_read_in_the_encoding_that_it_has(text: str, encodings: str) -> None:
    """However short it is."""
    for encoding in encodings.split():
        assert decode_text(text.encode(encoding))[0] == text, encoding


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ('<meta charset="euc-jp"><td>\u6c0f\u540d', "euc_jp"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>12 \u20ac</a>', "cp1252"),
        ("# -*- coding: shift_jis -*-\n# \uff76\uff80\uff76\uff85", "shift_jis"),
        ('"Content-Type: text/plain; charset=KOI8-R\\n"\n\u0418\u043c\u044f', "koi8-r"),
    ],
)
def test_a_text_that_tells_its_encoding_is_read_in_that(text: str, encoding: str) -> None:
    """As pages, programs and catalogues do near their beginning."""
    assert decode_text(text.encode(encoding)) == (text, "")


@pytest.mark.parametrize("declared", ["utf-7", "unicode_escape", "idna", "punycode", "rot13", "x-nobody", "\0", ""])
def test_what_is_no_encoding_of_a_text_is_none_here(declared: str) -> None:
    """Whatever a mail says: letters stay as they are, none is made of what looks harmless."""
    text = "Hi +AGEA- \\u0041"
    assert decode_text(text.encode(), declared) == (text, "")
    assert decode_text(f"{text} \u00fc".encode("cp1252"), declared)[0] == f"{text} \u00fc"


def test_a_guess_that_may_be_wrong_is_said() -> None:
    """Two readings that differ, and neither is far likelier."""
    assert "guess" in decode_text("\u0434\u0430".encode("koi8-r"))[1]
    assert decode_text("M\u00fcller;12,50 \u20ac".encode("cp1252"))[1] == ""


@pytest.mark.parametrize(
    ("content", "broken"),
    [
        ((GERMAN * 9).encode() + b"\xff", 1),
        (FRENCH.encode()[:-3], 1),
        ((GERMAN * 2).encode() + b"\nStra\xdfe", 1),
    ],
)
def test_a_text_of_which_a_part_is_no_utf_8_is_utf_8_all_the_same(content: bytes, broken: int) -> None:
    """What was cut off or appended does not spoil the rest, and is said."""
    text, doubt = decode_text(content)
    assert text.count("\ufffd") == broken
    assert doubt.startswith(f"{broken} of its letters are broken")
    assert "\u00fc" in text or "\u00fb" in text


def test_letters_far_below_tell_the_encoding_as_well() -> None:
    """Above them there may be a hundred pages in ASCII."""
    assert decode_text(b"a;b\n" * 40_000 + "M\u00fcller".encode("cp1252"))[0].endswith("M\u00fcller")


@given(st.binary(max_size=300))
def test_whatever_bytes_come_are_a_text(content: bytes) -> None:
    """Nothing fails, whatever they are."""
    assert isinstance(decode_text(content)[0], str)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=200))
def test_a_text_in_utf_8_is_read_as_it_is(text: str) -> None:
    """No likelihood comes between."""
    assert decode_text(text.encode())[0] in (text, text.encode().decode("utf-8-sig"))
