"""conversations.* (Slack docs, the methods of these names)."""

from collections.abc import Iterable

from deploy.sandbox.slack.api import Answer, Method
from deploy.sandbox.slack.arguments import Arguments, flag, post_of, room_of
from deploy.sandbox.slack.limits import DISTRIBUTED, TIER_2, TIER_3, TIER_4
from deploy.sandbox.slack.paging import MOST_ON_A_PAGE, page
from deploy.sandbox.slack.posts import Post
from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.rights import need, scope_for
from deploy.sandbox.slack.roster import Channel
from deploy.sandbox.slack.workspace import Workspace

_MOST_DISTRIBUTED = 15  # objects a page, for distributed apps outside the Marketplace, since 2025-05-29
_TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
_READ = ("channels:read", "groups:read", "im:read", "mpim:read")


def info(workspace: Workspace, arguments: Arguments) -> Answer:
    """Describe one conversation."""
    room = room_of(workspace, arguments, joined=False)
    need(workspace.scopes, (scope_for(room, "read"),))
    return {"channel": room.as_json(workspace.bot_user)}


def history(workspace: Workspace, arguments: Arguments) -> Answer:
    """Return what stands in the channel itself, newest first; replies only if they were broadcast."""
    room, most = _readable(workspace, arguments, "conversations.history")
    posts = [post for post in reversed(room.posts.values()) if not post.is_reply or post.subtype == "thread_broadcast"]
    return _messages(workspace, _within(posts, arguments), arguments, most)


def replies(workspace: Workspace, arguments: Arguments) -> Answer:
    """Return a thread, oldest first: its root, whatever `oldest` and `latest` say, then its replies within them."""
    room, most = _readable(workspace, arguments, "conversations.replies")
    ts = str(arguments.get("ts", ""))
    if ts not in room.posts and ts not in room.threads:
        raise Refused("thread_not_found")
    root = [room.posts[ts]] if ts in room.posts else []
    return _messages(workspace, root + _within(room.replies(ts), arguments), arguments, most)


def _readable(workspace: Workspace, arguments: Arguments, method: str) -> tuple[Channel, int]:
    """Return the channel whose history the app may read, and how many messages make a page."""
    room = room_of(workspace, arguments)
    need(workspace.scopes, (scope_for(room, "history"),))
    if not workspace.distributed:
        return room, MOST_ON_A_PAGE
    workspace.limits.take(f"{method} distributed", DISTRIBUTED)
    return room, _MOST_DISTRIBUTED


def _within(posts: Iterable[Post], arguments: Arguments) -> list[Post]:
    oldest = str(arguments.get("oldest") or "0")
    latest = str(arguments.get("latest") or "9999999999.999999")
    if not flag(arguments, "inclusive"):
        return [post for post in posts if float(oldest) < float(post.ts) < float(latest)]
    return [post for post in posts if float(oldest) <= float(post.ts) <= float(latest)]


def _messages(workspace: Workspace, posts: list[Post], arguments: Arguments, most: int) -> Answer:
    answer = page("messages", posts, arguments, default=min(100, most), most=most)
    bodies = [workspace.body(post) for post in answer["messages"]]
    if not flag(arguments, "include_all_metadata"):
        bodies = [{key: value for key, value in body.items() if key != "metadata"} for body in bodies]
    return {**answer, "messages": bodies, "has_more": bool(answer["response_metadata"]["next_cursor"])}


def members(workspace: Workspace, arguments: Arguments) -> Answer:
    """Return the ids of who is in the conversation, in pages."""
    room = room_of(workspace, arguments, joined=False)
    need(workspace.scopes, (scope_for(room, "read"),))
    return page("members", sorted(room.members), arguments)


def list_joined(workspace: Workspace, arguments: Arguments) -> Answer:
    """Describe the conversations of the given types that the app is in, in pages; every type needs its scope."""
    kinds = _kinds(arguments)
    joined = [room for room in workspace.channels.values() if room.kind in kinds and workspace.bot_user in room.members]
    for room in joined:
        need(workspace.scopes, (scope_for(room, "read"),))
    return page("channels", [room.as_json(workspace.bot_user) for room in joined], arguments)


def list_all(workspace: Workspace, arguments: Arguments) -> Answer:
    """Describe the conversations of the given types that the app may see, in pages."""
    kinds = _kinds(arguments)
    seen = [room for room in workspace.channels.values() if room.kind in kinds and _visible(workspace, room)]
    if flag(arguments, "exclude_archived"):
        seen = [room for room in seen if not room.is_archived]
    return page("channels", [room.as_json(workspace.bot_user) for room in seen], arguments)


def _kinds(arguments: Arguments) -> set[str]:
    named = [kind.strip() for kind in str(arguments.get("types") or "public_channel").split(",")]
    if not _TYPES.keys() >= set(named):
        raise Refused("invalid_types")
    return {_TYPES[kind] for kind in named}


def _visible(workspace: Workspace, room: Channel) -> bool:
    return room.kind == "channel" or workspace.bot_user in room.members


def open_direct(workspace: Workspace, arguments: Arguments) -> Answer:
    """Return the direct message with one person, or the group direct message with several."""
    named = [user.strip() for user in str(arguments.get("users") or "").split(",") if user.strip()]
    if not named:
        raise Refused("users_list_not_supplied")
    if not workspace.users.keys() >= set(named):
        raise Refused("user_not_found")
    room = _room_for(workspace, {*named, workspace.bot_user})
    return {"channel": room.as_json(workspace.bot_user) if flag(arguments, "return_im") else {"id": room.id}}


def _room_for(workspace: Workspace, people: set[str]) -> Channel:
    private = [room for room in workspace.channels.values() if room.kind in ("im", "mpim") and room.members == people]
    if private:
        return private[0]
    name = "" if len(people) == 2 else f"mpdm-{'--'.join(sorted(workspace.users[each].name for each in people))}-1"
    identity = f"{'G' if name else 'D'}0OPENED{len(workspace.channels)}"
    room = Channel(identity, name, "mpim" if name else "im", people)
    workspace.channels[room.id] = room
    return room


def permalink(workspace: Workspace, arguments: Arguments) -> Answer:
    """Return the address at which a person sees a message (chat.getPermalink)."""
    room = room_of(workspace, arguments)
    post = post_of(room, arguments, "message_ts")
    return {"channel": room.id, "permalink": f"{workspace.url}/archives/{room.id}/p{post.ts.replace('.', '')}"}


METHODS = {
    "conversations.info": Method(info, TIER_3),
    "conversations.history": Method(history, TIER_3),
    "conversations.replies": Method(replies, TIER_3),
    "conversations.members": Method(members, TIER_4),
    "conversations.list": Method(list_all, TIER_2, _READ),
    "users.conversations": Method(list_joined, TIER_3, _READ),
    "conversations.open": Method(open_direct, TIER_3, ("im:write", "mpim:write")),
    "chat.getPermalink": Method(permalink, TIER_4),
}
