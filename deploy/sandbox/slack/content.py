"""What a message may hold, and how much of it."""

import re
from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox.slack.arguments import Arguments, decoded
from deploy.sandbox.slack.refused import Refused

# Reported for post and update alike, though the documentation advises 4,000 and cuts only at 40,000.
MOST_TEXT = 4_000
# Slack docs, Markdown block: cumulative over all markdown blocks of a payload; the same for markdown_text.
MOST_MARKDOWN = 12_000
# Slack docs, Block Kit reference.
MOST_BLOCKS = 50
MOST_SECTION = 3_000
MOST_SECTION_FIELDS = 10
MOST_SECTION_FIELD = 2_000
MOST_HEADER = 150
MOST_BLOCK_ID = 255
MOST_BUTTON_TEXT = 75
MOST_BUTTON_VALUE = 2_000
MOST_ACTION_ID = 255
MOST_IN_A_ROW = 25
MOST_TABLE_ROWS = 100
MOST_TABLE_COLUMNS = 20
MOST_TABLE_TEXT = 10_000

_PLAIN_KINDS = frozenset(
    {"alert", "call", "card", "carousel", "context", "data_table", "divider", "file", "image", "input", "plan"}
    | {"rich_text", "task_card", "video"}
)
Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """What a call says: its text, and its blocks (None where the call names none)."""

    text: str
    blocks: list[Block] | None
    attachments: list[dict[str, Any]] = field(default_factory=list)


def content_of(arguments: Arguments) -> Content:
    """Read text, markdown_text, blocks and attachments of a chat method, and hold them to their limits."""
    text, markdown = str(arguments.get("text") or ""), str(arguments.get("markdown_text") or "")
    blocks = decoded(arguments, "blocks", "invalid_blocks_format")
    if markdown and (text or blocks):
        raise Refused("markdown_text_conflict")
    if len(text) > MOST_TEXT or len(markdown) > MOST_MARKDOWN:
        raise Refused("msg_too_long")
    if markdown:
        return Content(markdown, [{"type": "markdown", "text": markdown}])
    if blocks is not None:
        check_blocks(blocks)
    elif "blocks" in arguments:
        blocks = []
    attachments = decoded(arguments, "attachments") or []
    if not (text or blocks or attachments):
        raise Refused("no_text")
    return Content(text, blocks, attachments)


