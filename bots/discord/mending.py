"""What Discord sends, without the parts that cannot be read: one odd embed costs that embed, not its message. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

USER = {"username": "?", "discriminator": "0", "avatar": None}
ATTACHMENT = {"filename": "file", "size": 0, "url": "", "proxy_url": ""}
NEVER = "2100-01-01T00:00:00+00:00"  # when a poll ends that does not
MADE_UP = -1  # the type of a message of which it cannot be read
WHAT_IS_SAID = {"type": MADE_UP, "content": "", "attachments": [], "embeds": [], "edited_timestamp": None}

# What stands in for what is missing or odd, by the name of the field that holds it. Who speaks, where, and of what type
# a message is, is never made up: a type of -1 is none that a person's words have.
ORDINARY: Mapping[str, Mapping[str, Any]] = {
    "author": USER,
    "mentions": USER,
    "attachments": ATTACHMENT,
    "sticker_items": {"name": "?", "format_type": 1},
    "poll": {"question": {"text": ""}, "answers": [], "expiry": NEVER},
    "message": WHAT_IS_SAID,
    "referenced_message": WHAT_IS_SAID,
    "message_snapshots": {"message": {**WHAT_IS_SAID, "timestamp": None}},
}
IDENTITY = ("id", "channel_id", "guild_id", "webhook_id", "author", "user", "timestamp")

Accepts = Callable[[Any], bool]


class Unreadable(Exception):
    """Nothing of a value can be read."""


def show_forwarded_polls(message: Any) -> Any:
    """Return a message in which a poll that it forwards is an embed: of a snapshot discord.py reads no poll."""
    if not isinstance(message, dict) or not isinstance(message.get("message_snapshots"), list):
        return message
    return {**message, "message_snapshots": [_show_poll(snapshot) for snapshot in message["message_snapshots"]]}


def _show_poll(snapshot: Any) -> Any:
    forwarded = snapshot.get("message") if isinstance(snapshot, dict) else None
    poll = forwarded.get("poll") if isinstance(forwarded, dict) else None
    if not isinstance(poll, dict) or not isinstance(forwarded, dict):
        return snapshot
    answers = poll.get("answers") if isinstance(poll.get("answers"), list) else []
    lines = [f"- {_text_at(each, 'poll_media')}" for each in answers or ()]
    shown = {"type": "rich", "title": f"Poll: {_text_at(poll, 'question')}", "description": "\n".join(lines)}
    embeds = forwarded["embeds"] if isinstance(forwarded.get("embeds"), list) else []
    return {**snapshot, "message": {**forwarded, "embeds": [*embeds, shown]}}


def _text_at(holder: Any, name: str) -> str:
    """Return the text of a poll's question or answer on one line (Discord docs, Poll Media Object)."""
    media = holder.get(name) if isinstance(holder, dict) else None
    text = media.get("text") if isinstance(media, dict) else ""
    return " ".join(text.split()) if isinstance(text, str) else ""


def mend(value: Any, accepts: Accepts, name: str) -> Any:
    """Return as much of a value as `accepts` takes; `name` is the field that it stands in. Raises Unreadable.

    Lists lose items, objects lose fields, or are given the ordinary value of a field that is missing or odd.
    """
    if accepts(value):
        return value
    if isinstance(value, dict):
        return _mend_object(value, accepts, name)
    if isinstance(value, list):
        return _mend_items(value, [], accepts, name)
    raise Unreadable(name)


def _mend_object(value: dict[str, Any], accepts: Accepts, name: str) -> dict[str, Any]:
    """Begin with what the object is at the least, and add field by field what is still accepted then."""
    kept = {**ORDINARY.get(name, {}), **{each: value[each] for each in IDENTITY if each in value}}
    if isinstance(author := kept.get("author"), dict):
        kept["author"] = {**USER, **author}
    if not accepts(kept):
        raise Unreadable(name)
    for field, part in value.items():
        if field in kept and kept[field] is part:
            continue
        try:
            kept[field] = mend(part, _accepts_within(kept, field, accepts), field)
        except Unreadable:
            continue
    return kept


def _accepts_within(kept: dict[str, Any], field: str, accepts: Accepts) -> Accepts:
    def accepts_part(part: Any) -> bool:
        return accepts({**kept, field: part})

    return accepts_part


def _mend_items(items: list[Any], before: list[Any], accepts: Accepts, name: str) -> list[Any]:
    """Return the items that are accepted behind others, found by halves: most of a long list is sound."""
    if not items or accepts([*before, *items]):
        return items
    if len(items) == 1:
        try:
            return [mend(items[0], lambda item: accepts([*before, item]), name)]
        except Unreadable:
            return []
    half = len(items) // 2
    first = _mend_items(items[:half], before, accepts, name)
    return first + _mend_items(items[half:], [*before, *first], accepts, name)
