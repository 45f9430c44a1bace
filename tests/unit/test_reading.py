"""Files of every kind that people send are read, in the encoding that they have, and what is left out is counted."""

import base64
import io
import json
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no annotations

from core.files.documents import Documents, DocumentText
from core.files.kinds import kind_of, kind_of_content
from core.files.readers.excerpt import CHARACTERS, Excerpt
from core.files.readers.program import READERS
from core.messages import Attachment
from tests.support.office_files import ENCRYPTED_PDF, docx, open_document, pptx, xlsx, zipped

OWNER = ("T1", "U1")
KANJI = "\u4f1a\u8b70\u306f\u91d1\u66dc\u65e5\u3067\u3059\u3002"


def read(content: bytes, kind: str) -> DocumentText:
    """Return what is read of a document, by its reader alone: what holds it within bounds is tried elsewhere."""
    module, _, function = READERS[kind].partition(":")
    excerpt = Excerpt()
    getattr(import_module(f"core.files.readers.{module}"), function)(content, excerpt)
    return DocumentText(excerpt.whole_text(), tuple(excerpt.left_out), tuple(excerpt.remarks))


PARAGRAPHS = (
    '<w:p><w:pPr><w:pStyle w:val="Heading1"/><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>Plan</w:t></w:r></w:p>'
    "<w:p><w:r><w:t>We ship</w:t><w:tab/><w:t>on Friday</w:t><w:delText>Monday</w:delText></w:r></w:p>"
    "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>tuna</w:t></w:r></w:p>"
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr>"
    "</w:tbl>"
)
OPEN_TEXT = (
    "<office:text><text:h>Plan</text:h><text:p>We <text:span>ship</text:span><text:s text:c='2'/>on Friday</text:p>"
    "<text:list><text:list-item><text:p>tuna</text:p></text:list-item></text:list></office:text>"
)
OPEN_SHEET = (
    "<office:spreadsheet><table:table table:name='Costs'><table:table-row><table:table-cell><text:p>tuna</text:p>"
    "</table:table-cell><table:table-cell table:number-columns-repeated='2'><text:p>1</text:p></table:table-cell>"
    "</table:table-row><table:table-row table:number-rows-repeated='1000000'><table:table-cell/></table:table-row>"
    "</table:table></office:spreadsheet>"
)
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# Plan"]},
        {"cell_type": "code", "source": "print(1)", "outputs": [{"text": ["1\n"]}, {"data": {"text/plain": "2"}}]},
    ]
}
PAGE = "<title>Plan</title><style>x</style><script>y</script><h2>We</h2><p>ship<br>on &amp; on</p><ul><li>tuna</ul>"
MAIL = (
    "From: Ada <ada@example.org>\r\nSubject: =?utf-8?b?UGzDpG5l?=\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=cp1252\r\nContent-Transfer-Encoding: 8bit\r\n\r\nWe ship \x80\r\n"
)
MOVED = (
    "<w:p><w:moveFrom><w:r><w:t>Monday</w:t></w:r></w:moveFrom><w:ins><w:r><w:t>We ship</w:t></w:r></w:ins>"
    "<w:moveTo><w:r><w:t> on Friday</w:t></w:r></w:moveTo><w:r><w:t> [1]</w:t></w:r></w:p>"
)
NOTED = (
    "<office:text><text:p>We ship<text:note><text:note-citation>1</text:note-citation><text:note-body>"
    "<text:p>on Friday</text:p></text:note-body></text:note> soon</text:p></office:text>"
)
PARTS = "<details><summary>a</summary><dl><dt>b<dd>c</dl></details><select><option>d</select>"
OLD_SHEET = {
    "cells": [{"cell_type": "code", "input": ["1/0"], "outputs": [{"ename": "ZeroDivisionError", "evalue": "no"}]}]
}
RTF = r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}We {\b ship}\par M\'fcller}"


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("docx", docx(PARAGRAPHS), "# Plan\nWe ship\ton Friday\n- tuna\na\tb"),
        ("pptx", pptx("first", "second"), "[slide 1]\nfirst\n[slide 2]\nsecond"),
        ("odt", open_document(OPEN_TEXT), "# Plan\nWe ship  on Friday\ntuna"),
        ("ods", open_document(OPEN_SHEET), "[sheet Costs]\ntuna\t1\t1"),
        ("epub", zipped({"b/1.xhtml": "<p>one</p>", "b/2.xhtml": "<p>two</p>"}), "one\ntwo"),
        ("rtf", RTF.encode(), "We ship\nM\u00fcller"),
        ("html", PAGE.encode(), "Plan\n\n## We\n\nship\non & on\n\n- tuna"),
        ("eml", MAIL.encode("latin-1"), "From: Ada <ada@example.org>\nSubject: Pl\u00e4ne\n\nWe ship \u20ac"),
        ("docx", docx(MOVED), "We ship on Friday [1]"),
        ("odt", open_document(NOTED), "We ship [on Friday] soon"),
        ("html", PARTS.encode(), "a\n\nb\nc\nd"),
        ("text", KANJI.encode("iso2022_jp"), KANJI),
        ("ipynb", json.dumps({"worksheets": [OLD_SHEET]}).encode(), "[code]\n1/0\n[output]\nZeroDivisionError: no"),
        ("ipynb", json.dumps(NOTEBOOK).encode(), "[markdown]\n# Plan\n[code]\nprint(1)\n[output]\n1\n\n[output]\n2"),
    ],
)
def test_every_kind_is_read_as_text(kind: str, content: bytes, text: str) -> None:
    """Headings, lists and tables can be told in it, and what nobody sees is not in it."""
    found = read(content, kind)
    assert found.text == text
    assert found.left_out == ()


