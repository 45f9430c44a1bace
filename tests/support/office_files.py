"""Office documents as bytes: the few members that hold their text."""

import io
import zipfile
from collections.abc import Mapping

from openpyxl import Workbook  # type: ignore[import-untyped]  # it has no annotations

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
SLIDE = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
OPEN = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("text", "text"), ("table", "table"))
)
RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'


def zipped(members: Mapping[str, str]) -> bytes:
    """Return an archive of texts by their names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return file.getvalue()


def docx(body: str) -> bytes:
    """Return a Word document; `body` is its XML."""
    return zipped({"word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>"})


def pptx(*slides: str) -> bytes:
    """Return slides with a line each; the file's names are in the opposite order."""
    last = len(slides)
    members = {
        f"ppt/slides/slide{last - number}.xml": f"<p:sld {SLIDE}><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>"
        for number, text in enumerate(slides)
    }
    ids = "".join(f'<p:sldId id="{256 + number}" r:id="r{number}"/>' for number in range(last))
    links = "".join(f'<Relationship Id="r{n}" Target="slides/slide{last - n}.xml"/>' for n in range(last))
    members["ppt/presentation.xml"] = f"<p:presentation {SLIDE}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
    members["ppt/_rels/presentation.xml.rels"] = f"<Relationships {RELATIONS}>{links}</Relationships>"
    return zipped(members)


def open_document(body: str) -> bytes:
    """Return a text or a spreadsheet of OpenDocument; `body` is its XML."""
    content = f"<office:document-content {OPEN}><office:body>{body}</office:body></office:document-content>"
    return zipped({"content.xml": content})


def xlsx(sheets: Mapping[str, tuple[int, int]], cell: str = "1") -> bytes:
    """Return a workbook of sheets with so many rows and columns of one cell."""
    book = Workbook()
    book.remove(book.active)
    for title, (rows, columns) in sheets.items():
        sheet = book.create_sheet(title)
        for _ in range(rows):
            sheet.append([cell] * columns)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


# A PDF that says "We ship on Friday", encrypted by AES-256 (PDF 2.0) with an empty password for reading.
ENCRYPTED_PDF = (
    "JVBERi0xLjMKJeLjz9MKMSAwIG9iago8PAovVHlwZSAvQ2F0YWxvZwovUGFnZXMgMiAwIFIKPj4KZW5kb2JqCjIgMCBvYmoKPDwKL1R5cGUgL1"
    "BhZ2VzCi9LaWRzIFsgMyAwIFIgXQovQ291bnQgMQo+PgplbmRvYmoKMyAwIG9iago8PAovVHlwZSAvUGFnZQovUGFyZW50IDIgMCBSCi9NZWRp"
    "YUJveCBbIDAgMCA2MTIgNzkyIF0KL0NvbnRlbnRzIDQgMCBSCi9SZXNvdXJjZXMgPDwKL0ZvbnQgPDwKL0YxIDw8Ci9UeXBlIC9Gb250Ci9TdW"
    "J0eXBlIC9UeXBlMQovQmFzZUZvbnQgL0hlbHZldGljYQo+Pgo+Pgo+Pgo+PgplbmRvYmoKNCAwIG9iago8PAovTGVuZ3RoIDgwCj4+CnN0cmVh"
    "bQpHd9bf93KSmPSGGornaJv4KCOiNJsun+S22WteHM93WcuacqPReW6x4XAxzL+652AhAbGiFrTPqqm23Ce9i7bwwsdH79CO+6vxo2tdm4aPdw"
    "plbmRzdHJlYW0KZW5kb2JqCjUgMCBvYmoKPDwKL1YgNQovUiA2Ci9MZW5ndGggMjU2Ci9QIDQyOTQ5NjcyOTIKL0ZpbHRlciAvU3RhbmRhcmQK"
    "L08gPDJhMmFhYjRkNTY3MmY0MGJmMjE2YjJmZjJhZjJhNWU2YzhmNTI5NjBhNDY1ZDUyOTkzODA5MzUzNGM1OWExMDM5MTRjZDRkODQ1YjE4MD"
    "g2ZmE5OGU4MDY4NmNkNzZlZT4KL1UgPGFlOGJjOTkwZjExN2EzMDg5ZDM0MjFjZjg4MjI4NDg1OTlmNmZiMjY0NWE4MmM3ZWM2YTQ4N2Y0ZDhi"
    "YzhkZWJlYmFkNDI1NGQ2YjBhZDNjMTlkZTA1NTI0NTEyMWM5MD4KL0NGIDw8Ci9TdGRDRiA8PAovQXV0aEV2ZW50IC9Eb2NPcGVuCi9DRk0gL0"
    "FFU1YzCi9MZW5ndGggMzIKPj4KPj4KL1N0bUYgL1N0ZENGCi9TdHJGIC9TdGRDRgovT0UgPGJhNzliMzdmM2ZmZGQwMzYyY2JhY2ZiODU3YWIx"
    "NmEwNjcxMWQzNGFmNzc2YjNhODJkYTIyYjExMGViMjRjNzY+Ci9VRSA8ZTg3NGUwMzZiMTIzNjI4YmI3Zjk4M2UyNTYyMmVkNTBhZGEwOWFhOW"
    "QxNTNlZjIyYjI0MjEyMTVmMDBmMzliOT4KL1Blcm1zIDxhZTAxZDhhOTY4ZWI2NDk1MDg3MjhiYTAwMzA4MjY3Nz4KPj4KZW5kb2JqCnhyZWYK"
    "MCA2CjAwMDAwMDAwMDAgNjU1MzUgZiAKMDAwMDAwMDAxNSAwMDAwMCBuIAowMDAwMDAwMDY0IDAwMDAwIG4gCjAwMDAwMDAxMjMgMDAwMDAgbi"
    "AKMDAwMDAwMDMwMCAwMDAwMCBuIAowMDAwMDAwNDMwIDAwMDAwIG4gCnRyYWlsZXIKPDwKL1NpemUgNgovUm9vdCAxIDAgUgovSUQgWyA8NjQz"
    "NTY2MzkzMjM1MzUzNjMyNjUzNjY2MzMzMTM4MzQ2MTMwNjMzMDY2MzQzMzM1MzEzMzMyMzQzNTM2MzAzMz4gPDY0MzU2NjM5MzIzNTM1MzYzMj"
    "Y1MzY2NjMzMzEzODM0NjEzMDYzMzA2NjM0MzMzNTMxMzMzMjM0MzUzNjMwMzM+IF0KL0VuY3J5cHQgNSAwIFIKPj4Kc3RhcnR4cmVmCjk4NQol"
    "JUVPRgo="
)
