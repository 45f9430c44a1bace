"""The text of PDFs, also of such as are encrypted but open without a password."""

from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # it has no annotations

from core.files.readers.excerpt import Excerpt

PAGES = 40


def read_pdf(content: bytes, excerpt: Excerpt) -> None:
    """Read a PDF's pages from the first on."""
    document = pypdfium2.PdfDocument(content)
    pages, read, scanned = len(document), 0, 0
    for number in range(min(pages, PAGES * excerpt.scale)):
        text = document[number].get_textpage().get_text_range().replace("\r\n", "\n")
        if not excerpt.append_piece(text):
            break
        read += 1
        scanned += not text.strip() and _has_picture(document[number])
    excerpt.leave_out_parts(read, pages, "pages")
    if scanned:
        excerpt.remarks.append(f"{scanned:,} of its pages hold pictures alone, which are not read")


def _has_picture(page: Any) -> bool:
    return any(True for _ in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))