def test_a_formula_that_was_never_calculated_stands_for_its_value() -> None:
    """As in a workbook that a program wrote: an empty cell would pass for nothing."""
    book = Workbook()
    book.active.append(["tuna", 2, 3])
    book.active.append(["sum", "=B1+C1"])
    file = io.BytesIO()
    book.save(file)
    assert (read(file.getvalue(), "xlsx")).text == "[sheet Sheet]\ntuna\t2\t3\nsum\t=B1+C1"


def test_of_settings_the_names_are_read_and_never_the_values() -> None:
    """Nor what stands on several lines, or in a comment that holds an old one."""
    content = b'# how we run\nA=secret1\nexport B = "secret2\nsecret3"\n#C=secret4\n[part]\nempty=\n'
    found = read(content, "env")
    assert "secret" not in found.text
    assert found.text.split("\n")[:2] == ["# how we run", "A=[hidden]"]
    assert "[part]" in found.text
    assert found.remarks == ("its values are hidden, as they may be secret",)


@pytest.mark.parametrize(
    ("sheets", "left_out"),
    [
        ({"X": (700, 52)}, ("sheet 1: 500 of 700 rows, 40 of 52 columns",)),
        ({"X": (500, 40)}, ()),
        ({"X": (501, 1)}, ("sheet 1: 500 of 501 rows",)),
        ({"A": (2, 2), "B": (2, 41)}, ("sheet 2: 40 of 41 columns",)),
        ({str(number): (1, 1) for number in range(14)}, ("10 of 14 sheets",)),
    ],
)
def test_what_is_not_read_of_a_spreadsheet_is_counted(
    sheets: dict[str, tuple[int, int]], left_out: tuple[str, ...]
) -> None:
    """Rows, columns and sheets; the label of the sheet says so as well."""
    found = read(xlsx(sheets), "xlsx")
    assert found.left_out == left_out
    assert all(f"[sheet X: {each.partition(': ')[2]}]" in found.text for each in left_out if "X" in sheets)


