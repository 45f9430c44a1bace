"""Cursor paging, the same for every method that has it (Slack docs, Pagination)."""

import base64
from typing import Any

from deploy.sandbox.slack.arguments import Arguments, number
from deploy.sandbox.slack.refused import Refused

MOST_ON_A_PAGE = 999


def page(
    name: str, items: list[Any], arguments: Arguments, default: int = 100, most: int = MOST_ON_A_PAGE
) -> dict[str, Any]:
    """Return the page that `cursor` and `limit` ask for, under `name`, with the cursor of the next one."""
    start = _start(str(arguments.get("cursor") or ""))
    end = start + max(1, min(number(arguments, "limit", default), most))
    following = base64.b64encode(f"offset:{end}".encode()).decode() if end < len(items) else ""
    return {name: items[start:end], "response_metadata": {"next_cursor": following}}


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _, offset = base64.b64decode(cursor, validate=True).decode().partition(":")
    except ValueError:
        raise Refused("invalid_cursor") from None
    if word != "offset" or not offset.isdecimal():
        raise Refused("invalid_cursor")
    return int(offset)
