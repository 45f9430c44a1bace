"""The page of what can be looked up: each posting, with the state of its content, who put it in, and where."""

import time
from collections.abc import Mapping, Sequence
from html import escape

from core.knowledge.listing import describe_conversation, split_off_exchanges
from core.sanitize import sanitize_name
from core.storage.knowledge import ListedSource

MOST_SHOWN = 500
STATES: Mapping[str, str] = {
    "waiting": "is being read",
    "indexed": "can be asked about",
    "failed": "could not be read",
    "refused": "was refused by moderation",
}
KINDS: Mapping[str, str] = {"file": "file", "import": "put in by the operator", "link": "pinned link"}


def draw_sources(found: Sequence[ListedSource], *, is_on: bool) -> list[str]:
    """Return the page's body, the newest first, conversations as one; `is_on` says whether anything is looked up."""
    if not found:
        return [_empty(is_on=is_on)]
    files, exchanges = split_off_exchanges(found)
    states = [each.state for each in files]
    counts = "".join(
        f"<li><span>{escape(state)}</span><strong>{states.count(state):,}</strong><small>{told}</small></li>"
        for state, told in STATES.items()
        if state in states
    )
    rows = "".join(map(_row, files[:MOST_SHOWN]))
    more = f'<p class="note">And {len(files) - MOST_SHOWN:,} older ones.</p>' if len(files) > MOST_SHOWN else ""
    said = f'<p class="note">What was said: {describe_conversation(exchanges)}.</p>' if exchanges else ""
    how = (
        '<p class="note">Whoever posted a file takes it away by deleting their message, or with '
        "<code>sources remove 12</code> in the chat; an administrator with the same words.</p>"
    )
    return [f'<ul class="tiles states">{counts}</ul><ul class="sources">{rows}</ul>{more}{said}{how}']


def _row(source: ListedSource) -> str:
    who = sanitize_name(source.author_name) if source.author_name else source.author_id or "the operator"
    at = time.strftime("%Y-%m-%d", time.gmtime(source.posted_at))
    size = f"{source.characters:,} characters" if source.state == "indexed" else ""
    parts = (f"#{source.seq}", KINDS.get(source.kind, source.kind), size, f"by {who}", at, _place(source))
    facts = " · ".join(escape(each) for each in parts if each)
    detail = f'<small class="why">{escape(source.detail)}</small>' if source.detail else ""
    return (
        f'<li><b>{escape(sanitize_name(source.name))}</b><span class="state {escape(source.state)}">'
        f"{escape(source.state)}</span><small>{facts}</small>{detail}</li>"
    )


def _place(source: ListedSource) -> str:
    key = source.key
    return f"{key.platform}:{key.workspace}:{key.channel}" if key.platform else "every channel"


def _empty(*, is_on: bool) -> str:
    how = (
        "Put a file into a channel, and ask about it."
        if is_on
        else "CONFAB_KNOWLEDGE=files lets what people put into channels be asked about."
    )
    return f'<div class="empty"><h2>Nothing can be looked up yet</h2><p>{how}</p></div>'