def test_rows_for_which_there_is_no_room_are_counted_too() -> None:
    """Sheets share the room of one document."""
    found = read(xlsx({"Wide": (450, 40), "Next": (5, 1)}, "cells"), "xlsx")
    assert len(found.text) < CHARACTERS + 200
    first, second = found.left_out
    assert first.startswith("sheet 1: ")
    assert first.endswith(" of 450 rows")
    assert second == "sheet 2: 0 of 5 rows"


def test_a_text_of_one_byte_more_is_read_in_part() -> None:
    """By whole lines, counted."""
    found = read(b"x" * 65_537, "text")
    assert found.left_out == ("60,000 of 65,537 characters",)
    lines = read(b"ten bytes\n" * 7_000, "text")
    assert lines.left_out == ("59,999 of 69,999 characters", "6,000 of 7,000 lines")
    assert lines.text.endswith("ten bytes")


@given(st.lists(st.text(max_size=40), max_size=30), st.integers(1, 200))
def test_an_excerpt_is_never_longer_than_its_room_and_says_when_it_is_cut(pieces: list[str], room: int) -> None:
    """Whatever it is made of."""
    excerpt = Excerpt(room=room)
    whole = [excerpt.append_piece(piece) for piece in pieces]
    assert sum(map(len, excerpt.pieces)) <= room
    if all(whole):
        assert excerpt.whole_text() == "\n".join(piece for piece in pieces if piece).strip()
        assert excerpt.left_out == []


def test_of_a_part_that_is_too_long_the_beginning_is_read_and_counted_as_that() -> None:
    """One page of 70,000 letters is not none of it."""
    excerpt = Excerpt()
    assert not excerpt.append_piece("a" * 70_000)
    excerpt.leave_out_parts(0, 1, "pages")
    assert excerpt.left_out == ["0 of 1 pages and the beginning of the next"]


def test_an_encrypted_pdf_that_opens_without_a_password_is_read() -> None:
    """As every viewer does."""
    assert (read(base64.b64decode(ENCRYPTED_PDF), "pdf")).text == "We ship on Friday"


@pytest.mark.parametrize(
    ("text", "times"),
    [("<a>", 200_000), ('<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>', 1), ("x", 130 * 1024 * 1024)],
    ids=["deep", "growing by entities", "unfolding to too much"],
)
async def test_a_document_that_is_made_to_be_huge_is_not_read(text: str, times: int) -> None:
    """Whatever it would become."""
    assert await Documents().read_document(zipped({"word/document.xml": text * times}), "docx", OWNER) is None


async def test_a_broken_document_is_not_read() -> None:
    """Of which nothing but the beginning came."""
    assert await Documents().read_document(b"PK", "docx", OWNER) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "unknown") for name in ("Dockerfile", "Makefile", "main.tf", "App.vue", "a.proto", "a.scss")),
        *((name, "unknown") for name in ("a.graphql", "Jenkinsfile", "flake.nix", "LICENSE", "talk.vtt", "film.srt")),
        *((name, "env") for name in (".env", ".env.local", "prod.env", ".npmrc")),
        *((name, "") for name in ("id_rsa", "server.key", "parts.zip", "a.exe", "film.mp4")),
        *((f"a.{kind}", kind) for kind in ("docx", "pptx", "odt", "rtf", "ipynb", "eml", "html", "pdf", "xlsx", "ods")),
    ],
)
def test_a_name_tells_how_a_file_is_read(name: str, kind: str) -> None:
    """What no table knows is looked at, and read if its bytes are text."""
    assert kind_of(Attachment("F1", name, "", "")) == kind
    if kind == "unknown":
        assert kind_of_content(b"FROM debian\n", kind) == "text"
        assert kind_of_content(b"\x7fELF\0\0\1", kind) == ""


@given(st.text(max_size=30), st.text(max_size=30), st.binary(max_size=40))
@settings(max_examples=200)
def test_whatever_a_file_is_called_it_has_a_kind(name: str, media_type: str, content: bytes) -> None:
    """Or none; nothing fails."""
    kind = kind_of(Attachment("F1", name, media_type, ""))
    assert isinstance(kind_of_content(content, kind), str)
