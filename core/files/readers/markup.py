"""Rich texts, and settings whose values are secret."""

import re2  # linear in time, as the text comes from outside
from striprtf.striprtf import rtf_to_text

from core.files.readers.encodings import decode_into
from core.files.readers.excerpt import Excerpt

UNSEEN = re2.compile(r"\{\\v(?:\\[a-z0-9-]+)*[ \r\n][^{}]*\}")  # what is marked as hidden (RTF 1.9.1, Font Formatting)
HIDDEN = "[hidden]"
SETTING = re2.compile(r"^(\s*(?:#\s*)?(?:export\s+)?[\w.:/@-]+\s*[=:])\s*\S.*$")
HARMLESS = re2.compile(r"^\s*(?:#[^=:]*)?$|^\s*\[[\w. -]+\]\s*$")  # an empty line, a comment, the name of a section


def read_rtf(content: bytes, excerpt: Excerpt) -> None:
    """Read a rich text; the encoding stands in it."""
    text = UNSEEN.sub("", content.decode("latin-1"))
    excerpt.append_piece(rtf_to_text(text, errors="replace").strip())  # type: ignore[no-untyped-call]  # it has none


def read_env(content: bytes, excerpt: Excerpt) -> None:
    """Read the names of settings; whatever is no name, comment or section is hidden, as it may be a secret."""
    lines = decode_into(content, excerpt).splitlines()
    excerpt.append_piece("\n".join(_without_value(line) for line in lines))
    excerpt.remarks.append("its values are hidden, as they may be secret")


def _without_value(line: str) -> str:
    if HARMLESS.match(line):
        return line
    return str(SETTING.sub(rf"\1{HIDDEN}", line)) if SETTING.match(line) else HIDDEN
