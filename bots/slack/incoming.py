"""What a person wrote in Slack, as Confab reads it.

Slack writes people, channels and links as tokens in angle brackets, and escapes `&`, `<` and `>` elsewhere
(Slack docs, formatting message text).
"""

import re
from collections.abc import Mapping
from typing import Any

from bots.slack.block_text import has_offset_list, text_of_blocks
from bots.slack.payload_values import text_at

TOKEN = re.compile(r"<(?P<kind>[@#!]?)(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>")
MENTION = re.compile(r"<@(?P<user>\w+)(?:\|[^<>]*)?>")
ENTITY = re.compile(r"&(lt|gt|amp);")
CHARACTERS = {"lt": "<", "gt": ">", "amp": "&"}


def text_of(event: Mapping[str, Any]) -> str:
    """Return a message's text as Slack writes it.

    It is read from the rich text where `text` is empty, or lacks what stands there: a mention, or a list's numbers.
    """
    text = text_at(event, "text")
    rich = text_of_blocks(event.get("blocks"))
    is_all = (
        text.strip() and mentioned_users(rich) <= mentioned_users(text) and not has_offset_list(event.get("blocks"))
    )
    return text if is_all else rich or text


def mentioned_users(text: str) -> set[str]:
    """Return the ids of the people whom a text mentions."""
    return {match["user"] for match in MENTION.finditer(text)}


def mentions_bot(text: str, bot_user: str) -> bool:
    """Whether a text mentions the bot, whose user id is `bot_user`."""
    return bot_user in mentioned_users(text)


def opens_with_other_mention(text: str, bot_user: str) -> bool:
    """Whether a text opens by mentioning somebody else, and is thus for them."""
    match = MENTION.match(text.lstrip())
    return match is not None and match["user"] != bot_user


def to_markdown(text: str, bot_user: str, names: Mapping[str, str] | None = None) -> str:
    """Return what a person said as Markdown, without the bot's own mention.

    `names` holds the display names of those whom the text mentions, by user id; others keep the id.
    """
    own = re.escape(bot_user)
    addressed = re.sub(rf"^\s*(?:<@{own}(?:\|[^<>]*)?>[\s,:]*)+|[^\S\n]?<@{own}(?:\|[^<>]*)?>", "", text)
    known = names or {}
    return unescape(TOKEN.sub(lambda token: _read_token(token, known), addressed)).strip()


def _read_token(token: re.Match[str], names: Mapping[str, str]) -> str:
    """Return a token as a person reads it; entities in it stay as they are, to be decoded once."""
    kind, target, label = token["kind"], token["target"], (token["label"] or "").strip()
    if kind == "@":
        name = names.get(target) or label.removeprefix("@") or target
        return f"@{_escape_ampersands(name)}"
    if kind == "#":
        return f"#{label.removeprefix('#') or target}"
    if kind == "!":
        return _read_special(target, label)
    return _read_link(target, label)


def _read_special(target: str, label: str) -> str:
    """Read `<!here>`, `<!subteam^S1|@team>`, or `<!date^1392734382^{date}|February 18th>`."""
    command, _, rest = target.partition("^")
    if command == "date":
        return label or rest.partition("^")[0]
    return f"@{label.removeprefix('@') or rest or command}"


def _read_link(target: str, label: str) -> str:
    address = target.removeprefix("mailto:").removeprefix("tel:")
    if not label or label in {target, address, target.partition("://")[2]}:
        return address
    return f"[{label}]({target})"


def unescape(text: str) -> str:
    """Return a text with the characters that Slack writes as entities."""
    return ENTITY.sub(lambda entity: CHARACTERS[entity[1]], text)


def _escape_ampersands(name: str) -> str:
    return name.replace("&", "&amp;")
