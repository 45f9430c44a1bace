"""The program that `files.documents` runs: a PDF or a spreadsheet comes in on stdin, its text goes out on stdout."""

import io
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no annotations
from pypdf import PdfReader

PAGES = 40  # of a PDF
SHEETS, ROWS, COLUMNS = 10, 500, 40  # of a spreadsheet, of each sheet, of each row
CHARACTERS = 60_000  # of the text: about as many tokens as a conversation may hold
SECONDS = 20  # of processor time
MEMORY = 1024 * 1024 * 1024  # bytes that the process may take


def pdf(content: bytes) -> Iterator[str]:
    """Yield the text of a PDF's pages, and say how many were left out."""
    pages = PdfReader(io.BytesIO(content)).pages
    for page in islice(pages, PAGES):
        yield page.extract_text()
    if len(pages) > PAGES:
        yield f"[{len(pages) - PAGES} more pages]"


def xlsx(content: bytes) -> Iterator[str]:
    """Yield a spreadsheet's sheets as lines of cells, with values in place of formulas."""
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    for sheet in islice(book.worksheets, SHEETS):
        yield f"[sheet {sheet.title}]"
        for row in islice(sheet.iter_rows(values_only=True, max_col=COLUMNS), ROWS):
            cells = ["" if cell is None else str(cell) for cell in row]
            if any(cells):
                yield "\t".join(cells).rstrip()


KINDS: Mapping[str, Callable[[bytes], Iterator[str]]] = {"pdf": pdf, "xlsx": xlsx}


def main(kind: str) -> None:
    """Write the text of what comes in, up to a length, within bounds of time and memory."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    left = CHARACTERS
    for piece in KINDS[kind](sys.stdin.buffer.read()):
        sys.stdout.buffer.write(f"{piece[:left]}\n".encode(errors="replace"))
        left -= len(piece)
        if left <= 0:
            break


if __name__ == "__main__":
    main(sys.argv[1])
