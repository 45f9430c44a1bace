"""Rich text blocks, written as Slack writes a message's `text` (Slack docs, rich text block)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Element = Mapping[str, Any]
DEEPEST = 8  # levels of a list (Slack docs, rich_text_list)
MOST_OFFSET = 1_000_000


def text_of_blocks(blocks: object) -> str:
    """Return the text of all rich text blocks of a message; what has another form than documented is passed over."""
    rich = (block for block in _elements_of(blocks) if block.get("type") == "rich_text")
    return "\n".join(_lines_of(element for block in rich for element in _elements_of(block.get("elements")))).strip()


def _elements_of(value: object) -> list[Element]:
    return [element for element in value if isinstance(element, Mapping)] if isinstance(value, list) else []


def _lines_of(elements: Iterable[Element]) -> Iterator[str]:
    for element in elements:
        kind, inner = element.get("type"), _elements_of(element.get("elements"))
        if kind == "rich_text_list":
            yield from _list_items(element, inner)
        elif kind == "rich_text_preformatted":
            yield f"```\n{_inline_text(inner)}\n```"
        elif kind == "rich_text_quote":
            yield "\n".join(f"&gt; {line}" for line in _inline_text(inner).split("\n"))
        else:
            yield _inline_text(inner).removesuffix("\n")


def _list_items(block: Element, items: list[Element]) -> Iterator[str]:
    depth = block.get("indent")
    indent = "    " * (min(max(depth, 0), DEEPEST) if isinstance(depth, int) else 0)
    offset = block.get("offset")
    first = 1 + (offset if isinstance(offset, int) and 0 <= offset < MOST_OFFSET else 0)
    for number, item in enumerate(items, start=first):
        bullet = f"{number}." if block.get("style") == "ordered" else "-"
        yield f"{indent}{bullet} {_inline_text(_elements_of(item.get('elements')))}"


def _inline_text(elements: list[Element]) -> str:
    return "".join(WRITERS.get(str(element.get("type")), _styled_text)(element) for element in elements)


def _styled_text(element: Element) -> str:
    text = _string_at(element, "text").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    style = element.get("style")
    return f"`{text}`" if isinstance(style, Mapping) and style.get("code") else text


def _link_token(element: Element) -> str:
    label = _styled_text({"text": element.get("text")})
    return f"<{_string_at(element, 'url')}|{label}>" if label else f"<{_string_at(element, 'url')}>"


def _string_at(element: Element, key: str) -> str:
    value = element.get(key)
    return value if isinstance(value, str) else ""


WRITERS: Mapping[str, Callable[[Element], str]] = {
    "link": _link_token,
    "user": lambda element: f"<@{_string_at(element, 'user_id')}>",
    "channel": lambda element: f"<#{_string_at(element, 'channel_id')}>",
    "usergroup": lambda element: f"<!subteam^{_string_at(element, 'usergroup_id')}>",
    "broadcast": lambda element: f"<!{_string_at(element, 'range')}>",
    "emoji": lambda element: f":{_string_at(element, 'name')}:",
    "date": lambda element: _string_at(element, "fallback"),
    "color": lambda element: _string_at(element, "value"),
}


def has_offset_list(blocks: object) -> bool:
    """Whether a list stands in the rich text of a message that does not begin at 1 (Slack docs, `offset`)."""
    rich = (block for block in _elements_of(blocks) if block.get("type") == "rich_text")
    return any(each.get("offset") for block in rich for each in _elements_of(block.get("elements")))
