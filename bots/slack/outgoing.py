"""What the bot writes, as Slack takes it.

An answer is split first and made harmless after, part by part: `split(answer, LIMIT)`, then `payload(part)` for each.
So a part that stands in the channel never changes, and no cut can bring to life what was harmless before it.

Slack reads its own `<…>` tokens in a markdown block as in any text (PostHog/posthog#95054 measured it). Entities
would stop that, but Markdown does not decode them in code. So an invisible word joiner is put in, and only where
something would come to life.
"""

import re
from typing import TypedDict

from bots.markdown.disguised_links import JOINER, escape_links, follows_bracket
from bots.markdown.emphasis import free_emphasis
from bots.markdown.link_spoofing import is_disguise
from bots.markdown.splitting import Limit
from bots.slack.blocks import blocks_of_whole_lines

MARKDOWN_LIMIT = 12_000
"""Characters in all markdown blocks of one message together (Slack docs, markdown block)."""

TEXT_LIMIT = 4_000
"""Characters of `text` (Slack docs, chat.postMessage, advise so); above, msg_too_long is reported."""

BLOCKS_LIMIT = 45
"""Blocks that a part may become. Slack's servers make several of one markdown block, and refuse more than 50."""

PART_SIZE = 3_900
"""UTF-16 units of `fallback(part)`: it fits into `text`, so that a part which is refused as blocks (invalid_blocks,
msg_blocks_too_long) is posted whole as text. Three bytes each are under 12,000, in case Slack counts those, and an
edit of a growing answer carries a third of what it would with the largest block."""

MENTION = re.compile(r"<(?=!\s*(?:channel|here|everyone|group|subteam|date)|[@#][\w.-]+\s*[|>])", re.IGNORECASE)
SLACK_LINK = re.compile(r"<(?P<target>[^<>|\s@#!\u2060][^<>|\s]*)\|(?P<label>[^<>]*)>")
CUT_THROUGH = re.compile(r"(?:&[a-z]{0,3}|[\ud800-\udbff])$")


class MarkdownBlock(TypedDict):
    """One block of standard Markdown (Slack docs, markdown block)."""

    type: str
    text: str


class Payload(TypedDict):
    """The arguments that chat.postMessage and chat.update share."""

    text: str
    blocks: list[MarkdownBlock]
    parse: str


def payload_of(part: str) -> Payload:
    """Return what shows a part of at most `LIMIT`, harmless, with its fallback for notifications.

    `parse` is said because chat.update, unlike chat.postMessage, otherwise looks for names (Slack docs, chat.update).
    """
    markdown = escape_mentions(free_emphasis(part))
    return {"text": fallback_text(part), "blocks": [{"type": "markdown", "text": markdown}], "parse": "none"}


def ringing_payload(person: str, part: str) -> Payload:
    """Return what shows a part, and rings a person by their id (Slack docs, Formatting text: mentioning users)."""
    shown, ring = payload_of(part), f"<@{person}> " if person.isalnum() else ""
    blocks: list[MarkdownBlock] = [{"type": "markdown", "text": f"{ring}{each['text']}"} for each in shown["blocks"]]
    return {"text": f"{ring}{shown['text']}", "blocks": blocks, "parse": "none"}


def plain_payload(part: str) -> Payload:
    """Return what shows a part without blocks, for when Slack refuses them.

    The empty list takes away the blocks that an earlier edit left (Slack docs, chat.update).
    """
    return {"text": fallback_text(part), "blocks": [], "parse": "none"}


def escape_mentions(markdown: str) -> str:
    """Return the text with mentions, broadcasts and disguised links made harmless. Twice is the same as once."""
    text = SLACK_LINK.sub(_defuse_slack_link, escape_links(markdown))
    return MENTION.sub(f"<{JOINER}", text)  # last, as taking a link apart may have brought `<` and `!` together


def _defuse_slack_link(link: re.Match[str]) -> str:
    """Return one of Slack's own links, taken apart if it is a disguise; the brackets stay, lest they pair anew."""
    label, target = link["label"], link["target"]
    if not is_disguise(label, target):
        return link[0]
    return f"{JOINER if follows_bracket(link) else ''}{label} (<{target}>)"


def fallback_text(markdown: str, limit: int = TEXT_LIMIT) -> str:
    """Return the plain `text` beside a block: harmless, escaped, at most `limit` UTF-16 units."""
    escaped = escape_text(escape_mentions(markdown))
    if _utf16_units(escaped) <= limit:
        return escaped
    shortened = _encode_utf16(escaped)[: 2 * (limit - 1)].decode("utf-16-le", errors="surrogatepass")
    return CUT_THROUGH.sub("", shortened) + "…"


def escape_text(text: str) -> str:
    """Return the text with Slack's three control characters as entities (Slack docs, formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def measure_part(markdown: str) -> int:
    """Return how much of a part the text takes: UTF-16 units of its fallback, or its share of blocks if that is more.

    What making it harmless may add is counted wherever it may.
    """
    units = _utf16_units(escape_text(markdown)) + 2 * markdown.count("<") + markdown.count("]")
    if _share_of_part(markdown.count("\n") + markdown.count("\r")) <= units:  # so few lines cannot be too many blocks
        return units
    return max(units, _share_of_part(blocks_of_whole_lines(markdown)))


def _share_of_part(blocks: int) -> int:
    return blocks * PART_SIZE // BLOCKS_LIMIT


def _utf16_units(text: str) -> int:
    return len(_encode_utf16(text)) // 2


def _encode_utf16(text: str) -> bytes:
    return text.encode("utf-16-le", errors="surrogatepass")


LIMIT = Limit(PART_SIZE, measure_part)
