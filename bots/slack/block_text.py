"""The text of blocks of every kind, written as Slack writes a message's `text` (Slack docs, Blocks)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime

from bots.slack.outgoing import escape_text
from bots.slack.payload_values import Payload, mapping_at, mappings_at, mappings_of, number_at, text_at

DEPTH = 12  # of objects and lists in one another
DEEPEST = 8  # levels of a list (Slack docs, rich_text_list)
MOST_OFFSET = 1_000_000
LATEST = 32_503_680_000  # seconds since the epoch: the year 3000
PIECES = 2_000  # texts of one block
SAID_BY = {"title", "subtitle", "text", "body", "description", "alt_text", "label", "caption"}

# Text objects: mrkdwn alone is written with tokens and entities (Slack docs, text object).
OBJECTS: Mapping[str, Callable[[Payload], str]] = {
    "plain_text": lambda text: escape_text(text_at(text, "text")),
    "raw_text": lambda text: escape_text(text_at(text, "text")),
    "mrkdwn": lambda text: text_at(text, "text"),
    "rich_text": lambda text: text_of_blocks([text]),
}


def text_of_blocks(blocks: object) -> str:
    """Return the text of all rich text blocks of a message; what has another form than documented is passed over."""
    rich = (block for block in mappings_of(blocks) if block.get("type") == "rich_text")
    return "\n".join(_lines_of(element for block in rich for element in mappings_at(block, "elements"))).strip()


def _lines_of(elements: Iterable[Payload]) -> Iterator[str]:
    for element in elements:
        kind, inner = element.get("type"), mappings_at(element, "elements")
        if kind == "rich_text_list":
            yield from _list_items(element, inner)
        elif kind == "rich_text_preformatted":
            yield f"```\n{_inline_text(inner)}\n```"
        elif kind == "rich_text_quote":
            yield "\n".join(f"&gt; {line}" for line in _inline_text(inner).split("\n"))
        else:
            yield _inline_text(inner).removesuffix("\n")


def _list_items(block: Payload, items: list[Payload]) -> Iterator[str]:
    depth = block.get("indent")
    indent = "    " * (min(max(depth, 0), DEEPEST) if isinstance(depth, int) else 0)
    offset = block.get("offset")
    first = 1 + (offset if isinstance(offset, int) and 0 <= offset < MOST_OFFSET else 0)
    for number, item in enumerate(items, start=first):
        bullet = f"{number}." if block.get("style") == "ordered" else "-"
        yield f"{indent}{bullet} {_inline_text(mappings_at(item, 'elements'))}"


def _inline_text(elements: list[Payload]) -> str:
    return "".join(WRITERS.get(str(element.get("type")), _styled_text)(element) for element in elements)


def _styled_text(element: Payload) -> str:
    text = escape_text(text_at(element, "text"))
    style = element.get("style")
    return f"`{text}`" if isinstance(style, Mapping) and style.get("code") else text


def _link_token(element: Payload) -> str:
    label = _styled_text({"text": element.get("text")})
    return f"<{text_at(element, 'url')}|{label}>" if label else f"<{text_at(element, 'url')}>"


def _iso_time(element: Payload) -> str:
    """Return a moment as `2024-07-11 15:30 UTC`."""
    seconds = number_at(element, "timestamp")
    if seconds is None or seconds >= LATEST:
        return ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


WRITERS: Mapping[str, Callable[[Payload], str]] = {
    "link": _link_token,
    "user": lambda element: f"<@{text_at(element, 'user_id')}>",
    "channel": lambda element: f"<#{text_at(element, 'channel_id')}>",
    "usergroup": lambda element: f"<!subteam^{text_at(element, 'usergroup_id')}>",
    "broadcast": lambda element: f"<!{text_at(element, 'range')}>",
    "emoji": lambda element: f":{text_at(element, 'name')}:",
    "date": lambda element: text_at(element, "fallback") or _iso_time(element),
    "color": lambda element: text_at(element, "value"),
}


def has_offset_list(blocks: object) -> bool:
    """Whether a list stands in the rich text of a message that does not begin at 1 (Slack docs, `offset`)."""
    rich = (block for block in mappings_of(blocks) if block.get("type") == "rich_text")
    return any(each.get("offset") for block in rich for each in mappings_at(block, "elements"))


def text_of_all_blocks(blocks: object) -> str:
    """Return the text of blocks of every kind, one below the other."""
    texts = (_text_of_block(block) for block in mappings_of(blocks))
    return "\n".join(text for text in texts if text.strip())


def has_other_blocks(blocks: object) -> bool:
    """Whether anything but rich text stands in a message's blocks."""
    return any(block.get("type") != "rich_text" for block in mappings_of(blocks))


