"""What a person is given of what is kept of them, as text. Pure."""

import json
import time
from collections.abc import Mapping
from typing import Any

from core.storage.export import Exported

NOTHING_KEPT = "_I keep nothing of you._"
HEAD = "_All that I keep of you, by what it is kept in; times are in UTC:_"
CUT = (
    "_That is the beginning; there is more of it than fits here. {operator} can give you all of it, by "
    "`python -m bots export`._"
)
LONGEST_EXPORT = 24_000  # characters in the chat
TIMES = {"sent_at", "at", "made_at", "received_at"}


def export_as_json(found: Exported) -> str:
    """Return a person's rows as JSON, with times as ISO 8601."""
    rows = {table: [_with_times(row) for row in rows] for table, rows in found.items()}
    return json.dumps(rows, ensure_ascii=False, indent=2)


def format_export(found: Exported, operator: str) -> str:
    """Return what a person reads in the chat: their rows in a block of code, cut where they are very many."""
    if not found:
        return NOTHING_KEPT
    text = export_as_json(found)
    fence = "```"
    while fence in text:
        fence += "`"
    shown = f"{HEAD}\n\n{fence}json\n{text[:LONGEST_EXPORT]}\n{fence}"
    return shown if len(text) <= LONGEST_EXPORT else f"{shown}\n\n{CUT.format(operator=operator or 'Whoever runs me')}"


def _with_times(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: _iso(value) if name in TIMES else value for name, value in row.items() if value not in ("", None, 0)}


def _iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
