"""What a person wrote in Slack, as Confab reads it."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

TOKEN = re.compile(r"<(?P<kind>[@#!]?)(?P<target>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
OPENING_MENTION = re.compile(r"\s*<@(?P<user>\w+)(?:\|[^<>]*)?>")


def text_of(event: Mapping[str, Any]) -> str:
    """Return a message's text as Slack writes it, from its rich text where `text` is empty."""
    text = event.get("text")
    if isinstance(text, str) and text.strip():
        return text
    blocks = event.get("blocks")
    return "\n".join(_rich_texts(blocks)).strip() if isinstance(blocks, list) else ""


def _rich_texts(blocks: list[Any]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Mapping) and block.get("type") == "rich_text":
            yield "".join(_pieces(block.get("elements")))


def _pieces(elements: Any) -> Iterator[str]:
    """Yield the text of rich text elements, however deep they lie."""
    for element in elements if isinstance(elements, list) else []:
        if isinstance(element, Mapping):
            yield _piece(element)


def _piece(element: Mapping[str, Any]) -> str:
    return str(element.get("text") or "")


def mentions(text: str, bot_user: str) -> bool:
    """Whether a message's text mentions the bot, whose user id is `bot_user`."""
    return any(match["kind"] == "@" and match["target"] == bot_user for match in TOKEN.finditer(text))


def opens_with_other_mention(text: str, bot_user: str) -> bool:
    """Whether the text opens by mentioning somebody else, and is thus for them."""
    match = OPENING_MENTION.match(text)
    return match is not None and match["user"] != bot_user


def mention_free(text: str, bot_user: str, names: Mapping[str, str] | None = None) -> str:
    """Return what a person said as Markdown, without the bot's own mention; `names` by user id, for the others."""
    known = names or {}
    return TOKEN.sub(lambda token: _readable(token, bot_user, known), text).strip()


def _readable(token: re.Match[str], bot_user: str, names: Mapping[str, str]) -> str:
    kind, target, label = token["kind"], token["target"], token["label"] or ""
    if kind == "@":
        return "" if target == bot_user else f"@{names.get(target) or label or target}"
    return unescape(label or target)
