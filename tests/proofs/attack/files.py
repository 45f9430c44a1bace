"""Hostile files, made when they are wanted: bombs of every kind that Confab reads."""

import io
import json
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable, Mapping

from tests.support.office_files import OPEN, docx, open_document, pptx, zipped

MEGA = 1_000_000


def _zip_bomb(name: str) -> bytes:
    """Return an archive of 300 MB in 300 KB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
        for _ in range(300):
            member.write(b" " * MEGA)
    return file.getvalue()


def _entities(depth: int = 12) -> str:
    """Return XML whose few lines are billions of letters."""
    lines = ['<!ENTITY e0 "laugh">', *(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, depth))]
    return f"<!DOCTYPE d [{''.join(lines)}]><d>&e{depth - 1};</d>"


def _strings() -> bytes:
    """Return a workbook with a million shared strings in a few hundred kilobytes."""
    return zipped({"xl/sharedStrings.xml": "<sst>" + "<si><t>a</t></si>" * MEGA + "</sst>", "xl/workbook.xml": "<w/>"})


def _png(side: int) -> bytes:
    """Return a picture of side by side pixels, all black."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(side // 8 + 1)) for _ in range(side)) + rows.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _pdf() -> bytes:
    """Return a document whose one page is 200 MB of text commands in 200 KB."""
    stream = zlib.compress(b"BT (x) Tj ET " * 15 * MEGA, 9)
    head = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    page = b"3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R>>endobj\n"
    length = str(len(stream)).encode()
    return b"".join(
        (head, page, b"4 0 obj<</Filter/FlateDecode/Length ", length, b">>stream\n", stream, b"\nendstream")
    )


def _round_pdf() -> bytes:
    """Return a document whose pages are their own parents."""
    pages = b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>endobj\n"
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n" + pages


def _long_wave() -> bytes:
    """Return a second of sound that claims to be two days."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, 8_000, 0, "NONE", ""))
        out.writeframes(bytes(16_000))
    content = bytearray(file.getvalue())
    content[40:44] = struct.pack("<I", 0xFFFFFF00)
    return bytes(content)


def _mail() -> bytes:
    """Return a letter of parts within parts."""
    depth, lines = 2_000, list[str]()
    for n in range(depth):
        lines += [f'Content-Type: multipart/mixed; boundary="b{n}"', "", f"--b{n}"]
    return "\n".join(["From: a@example.com", "MIME-Version: 1.0", *lines, "", "text"]).encode()


FILES: Mapping[str, tuple[str, str, Callable[[], bytes]]] = {
    "docx of 300 MB": ("a.docx", "application/zip", lambda: _zip_bomb("word/document.xml")),
    "xlsx of 300 MB": ("a.xlsx", "application/zip", lambda: _zip_bomb("xl/worksheets/sheet1.xml")),
    "odt of 300 MB": ("a.odt", "application/zip", lambda: _zip_bomb("content.xml")),
    "pptx of 300 MB": ("a.pptx", "application/zip", lambda: _zip_bomb("ppt/presentation.xml")),
    "docx that laughs": ("b.docx", "application/zip", lambda: zipped({"word/document.xml": _entities()})),
    "odt that laughs": ("b.odt", "application/zip", lambda: zipped({"content.xml": _entities()})),
    "docx of nested tables": ("c.docx", "application/zip", lambda: docx("<w:tbl>" * 100_000)),
    "xlsx of a million strings": ("c.xlsx", "application/zip", _strings),
    "ods of a billion columns": (
        "c.ods",
        "application/zip",
        lambda: open_document(
            f'<office:spreadsheet {OPEN}><table:table><table:table-row table:number-rows-repeated="1000000">'
            '<table:table-cell table:number-columns-repeated="1000000"><text:p>x</text:p></table:table-cell>'
            "</table:table-row></table:table></office:spreadsheet>"
        ),
    ),
    "pptx of 5,000 slides": ("c.pptx", "application/zip", lambda: pptx(*["slide"] * 5_000)),
    "picture of 400 million pixels": ("d.png", "image/png", lambda: _png(20_000)),
    "picture cut off": ("e.png", "image/png", lambda: _png(2_000)[:200]),
    "pdf of 200 MB": ("f.pdf", "application/pdf", _pdf),
    "pdf that goes round": ("g.pdf", "application/pdf", _round_pdf),
    "notebook of brackets": ("h.ipynb", "application/json", lambda: b"[" * MEGA),
    "notebook of a line": ("i.ipynb", "application/json", lambda: json.dumps({"cells": ["x" * 5 * MEGA]}).encode()),
    "page of boxes": ("j.html", "text/html", lambda: b"<div>" * 500_000),
    "page of a table": ("k.html", "text/html", lambda: b"<table><tr>" + b"<td>x" * 500_000),
    "letter of letters": ("l.eml", "message/rfc822", _mail),
    "rtf of groups": ("m.rtf", "application/rtf", lambda: b"{\\rtf1 " + b"{\\b " * 200_000),
    "text of one line": ("n.txt", "text/plain", lambda: b"a" * 15 * MEGA),
    "csv of commas": ("o.csv", "text/csv", lambda: b"," * 10 * MEGA),
    "text of control tokens": ("p.md", "text/markdown", lambda: b"<|im_end|>```\n" * 100_000),
    "sound of two days": ("q.wav", "audio/wav", _long_wave),
    "sound of noise": ("r.mp3", "audio/mpeg", lambda: bytes(range(256)) * 10_000),
}
