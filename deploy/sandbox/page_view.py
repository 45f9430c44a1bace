"""What the page is shown: people, channels, posts, the model's requests and the faults, as JSON."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from deploy.sandbox.model import Model, ModelRequest
from deploy.sandbox.model_stream import count
from deploy.sandbox.page_faults import PageFault
from deploy.sandbox.slack.changes import Change
from deploy.sandbox.slack.posts import File, Post
from deploy.sandbox.slack.roster import Channel, User
from deploy.sandbox.slack.workspace import Workspace

Json = dict[str, Any]
PLATFORM = "slack"
MOST_REQUESTS = 20
UNTOLD = ("model", "messages", "stream", "stream_options")


def platform(workspace: Workspace) -> Json:
    """Return everything of the workspace."""
    return {
        "platform": PLATFORM,
        "name": "Slack",
        "bot": workspace.bot_user,
        "online": workspace.connected > 0,
        "people": [person(user) for user in workspace.users.values()],
        "channels": [channel(room) for room in workspace.channels.values()],
        "posts": [post(one) for room in workspace.channels.values() for one in room.posts.values()],
        "statuses": [status(room, thread, text) for (room, thread), text in workspace.threads.statuses.items()],
    }


def person(user: User) -> Json:
    """Return a member; `name` is what stands behind an @."""
    return {
        "id": user.id,
        "name": user.real_name.split()[0],
        "real_name": user.real_name,
        "is_bot": user.is_bot,
    }


def channel(room: Channel) -> Json:
    """Return a channel without its posts."""
    return {"id": room.id, "name": room.name, "kind": room.kind, "members": sorted(room.members)}


def post(one: Post) -> Json:
    """Return a post; `dialect` says how its text is to be read."""
    return {
        "channel": one.channel,
        "ts": one.ts,
        "user": one.user,
        "text": one.shown,
        "dialect": "markdown" if one.markdown else "mrkdwn",
        "thread_ts": one.thread_ts,
        "subtype": one.subtype,
        "edited": bool(one.edited),
        "deleted": one.subtype == "tombstone",
        "files": [file(each) for each in one.files],
    }


def file(one: File) -> Json:
    """Return a file without its content, `size` in bytes and `seconds` where it is a recording."""
    return {
        "id": one.id,
        "name": one.name,
        "media_type": one.media_type,
        "size": len(one.content),
        "voice": one.is_clip,
        "seconds": None if one.duration_ms is None else one.duration_ms / 1000,
        "url": f"/api/files/{PLATFORM}/{one.id}",
    }


def status(room: str, thread: str, text: str) -> Json:
    """Return what the bot says that it is doing in a thread; an empty text ends it."""
    return {"channel": room, "thread_ts": thread, "text": text}


def change(workspace: Workspace, what: Change) -> Json | None:
    """Return a change as the page hears of it; None for what it does not show.

    A root with replies is not gone when it is deleted: the tombstone in its place arrives as an edit.
    """
    if what.kind == "status":
        return {"kind": "status", "platform": PLATFORM, **status(what.channel, what.ts, what.text)}
    if what.post is None or what.kind not in ("posted", "edited", "deleted"):
        return None
    standing = workspace.channels[what.channel].posts.get(what.ts)
    if what.kind == "deleted" and standing is not None:
        return {"kind": "edited", "platform": PLATFORM, "post": post(standing)}
    return {"kind": what.kind, "platform": PLATFORM, "post": post(what.post)}


def fault(one: PageFault) -> Json:
    """Return a fault with its label and how it stands."""
    label = one.label
    return {
        "name": label.name,
        "group": label.group,
        "label": label.label,
        "note": label.note,
        "kind": one.kind,
        "value": one.value,
        "choices": list(one.choices),
    }


def requests(model: Model) -> list[Json]:
    """Return the last requests that reached the stand-in, the newest first."""
    first = max(0, len(model.requests) - MOST_REQUESTS)
    recent = enumerate(model.requests[first:], start=first + 1)
    return [request(number, one) for number, one in reversed(list(recent))]


def request(number: int, one: ModelRequest) -> Json:
    """Return what one request held and what became of it; `at` in seconds since the epoch."""
    first_token = None if one.first_token_at is None else (one.first_token_at - one.at) * 1000
    return {
        "number": number,
        "at": time.time() - (time.monotonic() - one.at),
        "path": one.path,
        "model": one.body.get("model", ""),
        "messages": [prompt(message) for message in one.messages],
        "tokens": count(one.messages),
        "first_token_ms": first_token,
        "outcome": outcome(one),
        "parameters": list(parameters(one.body)),
    }


def prompt(message: Json) -> Json:
    """Return one message of a prompt with its content as text."""
    content = message.get("content") or ""
    text = content if isinstance(content, str) else "\n".join(parts(content))
    return {"role": str(message.get("role", "")), "name": message.get("name", ""), "content": text}


def parts(content: Iterable[Json]) -> Iterator[str]:
    """Give each part of a message: its text, or what it is."""
    for part in content:
        yield str(part["text"]) if part.get("type") == "text" else f"[{part.get('type')}]"


def outcome(one: ModelRequest) -> str:
    """Say in a few words what became of a request."""
    if one.aborted:
        return "the bot hung up"
    if one.done_at is None:
        return "still answering"
    if one.status != 200:
        return f"answered {one.status}"
    return f"done in {one.done_at - one.at:.1f} s"


def parameters(body: Json) -> Iterator[str]:
    """Give every other parameter that was sent, as `temperature 0.7`."""
    for name, value in body.items():
        if name not in UNTOLD:
            yield f"{name} {value}"
