"""chat.startStream, chat.appendStream and chat.stopStream (Slack docs, the methods of these names)."""

import time

from deploy.sandbox.slack.api import Answer, Method
from deploy.sandbox.slack.arguments import Arguments, decoded, room_of, root_of
from deploy.sandbox.slack.changes import Change
from deploy.sandbox.slack.chat import own_post
from deploy.sandbox.slack.content import check_blocks
from deploy.sandbox.slack.limits import TIER_2, TIER_4
from deploy.sandbox.slack.posts import Post
from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.roster import Channel
from deploy.sandbox.slack.workspace import Workspace

_LASTS = 300.0  # seconds after its start the server closes a stream, whatever the traffic (python-slack-sdk#1859)
_MOST_BYTES = 10_600  # of one streamed message in all: the least of what was measured (openclaw#143882)


def start(workspace: Workspace, arguments: Arguments) -> Answer:
    """Begin a message that grows, as a reply."""
    room = room_of(workspace, arguments)
    root = root_of(room, arguments)
    if root is None:
        raise Refused("thread_not_found")
    _check_recipient(room, arguments)
    text = _markdown(arguments)
    post = Post(
        ts=workspace.stamp(),
        channel=room.id,
        user=workspace.bot_user,
        text="",
        thread_ts=root,
        bot_id=workspace.bot_id,
        streaming=True,
    )
    _grow(post, text)
    workspace.publish(post)
    return {"channel": room.id, "ts": post.ts}


def _check_recipient(room: Channel, arguments: Arguments) -> None:
    """In a channel Slack wants to know for whom the stream is."""
    if room.kind == "im":
        return
    if not arguments.get("recipient_user_id"):
        raise Refused("missing_recipient_user_id")
    if not arguments.get("recipient_team_id"):
        raise Refused("missing_recipient_team_id")


def append(workspace: Workspace, arguments: Arguments) -> Answer:
    """Add to a message that grows. People see it at once; no event tells of it until the end."""
    post = _live(workspace, arguments)
    text = _markdown(arguments)
    if not text:
        raise Refused("no_text")
    _grow(post, text)
    workspace.changes.tell(Change("edited", post.channel, post.ts, post))
    return {"channel": post.channel, "ts": post.ts}


def stop(workspace: Workspace, arguments: Arguments) -> Answer:
    """End a message that grew, with its last words and blocks below them."""
    post = _live(workspace, arguments)
    _grow(post, _markdown(arguments))
    blocks = decoded(arguments, "blocks", "invalid_blocks_format") or []
    check_blocks(blocks)
    workspace.revise(post, {"streaming": False, "blocks": post.blocks + blocks}, edited=False)
    return {"channel": post.channel, "ts": post.ts, "message": workspace.body(post)}


def _live(workspace: Workspace, arguments: Arguments) -> Post:
    post = own_post(workspace, arguments, "message_not_owned_by_app")
    if post.streaming and time.time() - float(post.ts) > _LASTS:
        workspace.revise(post, {"streaming": False}, edited=False)
    if not post.streaming:
        raise Refused("message_not_in_streaming_state")
    return post


def _markdown(arguments: Arguments) -> str:
    text, chunks = str(arguments.get("markdown_text") or ""), decoded(arguments, "chunks") or []
    if text and chunks:
        raise Refused("invalid_arguments")
    return text or "".join(str(chunk.get("text", "")) for chunk in chunks if chunk.get("type") == "markdown_text")


def _grow(post: Post, text: str) -> None:
    grown = post.text + text
    if len(grown.encode()) > _MOST_BYTES:
        raise Refused("msg_too_long")
    post.text = grown
    post.blocks = [{"type": "markdown", "text": grown}] if grown else []


METHODS = {
    "chat.startStream": Method(start, TIER_2, ("chat:write",)),
    "chat.appendStream": Method(append, TIER_4, ("chat:write",)),
    "chat.stopStream": Method(stop, TIER_2, ("chat:write",)),
}
