"""Documents as programs write them: what they show is read, what they hide is not, and the rest is told."""

import datetime
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no annotations

from tests.support.office_files import RELATIONS, SLIDE, WORD, docx, open_document, pptx, zipped
from tests.unit.test_documents import pdf
from tests.unit.test_reading import read


def paragraph(text: str, properties: str = "") -> str:
    """Return a paragraph of Word's."""
    return f"<w:p><w:r>{properties}<w:t>{text}</w:t></w:r></w:p>"


def cell(text: str, properties: str = "") -> str:
    """Return a cell of a table of Word's."""
    return f"<w:tc>{properties}{paragraph(text)}</w:tc>"


def workbook(fill: Callable[[Any], None]) -> bytes:
    """Return a workbook with one sheet."""
    book, file = Workbook(), io.BytesIO()
    fill(book.active)
    book.save(file)
    return file.getvalue()


def fill_with_values(sheet: Any) -> None:
    """Write a day, a share, a sum, a merged cell, a formula without a value."""
    sheet.append(
        [datetime.date(2026, 11, 30), datetime.datetime.fromisoformat("2026-11-30T09:05"), 0.125, 0.1 + 0.2, 3, True]
    )
    sheet["C1"].number_format = "0.0%"
    sheet.append(["all of it"])
    sheet.merge_cells("A2:C2")
    sheet["E2"] = "=SUM(E1:E1)"


TABLE = (
    f"<w:tbl><w:tr>{cell('a b', '<w:tcPr><w:gridSpan/></w:tcPr>')}{cell('c')}</w:tr>"
    f"<w:tr>{cell('1')}<w:tc><w:tbl><w:tr>{cell('in it')}</w:tr></w:tbl></w:tc></w:tr></w:tbl>"
)
EDGES = {
    "word/document2.xml": f"<w:document {WORD}><w:body>{paragraph('body')}</w:body></w:document>",
    "_rels/.rels": f"<Relationships {RELATIONS}><Relationship Id='r1' Target='word/document2.xml'/></Relationships>",
    "word/header1.xml": f"<w:hdr {WORD}>{paragraph('Invoice 7')}</w:hdr>",
    "word/header2.xml": f"<w:hdr {WORD}>{paragraph('Invoice 7')}</w:hdr>",
    "word/comments.xml": f"<w:comments {WORD}>{paragraph('why?')}</w:comments>",
}
PICTURE = '<w:p><w:r><w:drawing><a:blip xmlns:a="a"/></w:drawing></w:r></w:p>'
SLIDE_TABLE = f"</a:t></a:r></a:p><a:tbl {SLIDE}><a:tr>" + "".join(
    f"<a:tc><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:tc>" for text in "ab"
)
PAGE = (
    '<title>Plan</title><!-- x --><p hidden>x<p>We <b>ship</b><div style="display: none">x<div>x</div></div><script>x'
    "</script><table><tr><th>a<th>b<tr><td><p>1</p></td><td>2</table><ol start=3><li>c<ul><li>d</ul><li>e</ol><pre>\n"
    "if a:\n    b()\n</pre><img alt=cat>"
)
MAIL = """From: ada@example.org
Subject: Plan
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=A

--A
Content-Type: multipart/alternative; boundary=B

--B
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

We ship =E2=82=AC
--B
Content-Type: text/html

<p>We ship in colours
--B--
--A
Content-Disposition: attachment; filename=a.csv
Content-Type: text/csv

x;y
--A
Content-Type: message/rfc822

Subject: before

Should we?
--A
Content-Type: image/png
Content-Disposition: inline; filename=c.png

AAAA
--A--
"""
READ_MAIL = (
    "From: ada@example.org\nSubject: Plan\n\nWe ship \u20ac\n\n[with it: a.csv]\nx;y\n\n[a mail within it]\n"
    "Subject: before\n\nShould we?\n[with it, not read: c.png]"
)
FORWARDED = "Subject: Fwd\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\nSubject: before\n\nShould we?"
ODD_MAIL = """\
From: <
To: Ada <ada@example.org>
Cc: "
Subject: Plan
Content-Type: multipart/mixed; boundary=A

--A
Content-Type: text/plain; charset*=idna''xn--%FF

We ship
--A
Content-Disposition: attachment; filename*=punycode''%FF

AAAA
--A--
"""
FIGURE = {"data": {"image/png": "AAAA", "text/plain": ["<Figure>"]}}
NOTEBOOK = {"cells": [{"cell_type": "code", "source": None, "outputs": [FIGURE, {"text": "1"}]}, {"outputs": None}]}
OPEN_CELLS = (
    "<office:spreadsheet><table:table table:name='A'><table:table-row><table:table-cell office:value='12.5'/>"
    "<table:table-cell office:date-value='2026-11-30'><text:p>30.11.</text:p></table:table-cell>"
    "<table:table-cell table:formula='of:=1+1'/></table:table-row></table:table></office:spreadsheet>"
)
BOOK = {
    "META-INF/container.xml": "<container><rootfiles><rootfile full-path='b/c.opf'/></rootfiles></container>",
    "b/c.opf": "<package><manifest><item id='1' href='z.xhtml'/><item id='2' href='a.xhtml'/></manifest>"
    "<spine><itemref idref='1'/><itemref idref='2'/></spine></package>",
    "b/z.xhtml": "<p>one",
    "b/a.xhtml": "<p>two",
}
GUESS = "its encoding is a guess, koi8-r: some letters may be wrong"
BEGUN = "and the beginning of the next"
RTF = rb"{\rtf1\ansi{\v hidden }{\v\f0 hidden}\'80 \u8364? \trowd\intbl a\cell b\cell\row}"


