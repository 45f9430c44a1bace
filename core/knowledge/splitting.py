"""A document in pieces of a few hundred tokens, in which it is found: none holds what another one does. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import PurePosixPath

from core.storage.knowledge import Piece

LEAST, MOST = 200, 400  # tokens of a piece: the best sizes in Chroma's study of chunking, without overlap
LONGEST_HEADER = 4_000  # characters of a table's header that stands at the head of each of its pieces
LONGEST_LABEL = 120  # characters of a title

CODE = re.compile(
    r"\.(?:py|pyi|js|jsx|ts|tsx|mjs|go|rs|java|kt|kts|c|h|cc|cpp|hpp|cs|rb|php|swift|scala|lua|r|jl|pl|sh|bash|zsh|sql"
    r"|tf|proto|ex|exs|erl|hs|ml|dart|vue|svelte)"
)
TABLE = re.compile(r"\.(?:csv|tsv|tab)")
SHEETS = {"xlsx", "ods"}
HEADING = re.compile(r"(#{1,6})\s+(\S.*)")
SHEET = re.compile(r"\[sheet .*\]")
DEFINITION = re.compile(r"(?!\s|[)\]}]|else\b|elif\b|except\b|finally\b|end\b)")  # of code: a line at the left margin
SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s*")

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together: the first one's number, from 1, and the headings above; `begins` a section."""

    text: str
    line: int
    title: str = ""
    begins: bool = False

    @property
    def last_line(self) -> int:
        """The number of its last line."""
        return self.line + self.text.count("\n")


def split_document(text: str, parts: Sequence[str], name: str, kind: str, count: Count) -> list[Piece]:
    """Return a document's pieces in their order; `parts` are its pages, slides or chapters, where it has such.

    `kind` is the reader that read it. `count` counts tokens. A piece is labelled with its page, or in a text with its
    lines.
    """
    unit = {"pdf": "page", "pptx": "slide", "epub": "chapter"}.get(kind, "")
    if parts and unit:
        pages = enumerate(parts, start=1)
        return [
            replace(each, label=f"{unit} {number}")
            for number, page in pages
            for each in _pack(_split_prose(page), name, count)
        ]
    has_lines = kind == "text"
    return [
        each if has_lines else replace(each, label="")
        for each in _pack_by_form(text.replace("\r\n", "\n"), name, kind, count)
    ]


def _pack_by_form(text: str, name: str, kind: str, count: Count) -> Iterator[Piece]:
    ending = PurePosixPath(name.lower()).suffix
    if kind in SHEETS or TABLE.fullmatch(ending):
        for first, table in _split_sheets(text):
            yield from _pack_table(table, first, name, count)
    elif CODE.fullmatch(ending):
        yield from _pack(_split_code(text), name, count)
    else:
        yield from _pack(_split_prose(text), name, count)


def _split_prose(text: str) -> Iterator[Block]:
    """Yield the paragraphs, each with the headings above it; a heading begins a section."""
    headings: list[tuple[int, str]] = []
    for line, paragraph in _paragraphs(text):
        heading = HEADING.match(paragraph)
        if heading:
            level = len(heading[1])
            headings = [each for each in headings if each[0] < level] + [(level, heading[2].strip())]
        title = " > ".join(each for _, each in headings)[:LONGEST_LABEL]
        yield Block(paragraph, line, title, begins=heading is not None)


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield what stands between empty lines or before a heading, with the number of its first line."""
    begun: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), start=1):
        if begun and (not line.strip() or HEADING.match(line)):
            yield first, "\n".join(begun)
            begun = []
        if line.strip():
            first = first if begun else number
            begun.append(line.rstrip())
    if begun:
        yield first, "\n".join(begun)


def _split_code(text: str) -> Iterator[Block]:
    """Yield definitions: what begins at the left margin after an empty line, with all that is indented below it."""
    begun: list[str] = []
    first, is_apart = 1, True
    for number, line in enumerate(text.split("\n"), start=1):
        if begun and is_apart and line.strip() and DEFINITION.match(line):
            yield _definition(begun, first)
            begun = []
        if line.strip() or begun:
            first = first if begun else number
            begun.append(line.rstrip())
        is_apart = not line.strip()
    if begun:
        yield _definition(begun, first)


def _definition(lines: Sequence[str], first: int) -> Block:
    text = "\n".join(lines).rstrip()
    return Block(text, first, lines[0].strip()[:LONGEST_LABEL], begins=True)


def _split_sheets(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the tables of a text, each with the number of its first line."""
    table: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), start=1):
        if SHEET.fullmatch(line) and table:
            yield first, table
            table = []
        first = first if table else number
        table.append(line)
    yield first, table


def _pack_table(lines: Sequence[str], first: int, name: str, count: Count) -> Iterator[Piece]:
    """Yield a table's rows in pieces, the header at the head of each; one that is too long for that is a row."""
    top = 2 if lines and SHEET.fullmatch(lines[0]) else 1
    if len(head := "\n".join(lines[:top])) > LONGEST_HEADER or count(head) > MOST:
        yield from _pack((Block(row, first + number) for number, row in enumerate(lines) if row.strip()), name, count)
        return
    header, rows = "\n".join(lines[:top]), lines[top:]
    room = max(MOST - count(header), LEAST)
    blocks = (Block(row, first + top + number) for number, row in enumerate(rows) if row.strip())
    pieces = list(_pack(blocks, name, count, room))
    for piece in pieces:
        text = f"{header}\n{piece.text}"
        yield replace(piece, text=text, tokens=count(text))
    if not pieces and header.strip():
        yield Piece(name, f"line {first}", header, count(header))


def _pack(blocks: Iterable[Block], name: str, count: Count, most: int = MOST) -> Iterator[Piece]:
    """Yield blocks joined into pieces of `most` tokens; a section begins a new one where the last is long enough."""
    held: list[Block] = []
    tokens = 0
    for block in (small for each in blocks for small in _cut(each, count, most)):
        size = count(block.text)
        if held and (tokens + size > most or (block.begins and tokens >= LEAST)):
            yield _join_blocks(held, name, count)
            held, tokens = [], 0
        held.append(block)
        tokens += size + 1
    if held:
        yield _join_blocks(held, name, count)


def _join_blocks(blocks: Sequence[Block], name: str, count: Count) -> Piece:
    first, last = blocks[0], blocks[-1]
    lines = [blocks[0].text]
    for before, block in pairwise(blocks):
        lines.append("\n" * (2 if block.line > before.last_line + 1 else 1) + block.text)
    text = "".join(lines)
    label = f"line {first.line}" if last.last_line == first.line else f"lines {first.line}-{last.last_line}"
    return Piece(" > ".join(filter(None, (name, first.title))), label, text, count(text))


def _cut(block: Block, count: Count, most: int) -> Iterator[Block]:
    """Yield a block that is short enough as it is, and a longer one by its lines, sentences or letters."""
    if count(block.text) <= most:
        yield block
        return
    lines = block.text.split("\n")
    if len(lines) > 1:
        for number, line in enumerate(lines):
            if line.strip():
                yield from _cut(replace(block, text=line, line=block.line + number, begins=False), count, most)
        return
    for part in _sentences(block.text, most):
        yield replace(block, text=part, begins=False)


def _sentences(text: str, most: int) -> Iterator[str]:
    """Yield sentences, each of at most as many letters as `most` tokens surely hold."""
    for sentence in SENTENCE.split(text):
        for start in range(0, len(sentence), most):
            if part := sentence[start : start + most].strip():
                yield part