def _text_of_block(block: Payload) -> str:
    if block.get("type") == "rich_text":
        return text_of_blocks([block])
    return READERS.get(text_at(block, "type"), _any_text)(block, DEPTH)


def _any_text(block: Payload, depth: int) -> str:
    """Return every text that stands in a block, in order, whatever its kind."""
    return "\n".join(text for text in dict.fromkeys(_field_texts(block, depth, [PIECES])) if text.strip())


def _texts_in(value: object, depth: int, left: list[int]) -> Iterator[str]:
    """Yield the texts of a value that may nest, a block's as its kind is read; `left` counts down what is looked at."""
    left[0] -= 1
    if depth < 0 or left[0] < 0:
        return
    if isinstance(value, list):
        for each in value:
            yield from _texts_in(each, depth - 1, left)
    elif isinstance(value, Mapping):
        kind = text_at(value, "type")
        if kind in OBJECTS:
            yield OBJECTS[kind](value)
        elif kind in READERS:
            yield READERS[kind](value, depth - 1)
        else:
            yield from _field_texts(value, depth, left)


def _field_texts(fields: Payload, depth: int, left: list[int]) -> Iterator[str]:
    for name, inner in fields.items():
        said = name in SAID_BY and isinstance(inner, str)
        yield from [escape_text(inner)] if said else _texts_in(inner, depth - 1, left)


def _context_text(block: Payload, depth: int) -> str:
    return " ".join(text for each in mappings_at(block, "elements") for text in _texts_in(each, depth, [PIECES]))


def _markdown_text(block: Payload, _: int) -> str:
    return escape_text(text_at(block, "text"))


def _table_text(block: Payload, depth: int) -> str:
    """Return a table as Markdown below its caption; its first row is its head (Slack docs, table, data_table block)."""
    found = block.get("rows")
    rows = [row for row in found if isinstance(row, list)] if isinstance(found, list) else []
    return _as_table(_named_text(block, "caption", depth), [[_cell_text(cell, depth) for cell in row] for row in rows])


def _chart_text(block: Payload, depth: int) -> str:
    """Return a chart's figures as a table below its title (Slack docs, data_visualization block)."""
    chart = mapping_at(block, "chart")
    series = mappings_at(chart, "series") or [{"data": mappings_at(chart, "segments")}]
    points = [{text_at(each, "label"): _cell_text(each, depth) for each in mappings_at(one, "data")} for one in series]
    head = ["", *(_on_one_line(escape_text(text_at(one, "name"))) for one in series)]
    labels = dict.fromkeys(label for one in points for label in one)
    body = [[_on_one_line(escape_text(label)), *(one.get(label, "") for one in points)] for label in labels]
    return _as_table(_named_text(block, "title", depth), [head, *body] if body else [])


def _as_table(heading: str, lines: list[list[str]]) -> str:
    width = max(map(len, lines), default=0)
    if not width:
        return heading
    head, *body = [[*line, *[""] * (width - len(line))] for line in lines]
    table = [f"| {' | '.join(line)} |" for line in (head, ["---"] * width, *body)]
    return "\n".join([heading, *table] if heading else table)


def _named_text(block: Payload, name: str, depth: int) -> str:
    """Return what a field says, as a text or as a text object."""
    return "\n".join(_field_texts({name: block.get(name)}, depth, [PIECES]))


def _cell_text(cell: object, depth: int) -> str:
    """Return a cell of any kind on one line; a bar in it is not the table's."""
    if not isinstance(cell, Mapping):
        return ""
    if cell.get("type") == "rich_text":
        return _on_one_line(text_of_blocks([cell]))
    value = cell.get("value")
    number = str(value) if isinstance(value, int | float) else ""
    return _on_one_line(escape_text(text_at(cell, "text")) or number or _any_text(cell, depth))


def _on_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


READERS: Mapping[str, Callable[[Payload, int], str]] = {
    "context": _context_text,
    "markdown": _markdown_text,
    "table": _table_text,
    "data_table": _table_text,
    "data_visualization": _chart_text,
    "divider": lambda *_: "",
    "call": lambda block, _: escape_text(text_at(mapping_at(mapping_at(block, "call"), "v1"), "name")),
}