def check_blocks(blocks: Any) -> None:
    """Hold blocks to their limits: how many there are, also once Markdown has been expanded, and each one's own."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refused("invalid_blocks_format")
    markdown = [str(block.get("text", "")) for block in blocks if block.get("type") == "markdown"]
    if sum(map(len, markdown)) > MOST_MARKDOWN:
        raise Refused("msg_blocks_too_long")
    if len(blocks) - len(markdown) + sum(map(expanded, markdown)) > MOST_BLOCKS:
        raise _invalid(f"no more than {MOST_BLOCKS} items allowed", "/blocks")
    for place, block in enumerate(blocks):
        if fault := _fault(block):
            raise _invalid(fault, f"/blocks/{place}")


def _invalid(fault: str, pointer: str) -> Refused:
    line = f"{fault} [json-pointer:{pointer}]"
    return Refused("invalid_blocks", {"errors": [line], "response_metadata": {"messages": [f"[ERROR] {line}"]}})


def _fault(block: Block) -> str:
    """Return what is wrong with one block; empty if nothing is."""
    kind = str(block.get("type"))
    if len(str(block.get("block_id", ""))) > MOST_BLOCK_ID:
        return f"must be up to {MOST_BLOCK_ID} characters: block_id"
    if kind in _PLAIN_KINDS:
        return ""
    check = _CHECKS.get(kind)
    return check(block) if check else f"unsupported type: {kind}"


def _section_fault(block: Block) -> str:
    fields = block.get("fields", [])
    if len(fields) > MOST_SECTION_FIELDS:
        return f"no more than {MOST_SECTION_FIELDS} items allowed"
    faults = [_text_fault(each, MOST_SECTION_FIELD, required=True) for each in fields]
    return _text_fault(block.get("text"), MOST_SECTION, required=not fields) or "".join(faults[:1])


def _text_fault(text: Any, most: int, *, required: bool) -> str:
    if text is None:
        return "missing required field: text" if required else ""
    length = len(str(text.get("text", ""))) if isinstance(text, dict) else 0
    return "" if 1 <= length <= most else f"must be from 1 to {most} characters"


def _element_fault(element: Block) -> str:
    if element.get("type") != "button":
        return ""
    for name, most in (("value", MOST_BUTTON_VALUE), ("action_id", MOST_ACTION_ID)):
        if len(str(element.get(name, ""))) > most:
            return f"must be up to {most} characters: {name}"
    return _text_fault(element.get("text"), MOST_BUTTON_TEXT, required=True)


def _header_fault(block: Block) -> str:
    return _text_fault(block.get("text"), MOST_HEADER, required=True)


def _markdown_fault(block: Block) -> str:
    return "" if block.get("text") else "missing required field: text"


def _elements_fault(block: Block) -> str:
    elements = block.get("elements", [])
    names = [each["action_id"] for each in elements if "action_id" in each]
    if not 1 <= len(elements) <= MOST_IN_A_ROW or len(names) > len(set(names)):
        return f"1 to {MOST_IN_A_ROW} elements, each action_id once"
    return next(filter(None, map(_element_fault, elements)), "")


def _table_fault(block: Block) -> str:
    rows: list[list[Any]] = block.get("rows", [])
    if len(rows) > MOST_TABLE_ROWS or any(len(row) > MOST_TABLE_COLUMNS for row in rows):
        return f"a table has up to {MOST_TABLE_ROWS} rows and {MOST_TABLE_COLUMNS} columns"
    text = sum(len(str(cell.get("text", ""))) for row in rows for cell in row if isinstance(cell, dict))
    return "" if text <= MOST_TABLE_TEXT else f"a table holds up to {MOST_TABLE_TEXT} characters"


_CHECKS = {
    "section": _section_fault,
    "header": _header_fault,
    "markdown": _markdown_fault,
    "table": _table_fault,
    "actions": _elements_fault,
    "context_actions": _elements_fault,
}


_BREAK = re.compile(r"\r\n|\n|\r")  # CommonMark, Line endings
_FENCE = re.compile(r"^ {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_CLOSING = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*$")  # nothing stands behind it (CommonMark)
_STRUCTURES = (
    ("heading", re.compile(r"^ {0,3}#{1,6}(\s|$)")),
    ("rule", re.compile(r"^ {0,3}([-*_])( *\1){2,} *$")),
    ("table", re.compile(r"^ {0,3}\|")),
    ("list", re.compile(r"^\s*([-*+]|\d+[.)])\s")),
    ("quote", re.compile(r"^ {0,3}>")),
)


def expanded(markdown: str) -> int:
    """Return how many blocks Slack makes of a markdown block, as reported (archestra-ai/archestra#4980).

    Each heading, rule, table, list, quotation, code block and paragraph becomes a block of its own.
    """
    count, previous, before, fence = 0, "", "", ""
    for line in _BREAK.split(markdown):
        if fence:
            closing = _CLOSING.match(line)
            fence = "" if closing and closing[1].startswith(fence) else fence
            continue
        opening = _FENCE.match(line)
        kind = "fence" if opening else _structure(line)
        if previous == "list" and _in_list(line, kind, before):
            kind, opening = "list", None
        fence = opening[1] if opening else ""
        count += bool(kind) and (kind != previous or kind in ("heading", "rule", "fence"))
        previous, before = kind, line
    return max(1, count)


def _in_list(line: str, kind: str, before: str) -> bool:
    """Whether a line after a list's belongs to it: blank, indented, or one that goes on with its text (CommonMark)."""
    return line[:1] in {"", " ", "\t"} or (kind == "paragraph" and bool(before.strip()))


def _structure(line: str) -> str:
    if not line.strip():
        return ""
    return next((kind for kind, pattern in _STRUCTURES if pattern.match(line)), "paragraph")
