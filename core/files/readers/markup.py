"""Texts with other things between them: pages, mails, notebooks, RTF, and settings whose values are secret."""

import email
import json
from collections.abc import Iterator
from email.message import MIMEPart
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import re2  # linear in time, as the text comes from outside
from striprtf.striprtf import rtf_to_text

from core.files.readers.encodings import decode_text
from core.files.readers.excerpt import Excerpt

HEADERS = ("From", "To", "Cc", "Date", "Subject")  # of a mail
UNSEEN = {"script", "style", "template", "svg", "noscript"}
BLOCKS = {"p", "div", "br", "li", "tr", "section", "article", "blockquote", "pre", "table", "ul", "ol", "hr", "title"}
BLOCKS |= {"dt", "dd", "figcaption", "caption", "summary", "option", "header", "footer", "main", "nav", "aside", "form"}
MARKS = {"li": "- "} | {f"h{level}": f"{'#' * level} " for level in range(1, 7)}
OUTPUT = 2_000  # characters of one output in a notebook
HIDDEN = "[hidden]"
SETTING = re2.compile(r"^(\s*(?:#\s*)?(?:export\s+)?[\w.:/@-]+\s*[=:])\s*\S.*$")
HARMLESS = re2.compile(r"^\s*(?:#[^=:]*)?$|^\s*\[[\w. -]+\]\s*$")  # an empty line, a comment, the name of a section
BLANK_LINES = re2.compile(r"\n\s*\n\s*\n+")


class _Page(HTMLParser):
    """Collects what a page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line at a block, and a cell at a cell; a picture shows its description."""
        self._unseen += tag in UNSEEN
        if tag in BLOCKS or tag in MARKS:
            self.shown.append("\n")
        self.shown.append(MARKS.get(tag, "\t" if tag in {"td", "th"} else ""))
        if tag == "img" and not self._unseen:
            self.shown.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        """End what is not seen, and the line of a heading or a block."""
        self._unseen -= tag in UNSEEN and self._unseen > 0
        if tag in BLOCKS or tag in MARKS:
            self.shown.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep what is seen."""
        if not self._unseen:
            self.shown.append(data)


def html_text(html: str) -> str:
    """Return what a page shows, line by line."""
    page = _Page()
    page.feed(html)
    page.close()
    lines = (" ".join(line.split(" ")).strip() for line in "".join(page.shown).splitlines())
    return str(BLANK_LINES.sub("\n\n", "\n".join(lines))).strip()


def read_html(content: bytes, excerpt: Excerpt) -> None:
    """Read a page."""
    excerpt.append_piece(html_text(decode_text(content)[0]))


def read_rtf(content: bytes, excerpt: Excerpt) -> None:
    """Read a rich text; the encoding stands in it."""
    excerpt.append_piece(rtf_to_text(content.decode("latin-1"), errors="replace").strip())  # type: ignore[no-untyped-call]  # it has none


def read_eml(content: bytes, excerpt: Excerpt) -> None:
    """Read a mail: who wrote to whom and when, the text, and the names of what came with it."""
    mail = email.message_from_bytes(content, policy=default)
    lines = [f"{name}: {mail[name]}" for name in HEADERS if mail[name]]
    body = mail.get_body(("plain", "html"))
    text = _mail_text(body) if body else ""
    files = [part.get_filename() or part.get_content_type() for part in mail.iter_attachments()]
    excerpt.append_piece(
        "\n".join(["\n".join(lines), "", text.strip(), *(f"[attached, not read: {name}]" for name in files)])
    )
    if files:
        excerpt.left_out.append(f"0 of {len(files)} attachments of the mail")


def _mail_text(body: MIMEPart) -> str:
    payload = body.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        text = raw.decode(body.get_content_charset() or "ascii")
    except (LookupError, UnicodeDecodeError):
        text = decode_text(raw)[0]
    return html_text(text) if body.get_content_type() == "text/html" else text


def read_ipynb(content: bytes, excerpt: Excerpt) -> None:
    """Read a notebook of Jupyter: its texts, its code, and the beginning of what that put out."""
    book = json.loads(content)
    sheets = [book, *book.get("worksheets", [])]  # as notebooks were before 2015
    cells = [cell for sheet in sheets for cell in sheet.get("cells", [])]
    read = 0
    for cell in cells:
        if not excerpt.append_piece("\n".join(_cell_lines(cell))):
            break
        read += 1
    excerpt.leave_out_parts(read, len(cells), "cells")


def _cell_lines(cell: dict[str, Any]) -> Iterator[str]:
    kind = cell.get("cell_type", "raw")
    yield f"[{kind}]"
    yield "".join(cell.get("source") or cell.get("input") or "")
    for output in cell.get("outputs", []):
        raised = ": ".join(output[name] for name in ("ename", "evalue") if output.get(name))
        text = "".join(output.get("text") or output.get("data", {}).get("text/plain") or raised)
        yield f"[output]\n{text[:OUTPUT]}" + ("\n[shortened]" if len(text) > OUTPUT else "")


def read_env(content: bytes, excerpt: Excerpt) -> None:
    """Read the names of settings; whatever is no name, comment or section is hidden, as it may be a secret."""
    lines = decode_text(content)[0].splitlines()
    excerpt.append_piece("\n".join(_without_value(line) for line in lines))
    excerpt.left_out.append("its values are hidden, as they may be secret")


def _without_value(line: str) -> str:
    if HARMLESS.match(line):
        return line
    return str(SETTING.sub(rf"\1{HIDDEN}", line)) if SETTING.match(line) else HIDDEN
