"""Rich text blocks, written as Slack writes a message's `text` (Slack docs, rich text block)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Element = Mapping[str, Any]


def text_of_blocks(blocks: object) -> str:
    """Return the text of all rich text blocks of a message; what has another form than documented is passed over."""
    rich = (block for block in _elements(blocks) if block.get("type") == "rich_text")
    return "\n".join(_lines(element for block in rich for element in _elements(block.get("elements")))).strip()


def _elements(value: object) -> list[Element]:
    return [element for element in value if isinstance(element, Mapping)] if isinstance(value, list) else []


def _lines(elements: Iterable[Element]) -> Iterator[str]:
    for element in elements:
        kind, inner = element.get("type"), _elements(element.get("elements"))
        if kind == "rich_text_list":
            yield from _items(element, inner)
        elif kind == "rich_text_preformatted":
            yield f"```\n{_inline(inner)}\n```"
        elif kind == "rich_text_quote":
            yield "\n".join(f"&gt; {line}" for line in _inline(inner).split("\n"))
        else:
            yield _inline(inner).removesuffix("\n")


def _items(block: Element, items: list[Element]) -> Iterator[str]:
    depth = block.get("indent")
    indent = "    " * (depth if isinstance(depth, int) else 0)
    for number, item in enumerate(items, start=1):
        bullet = f"{number}." if block.get("style") == "ordered" else "-"
        yield f"{indent}{bullet} {_inline(_elements(item.get('elements')))}"


def _inline(elements: list[Element]) -> str:
    return "".join(WRITERS.get(str(element.get("type")), _text)(element) for element in elements)


def _text(element: Element) -> str:
    text = _said(element, "text").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    style = element.get("style")
    return f"`{text}`" if isinstance(style, Mapping) and style.get("code") else text


def _link(element: Element) -> str:
    label = _text({"text": element.get("text")})
    return f"<{_said(element, 'url')}|{label}>" if label else f"<{_said(element, 'url')}>"


def _said(element: Element, key: str) -> str:
    value = element.get(key)
    return value if isinstance(value, str) else ""


WRITERS: Mapping[str, Callable[[Element], str]] = {
    "link": _link,
    "user": lambda element: f"<@{_said(element, 'user_id')}>",
    "channel": lambda element: f"<#{_said(element, 'channel_id')}>",
    "usergroup": lambda element: f"<!subteam^{_said(element, 'usergroup_id')}>",
    "broadcast": lambda element: f"<!{_said(element, 'range')}>",
    "emoji": lambda element: f":{_said(element, 'name')}:",
    "date": lambda element: _said(element, "fallback"),
    "color": lambda element: _said(element, "value"),
}
