"""What a method's arguments mean: channels, posts, numbers, flags and JSON in a form field."""

import json
from typing import Any

from deploy.sandbox.slack.posts import Post
from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.roster import Channel
from deploy.sandbox.slack.workspace import Workspace

Arguments = dict[str, Any]


def room_of(workspace: Workspace, arguments: Arguments, *, joined: bool = True) -> Channel:
    """Return the channel named by `channel` or `channel_id`, in which the app must be if `joined`.

    A private place in which the app is not is not found at all; a public one is found, and refused.
    """
    name = str(arguments.get("channel") or arguments.get("channel_id") or "")
    room = workspace.channels.get(name)
    if room is None or (room.kind != "channel" and workspace.bot_user not in room.members):
        raise Refused("channel_not_found")
    if joined and workspace.bot_user not in room.members:
        raise Refused("not_in_channel")
    return room


def post_of(room: Channel, arguments: Arguments, name: str = "ts") -> Post:
    """Return the post named by `ts`, or by the argument called `name`."""
    post = room.posts.get(str(arguments.get(name, "")))
    if post is None or post.subtype == "tombstone":
        raise Refused("message_not_found")
    return post


def root_of(room: Channel, arguments: Arguments) -> str | None:
    """Return `thread_ts` if it names a root, None if there is none. A reply's ts names no thread."""
    thread_ts = arguments.get("thread_ts")
    if not thread_ts:
        return None
    root = room.posts.get(str(thread_ts))
    if (root is None or root.is_reply) and str(thread_ts) not in room.threads:
        raise Refused("thread_not_found")
    return str(thread_ts)


def flag(arguments: Arguments, name: str) -> bool:
    """Read a boolean, which a form writes as 1, 0, true or false."""
    return str(arguments.get(name, "")).lower() in ("1", "true")


def number(arguments: Arguments, name: str, default: int) -> int:
    """Read a whole number."""
    value = str(arguments.get(name) or default)
    if not value.isdecimal():
        raise Refused("invalid_arguments")
    return int(value)


def decoded(arguments: Arguments, name: str, code: str = "invalid_arguments") -> Any:
    """Read a structure, which a form holds as JSON; None if it is absent. Raises Refused with `code`."""
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        return value or None
    try:
        return json.loads(value)
    except ValueError:
        raise Refused(code) from None
