"""The text of PDFs, also of such as are encrypted but open without a password."""

import pypdfium2  # type: ignore[import-untyped]  # it has no annotations

from core.files.readers.excerpt import Excerpt

PAGES = 40


def read_pdf(content: bytes, excerpt: Excerpt) -> None:
    """Read a PDF's pages from the first on."""
    document = pypdfium2.PdfDocument(content)
    pages, read = len(document), 0
    for number in range(min(pages, PAGES * excerpt.scale)):
        if not excerpt.append_piece(document[number].get_textpage().get_text_range().replace("\r\n", "\n")):
            break
        read += 1
    excerpt.leave_out_parts(read, pages, "pages")
