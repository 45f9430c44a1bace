"""chat.postMessage, chat.update, chat.delete and chat.postEphemeral (Slack docs, the methods of these names)."""

import re
import time
from typing import Any

from deploy.sandbox.slack.api import Answer, Method
from deploy.sandbox.slack.arguments import Arguments, decoded, flag, post_of, room_of, root_of
from deploy.sandbox.slack.content import content_of
from deploy.sandbox.slack.limits import POSTING, TIER_3, TIER_4
from deploy.sandbox.slack.posts import Post
from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.rights import need
from deploy.sandbox.slack.workspace import Workspace

_LINK = re.compile(r"https?://\S+")


def post_message(workspace: Workspace, arguments: Arguments) -> Answer:
    """Post as the app."""
    room = room_of(workspace, arguments)
    post = _compose(workspace, room.id, root_of(room, arguments), arguments)
    workspace.publish(post)
    if flag(arguments, "unfurl_links") and (link := _LINK.search(post.text)):
        preview = {"id": 1, "from_url": link[0], "title": "A preview"}
        workspace.revise(post, {"attachments": [*post.attachments, preview]}, edited=False)
    return {"channel": room.id, "ts": post.ts, "message": workspace.body(post)}


def _compose(workspace: Workspace, channel: str, root: str | None, arguments: Arguments) -> Post:
    content = content_of(arguments)
    username, picture = str(arguments.get("username") or ""), str(arguments.get("icon_url") or "")
    if username or picture:
        need(workspace.scopes, ("chat:write.customize",))
    broadcast = root is not None and flag(arguments, "reply_broadcast")
    return Post(
        ts=workspace.stamp(),
        channel=channel,
        user=workspace.bot_user,
        text=content.text,
        blocks=content.blocks or [],
        attachments=content.attachments,
        thread_ts=root,
        metadata=_metadata(arguments),
        subtype="thread_broadcast" if broadcast else "bot_message" if username else "",
        bot_id=workspace.bot_id,
        username=username,
        picture=picture,
        links_names=flag(arguments, "link_names") or arguments.get("parse") == "full",
    )


def _metadata(arguments: Arguments) -> dict[str, Any] | None:
    metadata = decoded(arguments, "metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not {"event_type", "event_payload"} <= metadata.keys():
        raise Refused("invalid_metadata_format")
    return metadata


def update(workspace: Workspace, arguments: Arguments) -> Answer:
    """Change a post of the app's own. Blocks that are not named stay; an empty list takes them away."""
    room = room_of(workspace, arguments)
    post = own_post(workspace, arguments, "cant_update_message")
    if post.streaming:
        raise Refused("streaming_state_conflict")
    if workspace.edit_window is not None and time.time() - float(post.ts) > workspace.edit_window:
        raise Refused("edit_window_closed")
    content = content_of(arguments)
    values: dict[str, Any] = {"text": content.text}
    if content.blocks is not None:
        values["blocks"] = content.blocks
    if (metadata := _metadata(arguments)) is not None:
        values["metadata"] = metadata
    workspace.revise(post, values)
    return {"channel": room.id, "ts": post.ts, "text": post.text, "message": workspace.body(post)}


def delete(workspace: Workspace, arguments: Arguments) -> Answer:
    """Delete a post of the app's own."""
    post = own_post(workspace, arguments, "cant_delete_message")
    workspace.remove(post)
    return {"channel": post.channel, "ts": post.ts}


def own_post(workspace: Workspace, arguments: Arguments, code: str) -> Post:
    """Return the app's own post that `channel` and `ts` name; refuse with `code` if it is somebody else's."""
    post = post_of(room_of(workspace, arguments), arguments)
    if post.user != workspace.bot_user:
        raise Refused(code)
    return post


def post_ephemeral(workspace: Workspace, arguments: Arguments) -> Answer:
    """Show a message to one person only; no channel holds it and no event tells of it."""
    room = room_of(workspace, arguments)
    if str(arguments.get("user", "")) not in room.members:
        raise Refused("user_not_in_channel")
    post = _compose(workspace, room.id, root_of(room, arguments), arguments)
    workspace.whisper(str(arguments["user"]), post)
    return {"message_ts": post.ts}


METHODS = {
    "chat.postMessage": Method(post_message, POSTING, ("chat:write",)),
    "chat.update": Method(update, TIER_3, ("chat:write",)),
    "chat.delete": Method(delete, TIER_3, ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, TIER_4, ("chat:write",)),
}
