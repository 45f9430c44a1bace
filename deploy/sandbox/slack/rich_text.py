"""What Slack's own editor makes of a person's words: one rich_text block."""

import html
import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(r"<([^<>]+)>|:([a-z0-9_+-]+):")


def rich_text(text: str) -> list[dict[str, Any]]:
    """Return the blocks that a message typed in a client carries for this mrkdwn; none for no text.

    Source: Slack docs, Rich text block.
    """
    if not text:
        return []
    section = {"type": "rich_text_section", "elements": list(_elements(text))}
    return [{"type": "rich_text", "block_id": "b0", "elements": [section]}]


def _elements(text: str) -> Iterator[dict[str, Any]]:
    end = 0
    for token in _TOKEN.finditer(text):
        if token.start() > end:
            yield {"type": "text", "text": html.unescape(text[end : token.start()])}
        yield {"type": "emoji", "name": token[2]} if token[2] else _reference(token[1])
        end = token.end()
    if end < len(text):
        yield {"type": "text", "text": html.unescape(text[end:])}


def _reference(inner: str) -> dict[str, Any]:
    target, _, label = inner.partition("|")
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!subteam^"):
        return {"type": "usergroup", "usergroup_id": target.removeprefix("!subteam^")}
    if target.startswith("!date^"):
        return {"type": "text", "text": html.unescape(label)}
    if target.startswith("!"):
        return {"type": "broadcast", "range": target[1:]}
    link = {"type": "link", "url": html.unescape(target)}
    return {**link, "text": html.unescape(label)} if label else link
