"""`.env` with some of its variables set anew, and every other line as it was."""

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import re2
from dotenv.parser import Binding, parse_stream

PLAIN = re2.compile(r"[A-Za-z0-9_./:@%+,~=?&*!-]*")  # values that need no quotes, whoever reads the file
LINE = re2.compile(r"(?s)(\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*[ \t]*=[ \t]*).*")
REMARK = re2.compile(r"[ \t]+#[^\n\r]*$")
OWN_ONLY = 0o600  # it holds secrets


def read_env_file(path: Path) -> str:
    """Return the file's text with its own line ends, empty where there is none; bytes that are no text are kept."""
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def parse_env_file(text: str) -> dict[str, str]:
    """Return the names and values that a text of such a file sets; the last of several lines counts."""
    return {each.key: each.value for each in parse_stream(io.StringIO(text)) if each.key and each.value}


def set_variables(text: str, values: Mapping[str, str]) -> str:
    """Return the text of such a file with these variables set in it, and nothing else changed.

    The last line that sets a variable is written anew, with the remark behind it; without one, a line is added. Raises
    ValueError for a value with a line end in it, and for a file whose quotes would swallow a new line.
    """
    if any(character in value for value in values.values() for character in "\r\n\0"):
        raise ValueError("a value of .env has one line")
    bindings = list(parse_stream(io.StringIO(text)))
    last = {binding.key: place for place, binding in enumerate(bindings) if binding.key in values}
    places = {place: name for name, place in last.items() if name}
    lines = [
        _rewrite(binding, values[places[place]]) if place in places else binding.original.string
        for place, binding in enumerate(bindings)
    ]
    end = "\r\n" if "\r\n" in text else "\n"
    new = [f"{name}={_quote(value)}{end}" for name, value in values.items() if name not in last]
    whole = "".join(lines)
    whole += (end if new and whole and not whole.endswith("\n") else "") + "".join(new)
    if values.items() - parse_env_file(whole).items():
        raise ValueError("a quotation mark in .env has no end: put it right first")
    return whole


def write_env_file(path: Path, text: str) -> None:
    """Write the file whole or not at all, for its owner alone; a link stays one. Raises OSError."""
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".env.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            os.fchmod(file.fileno(), OWN_ONLY)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _rewrite(binding: Binding, value: str) -> str:
    """Return a line with another value: what stands before the value and the remark behind it stay."""
    line = binding.original.string
    bare = line.rstrip("\r\n")
    head = LINE.fullmatch(bare)
    remark = REMARK.search(bare) if "'" not in bare and '"' not in bare else None
    begin = head[1] if head else f"{binding.key}="
    return f"{begin}{_quote(value)}{remark[0] if remark else ''}{line[len(bare) :] or ''}"


def _quote(value: str) -> str:
    """Return a value as it is written; in quotes only where it must be, since not every reader takes them off."""
    if PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
