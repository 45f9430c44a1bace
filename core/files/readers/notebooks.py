"""Notebooks of Jupyter: their texts, their code, and the beginning of what that put out."""

import json
from collections.abc import Iterator
from typing import Any

from core.files.readers.encodings import decode_text
from core.files.readers.excerpt import Excerpt

OUTPUT = 2_000  # characters of one output


def read_ipynb(content: bytes, excerpt: Excerpt) -> None:
    """Read a notebook; of pictures that it put out there is only the number."""
    book = json.loads(decode_text(content)[0])
    sheets = [book, *book.get("worksheets", [])]  # as notebooks were before 2015
    cells = [cell for sheet in sheets for cell in sheet.get("cells", [])]
    read = 0
    for cell in cells:
        if not excerpt.append_piece("\n".join(_cell_lines(cell))):
            break
        read += 1
    excerpt.leave_out_parts(read, len(cells), "cells")
    outputs = [output for cell in cells for output in cell.get("outputs") or []]
    excerpt.note_pictures(sum("image/png" in output.get("data", output) for output in outputs))


def _cell_lines(cell: dict[str, Any]) -> Iterator[str]:
    yield f"[{cell.get('cell_type', 'raw')}]"
    yield _text_of(cell.get("source") or cell.get("input"))
    for output in cell.get("outputs") or []:
        raised = ": ".join(output[name] for name in ("ename", "evalue") if output.get(name))
        text = _text_of(output.get("text") or output.get("data", {}).get("text/plain")) or raised
        yield f"[output]\n{text[:OUTPUT]}" + ("\n[shortened]" if len(text) > OUTPUT else "")


def _text_of(lines: str | list[str] | None) -> str:
    """Return a text, which a notebook holds whole or line by line."""
    return "".join(lines or ())
