"""Spreadsheets as lines of cells, each sheet with a count of what of it was not read."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice, zip_longest
from typing import Any
from xml.etree.ElementTree import Element

import re2  # linear in time, as the text comes from outside
from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no annotations

from core.files.readers.archive import Archive, attribute, children, local_name
from core.files.readers.excerpt import Excerpt

SHEETS, ROWS, COLUMNS = 10, 500, 40  # of a spreadsheet, of each sheet, of each row
COUNTED = 20_000  # rows that are counted where a sheet does not say how many it has
UNCOUNTED = re2.compile(rb"</f>\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")  # a formula that no program has calculated yet
SHEET_FILES = "xl/worksheets/"
MIDNIGHT = time()  # which a cell has that holds a day alone
VALUES = ("date-value", "time-value", "string-value", "boolean-value", "value", "formula")  # in place of a text
REPEATED = 1_000  # times that one cell or row is repeated at the most


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its rows of cells as text, and how many it says that it has, 0 where it says nothing."""

    title: str
    rows: Iterable[list[str]]
    height: int = 0


def read_xlsx(content: bytes, excerpt: Excerpt) -> None:
    """Read a workbook of Excel, with values in place of formulas; a formula whose value it does not hold stays one."""
    archive = Archive(content)
    uncounted = any(UNCOUNTED.search(archive.bytes_of(name)) for name in archive.names if name.startswith(SHEET_FILES))
    books = [
        load_workbook(io.BytesIO(content), read_only=True, data_only=data_only)
        for data_only in ((True, False) if uncounted else (True,))
    ]
    sheets = zip(*(book.worksheets for book in books), strict=True)
    _read([Sheet(same[0].title, _cells(_merged_rows(same)), same[0].max_row or 0) for same in sheets], excerpt)


def _merged_rows(sheets: Sequence[Any]) -> Iterator[tuple[object, ...]]:
    """Yield the rows of a sheet that was opened once or twice: of each cell the first value that there is."""
    for rows in zip(*(sheet.iter_rows() for sheet in sheets), strict=True):
        yield tuple(
            next((_value_of(cell) for cell in cells if cell is not None and cell.value is not None), None)
            for cells in zip_longest(*rows)
        )


def _value_of(cell: Any) -> object:
    """Return a cell's value as its sheet shows it, but for the number of digits."""
    match cell.value:
        case float() | int() as number if not isinstance(number, bool) and "%" in cell.number_format:
            return f"{number * 100:.10g}%"
        case float() as number:
            return f"{number:.15g}"  # as many digits as Excel itself has
        case datetime() as day if day.time() == MIDNIGHT:
            return day.date()
    return cell.value


def read_ods(content: bytes, excerpt: Excerpt) -> None:
    """Read a spreadsheet of OpenDocument."""
    root = Archive(content).xml("content.xml")
    tables = [element for element in root.iter() if local_name(element) == "table"]
    _read([Sheet(attribute(table, "name"), _repeated_rows(table)) for table in tables], excerpt)


def _read(sheets: list[Sheet], excerpt: Excerpt) -> None:
    for number, sheet in enumerate(sheets[:SHEETS], start=1):
        _read_sheet(sheet, number, excerpt)
    excerpt.leave_out(min(SHEETS, len(sheets)), len(sheets), "sheets")


def _read_sheet(sheet: Sheet, number: int, excerpt: Excerpt) -> None:
    """Read a sheet's first rows; a note of what was left out stands in its label, for the model, and in the excerpt."""
    place, rows = len(excerpt.pieces), iter(sheet.rows)
    seen = read = width = 0
    for row in islice(rows, ROWS * excerpt.scale):
        seen, width = seen + 1, max(width, len(row))
        line = "\t".join(row[:COLUMNS]).rstrip()
        if line and (len(line) > excerpt.room or not excerpt.append_piece(line)):
            excerpt.room = 0
            break
        read += 1
    further = sum(1 for _ in islice(rows, 1 if sheet.height else COUNTED))
    height = max(seen + further, sheet.height if further else 0)
    part = Excerpt()
    part.leave_out(read, height, "rows")
    part.leave_out(COLUMNS, width, "columns")
    what = ", ".join(part.left_out)
    excerpt.pieces.insert(place, f"[sheet {sheet.title}: {what}]" if what else f"[sheet {sheet.title}]")
    if what:
        excerpt.left_out.append(f"sheet {number}: {what}")


def _cells(rows: Iterable[tuple[object, ...]]) -> Iterator[list[str]]:
    """Yield rows as text, without the empty cells at their end."""
    for row in rows:
        cells = ["" if cell is None else str(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        yield cells


def _repeated_rows(table: Element) -> Iterator[list[str]]:
    """Yield a table's rows; OpenDocument writes rows and cells that repeat once, with how often they stand there."""
    empty = 0
    for row in (element for element in table.iter() if local_name(element) == "table-row"):
        cells = next(_cells([tuple(_repeated_cells(row))]))
        times = int(attribute(row, "number-rows-repeated") or 1)
        if not cells:
            empty += times
            continue
        yield from ([] for _ in range(min(empty, REPEATED)))
        empty = 0
        yield from (cells for _ in range(min(times, REPEATED)))


def _repeated_cells(row: Element) -> Iterator[str]:
    for cell in children(row, "table-cell", "covered-table-cell"):
        text = " ".join("".join(paragraph.itertext()) for paragraph in children(cell, "p"))
        text = text or next(filter(None, (attribute(cell, name) for name in VALUES)), "")
        yield from [text] * min(int(attribute(cell, "number-columns-repeated") or 1), REPEATED)
