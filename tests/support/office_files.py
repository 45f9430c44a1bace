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
