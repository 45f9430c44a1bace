"""Pages of HTML: what they show, line by line, and nothing of what they hide."""

from collections.abc import Mapping
from html.parser import HTMLParser

import re2  # linear in time, as the text comes from outside

from core.files.readers.encodings import decode_into
from core.files.readers.excerpt import Excerpt

UNSEEN = {"script", "style", "template", "svg", "noscript", "iframe", "object", "audio", "video"}
HIDING = re2.compile(r"(?i)(?:display:none|visibility:hidden|font-size:0(?:[a-z%]|;|$)|opacity:0(?:;|$)|mso-hide:all)")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNCLOSED = {"p", "li", "td", "th", "tr", "dt", "dd", "option"}  # which the next of their kind ends
BLOCKS = {"p", "div", "section", "article", "blockquote", "pre", "table", "ul", "ol", "hr", "title"}
BLOCKS |= {"figcaption", "caption", "summary", "header", "footer", "main", "nav", "aside", "form", "button"}
BLOCKS |= {f"h{level}" for level in range(1, 7)}
LINES = {"br", "dt", "dd", "option", "textarea", "label"}
HEADINGS = {f"h{level}": f"{'#' * level} " for level in range(1, 7)}
ROW, CELL, SPACE = "\x1e", "\x1f", "\x1d"  # what begins a row and a cell, and a space that stays one
MARKS = str.maketrans("", "", ROW + CELL + SPACE)
AROUND_CELL = re2.compile(rf"[ \n]*{CELL}[ \n]*")
ROW_BEGINNING = re2.compile(rf"[ \n]*{ROW}[ \n{CELL}]*")
DOUBLE = re2.compile(r"  +")
SPACES = re2.compile(r"\s+")
BLANK_LINES = re2.compile(r"\n\s*\n\s*\n+")


class _Page(HTMLParser):
    """Collects what a page shows. `lists` are the lists that are open: the number of the next item, or 0 for bullets.

    `hidden` is the tag that hides what follows, and how often it has been opened since.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.lists: list[int] = []
        self.hidden: tuple[str, int] = ("", 0)
        self.code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line at a block, and a cell at a cell; a picture shows its description."""
        values = {name: value or "" for name, value in attrs}
        hiding, depth = self.hidden
        if depth and not (tag == hiding and tag in UNCLOSED):
            self.hidden = (hiding, depth + (tag == hiding))
            return
        self.hidden = (tag, 1) if _is_hidden(tag, values) else ("", 0)
        if not self.hidden[0]:
            self.shown.append(self._opening_of(tag, values))

    def _opening_of(self, tag: str, values: Mapping[str, str]) -> str:
        """Return what stands before an element's text."""
        self.code += tag == "pre"
        if tag in {"ul", "ol"}:
            start = values.get("start", "")
            self.lists.append(0 if tag == "ul" else int(start) if start.isdecimal() and len(start) < 7 else 1)
        if tag == "li":
            return f"\n{SPACE * 2 * (len(self.lists) - 1)}{self._next_bullet()}{SPACE}"
        if tag in {"td", "th"}:
            return CELL
        if tag in {"ul", "ol"} and len(self.lists) > 1:
            return ""
        if tag == "table":
            return f"\n{SPACE}\n"  # its first row would take away a line break alone
        shown = values.get("alt", "").translate(MARKS) if tag == "img" else HEADINGS.get(tag, "")
        return f"{ROW if tag == 'tr' else chr(10) if tag in BLOCKS | LINES else ''}{shown}"

    def _next_bullet(self) -> str:
        if not self.lists or not self.lists[-1]:
            return "-"
        self.lists[-1] += 1
        return f"{self.lists[-1] - 1}."

    def handle_endtag(self, tag: str) -> None:
        """End what is not seen, and the line of a heading or a block."""
        hiding, depth = self.hidden
        if depth:
            self.hidden = (hiding, depth - (tag == hiding))
            return
        self.code -= tag == "pre" and self.code > 0
        if tag in {"ul", "ol"} and self.lists:
            self.lists.pop()
        is_nested = tag in {"ul", "ol"} and bool(self.lists)
        self.shown.append("\n" if tag in BLOCKS and not is_nested else "")

    def handle_data(self, data: str) -> None:
        """Keep what is seen; spaces and line breaks mean something in code alone."""
        if not self.hidden[1]:
            data = data.translate(MARKS)
            self.shown.append(data.replace(" ", SPACE) if self.code else str(SPACES.sub(" ", data)))


def _is_hidden(tag: str, values: Mapping[str, str]) -> bool:
    style = "".join(values.get("style", "").split())
    return tag not in VOID and (tag in UNSEEN or "hidden" in values or bool(style and HIDING.search(style)))


def html_text(html: str) -> str:
    """Return what a page shows, line by line, with tabs between the cells of a table."""
    page = _Page()
    page.feed(html)
    page.close()
    text = AROUND_CELL.sub(CELL, ROW_BEGINNING.sub(ROW, "".join(page.shown)))
    text = text.replace(ROW, "\n").replace(CELL, "\t")
    lines = (DOUBLE.sub(" ", line).strip(" ").replace(SPACE, " ").rstrip() for line in text.split("\n"))
    return str(BLANK_LINES.sub("\n\n", "\n".join(lines))).strip()


def read_html(content: bytes, excerpt: Excerpt) -> None:
    """Read a page."""
    excerpt.append_piece(html_text(decode_into(content, excerpt)))
