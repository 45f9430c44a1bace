"""A message as an operator names it: by its link, as both platforms give it out, by its id, or by a reference."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

SLACK = re.compile(r"/archives/(?P<channel>[A-Z0-9]+)/p(?P<seconds>\d+)(?P<fraction>\d{6})")
DISCORD = re.compile(r"/channels/(?:\d+|@me)/\d+/(?P<id>\d+)")
REFERENCE = re.compile(r"[0-9a-f]{8,32}")


@dataclass(frozen=True, slots=True)
class Named:
    """What a name leads to: a message's id, in a channel where ids are not unique without it; perhaps a reference."""

    message_id: str
    channel: str = ""
    reference: str = ""


def named(text: str) -> Named | None:
    """Read a link to a message, a message's id, or the reference that a person was given; None for anything else.

    Slack's link holds the ts without its point (Slack docs, chat.getPermalink); Discord's ends in the message's id,
    whatever channel or thread it stands in.
    """
    text = text.strip().strip("<>")
    if "://" not in text:
        return Named(text, reference=text if REFERENCE.fullmatch(text) else "") if text else None
    path = urlsplit(text).path
    if found := SLACK.fullmatch(path):
        return Named(f"{found['seconds']}.{found['fraction']}", found["channel"])
    found = DISCORD.fullmatch(path.rstrip("/"))
    return Named(found["id"]) if found else None