@pytest.mark.parametrize(
    ("kind", "content", "text", "remarks"),
    [
        (
            "xlsx",
            workbook(fill_with_values),
            "[sheet Sheet]\n2026-11-30\t2026-11-30 09:05:00\t12.5%\t0.3\t3\tTrue\nall of it\t\t\t\t=SUM(E1:E1)",
            (),
        ),
        ("ods", open_document(OPEN_CELLS), "[sheet A]\n12.5\t30.11.\tof:=1+1", ()),
        ("docx", docx(TABLE), "a b\tc\n1\tin it", ()),
        ("docx", docx(paragraph("x", "<w:rPr><w:vanish/></w:rPr>") + paragraph("We ship")), "We ship", ()),
        ("docx", docx(paragraph("a", '<w:rPr><w:vanish w:val="0"/></w:rPr>')), "a", ()),
        ("docx", zipped(EDGES), "body\n[header]\nInvoice 7\n[comments]\nwhy?", ()),
        ("docx", docx(paragraph("We ship") + PICTURE * 2), "We ship", ("2 pictures in it are not read",)),
        ("pptx", pptx(f"T{SLIDE_TABLE}</a:tr></a:tbl><a:p><a:r><a:t>end"), "[slide 1]\nT\na\tb\nend", ()),
        ("odt", open_document("<office:presentation><text:p>one</text:p></office:presentation>"), "one", ()),
        ("epub", zipped(BOOK), "one\ntwo", ()),
        (
            "html",
            PAGE.encode(),
            "Plan\n\nWe ship\n\na\tb\n1\t2\n\n3. c\n  - d\n4. e\n\nif a:\n    b()\n\ncat",
            (),
        ),
        (
            "eml",
            MAIL.encode(),
            READ_MAIL,
            ("a file in it is not read",),
        ),
        ("eml", FORWARDED.encode(), "Subject: Fwd\n\n[a mail within it]\nSubject: before\n\nShould we?", ()),
        (
            "eml",
            ODD_MAIL.encode(),
            'From: <\nTo: Ada <ada@example.org>\nCc: "\nSubject: Plan\n\nWe ship\n\n[with it: text/plain]\nAAAA',
            (),
        ),
        (
            "ipynb",
            json.dumps(NOTEBOOK).encode(),
            "[code]\n\n[output]\n<Figure>\n[output]\n1\n[raw]",
            ("a picture in it is not read",),
        ),
        ("rtf", RTF, "\u20ac \u20ac a|b|", ()),
        ("pdf", pdf("We ship", ""), "We ship", ()),
        ("text", "\u0434\u0430".encode("koi8-r"), "\u0434\u0430", (GUESS,)),
    ],
)
def test_what_a_document_shows_is_read(kind: str, content: bytes, text: str, remarks: tuple[str, ...]) -> None:
    """In its order, and no more than that."""
    found = read(content, kind)
    assert found.text == text
    assert found.remarks == remarks
    assert found.left_out == ()


ROWS = "<table:table-row><table:table-cell><text:p>1</text:p></table:table-cell></table:table-row>"


@pytest.mark.parametrize(
    ("kind", "content", "left_out"),
    [
        ("ods", open_document(f"<table:table table:name='X'>{ROWS * 700}</table:table>"), "sheet 1: 500 of 700 rows"),
        ("ods", open_document(f"<table:table>{ROWS}</table:table>" * 12), "10 of 12 sheets"),
        ("docx", docx(paragraph("ten letters") * 7_000), "59,999 of 83,999 characters"),
        ("odt", open_document("<text:p>ten letters</text:p>" * 7_000), "59,999 of 83,999 characters"),
        ("pptx", pptx(*["x" * 20_000] * 4), f"2 of 4 slides {BEGUN}"),
        ("text", b"a;b;c;d\r\n" * 9_000, "59,999 of 71,999 characters; 7,500 of 9,000 lines"),
        ("html", b"<p>ten letters" * 7_000, "59,999 of 83,999 characters"),
        ("rtf", rb"{\rtf1 " + rb"ten letters\par " * 7_000 + b"}", "59,999 of 83,999 characters"),
        ("eml", b"Subject: x\n\n" + b"ten letters\n" * 7_000, "59,999 of 84,011 characters"),
        ("ipynb", json.dumps({"cells": [{"source": "x" * 20_000}] * 4}).encode(), f"2 of 4 cells {BEGUN}"),
        ("epub", zipped({f"{number}.html": "x" * 20_000 for number in range(4)}), f"2 of 4 chapters {BEGUN}"),
    ],
)
def test_what_is_not_read_of_a_document_is_counted(kind: str, content: bytes, left_out: str) -> None:
    """In what its kind is made of."""
    assert "; ".join(read(content, kind).left_out) == left_out
