"""The program that `files.documents` runs for each file: a file comes in on stdin, what was read goes out on stdout.

It reads within bounds of time and memory, reaches no other file, no program and no network, and ends with the process
that began it.
"""

import json
import os
import sys
from importlib import import_module

from core.child_process import end_with_parent, limit_resources
from core.confinement import confine_process
from core.files.readers.excerpt import Excerpt

SECONDS = 10  # of processor time
MEMORY = 1024 * 1024 * 1024  # bytes that the process may take

# Which reader reads a kind; a reader is imported alone, since some take half a second.
READERS = {
    "text": "encodings:read_text",
    "env": "markup:read_env",
    "html": "pages:read_html",
    "rtf": "markup:read_rtf",
    "eml": "mails:read_eml",
    "ipynb": "notebooks:read_ipynb",
    "pdf": "pdf:read_pdf",
    "xlsx": "sheets:read_xlsx",
    "ods": "sheets:read_ods",
    "docx": "office:read_docx",
    "pptx": "office:read_pptx",
    "odt": "office:read_odt",
    "epub": "office:read_epub",
}
PAGED = {"pdf", "pptx", "epub"}  # whose readers append a piece for each page, slide or chapter


def main(kind: str, parent: str, extent: str = "") -> None:
    """Write what a file of a kind holds: `text`, `left_out` and `remarks` as JSON, of a picture what `picture` says.

    With the extent `whole` that is nearly all of it, and `parts` are its pages, slides or chapters.
    """
    _limit_process(int(parent))
    content = sys.stdin.buffer.read()
    if kind == "picture":
        sys.stdout.buffer.write(import_module("core.files.readers.picture").shrink_picture(content))
        return
    module, _, function = READERS[kind].partition(":")
    excerpt = Excerpt.of_whole_document() if extent == "whole" else Excerpt()
    getattr(import_module(f"core.files.readers.{module}"), function)(content, excerpt)
    text = excerpt.whole_text()
    parts = excerpt.pieces if extent == "whole" and kind in PAGED else []
    found = {"text": text, "left_out": excerpt.left_out, "remarks": excerpt.remarks, "parts": parts}
    sys.stdout.write(json.dumps(found))


def _limit_process(parent: int) -> None:
    """Give up what reading does not need, and end when the parent does."""
    limit_resources(seconds=SECONDS, memory=MEMORY, written=0)
    os.nice(5)  # whoever waits for an answer comes first
    end_with_parent(parent)
    confine_process()
