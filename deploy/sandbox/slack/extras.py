"""What surrounds a message: reactions, and a thread's status, title and prompts."""

from typing import Any

from deploy.sandbox.slack.api import Answer, Method
from deploy.sandbox.slack.arguments import Arguments, decoded, post_of, room_of
from deploy.sandbox.slack.changes import Change
from deploy.sandbox.slack.limits import STATUS, TIER_3
from deploy.sandbox.slack.posts import Post
from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.workspace import Workspace

_MOST_LOADING_MESSAGES = 10
_MOST_PROMPTS = 4


def add_reaction(workspace: Workspace, arguments: Arguments) -> Answer:
    """React to a message as the app."""
    post, name = _reacting(workspace, arguments)
    users = post.reactions.setdefault(name, [])
    if workspace.bot_user in users:
        raise Refused("already_reacted")
    users.append(workspace.bot_user)
    workspace.changes.tell(Change("reaction", post.channel, post.ts, post, name))
    return {}


def remove_reaction(workspace: Workspace, arguments: Arguments) -> Answer:
    """Take the app's reaction back."""
    post, name = _reacting(workspace, arguments)
    users = post.reactions.get(name, [])
    if workspace.bot_user not in users:
        raise Refused("no_reaction")
    users.remove(workspace.bot_user)
    if not users:
        del post.reactions[name]
    workspace.changes.tell(Change("reaction", post.channel, post.ts, post, name))
    return {}


def _reacting(workspace: Workspace, arguments: Arguments) -> tuple[Post, str]:
    post = post_of(room_of(workspace, arguments), arguments, "timestamp")
    name = str(arguments.get("name") or "").strip(":")
    if not name or " " in name:
        raise Refused("invalid_name")
    return post, name


def set_status(workspace: Workspace, arguments: Arguments) -> Answer:
    """Show what the app is doing in a thread; an empty status takes it away, as does a reply, or two minutes."""
    room = room_of(workspace, arguments)
    ts, text = str(arguments.get("thread_ts") or ""), str(arguments.get("status") or "")
    if ts not in room.posts:
        raise Refused("thread_not_found")
    if len(decoded(arguments, "loading_messages") or []) > _MOST_LOADING_MESSAGES:
        raise Refused("invalid_arguments")
    workspace.threads.set_status(room.id, ts, text)
    return {}


def set_title(workspace: Workspace, arguments: Arguments) -> Answer:
    """Name a thread of a direct message."""
    room = room_of(workspace, arguments)
    ts = str(arguments.get("thread_ts") or "")
    if ts not in room.posts:
        raise Refused("thread_not_found")
    workspace.threads.set_title(room.id, ts, str(arguments.get("title") or ""))
    return {}


def set_prompts(workspace: Workspace, arguments: Arguments) -> Answer:
    """Offer up to four prompts in a direct message, or in one of its threads."""
    room = room_of(workspace, arguments)
    prompts: Any = decoded(arguments, "prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= _MOST_PROMPTS:
        raise Refused("invalid_arguments")
    workspace.threads.offer(room.id, prompts)
    return {}


_SPOKEN = ("assistant:write", "chat:write")  # the status takes either since 2026-03-05
METHODS = {
    "reactions.add": Method(add_reaction, TIER_3, ("reactions:write",)),
    "reactions.remove": Method(remove_reaction, TIER_3, ("reactions:write",)),
    "assistant.threads.setStatus": Method(set_status, STATUS, _SPOKEN),
    "assistant.threads.setTitle": Method(set_title, STATUS, ("assistant:write",)),
    "assistant.threads.setSuggestedPrompts": Method(set_prompts, STATUS, ("assistant:write",)),
}
