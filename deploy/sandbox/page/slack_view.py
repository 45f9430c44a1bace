"""What the page is shown of the pretend Slack, as JSON."""

from deploy.sandbox.page.place import Json
from deploy.sandbox.page.slack_blocks import message_parts
from deploy.sandbox.page.slack_modals import shown_views
from deploy.sandbox.slack.changes import Change
from deploy.sandbox.slack.posts import File, Post
from deploy.sandbox.slack.roster import SLACKBOT, Channel, User
from deploy.sandbox.slack.workspace import Workspace

PLATFORM = "slack"


def platform(workspace: Workspace) -> Json:
    """Return everything of the workspace."""
    return {
        "platform": PLATFORM,
        "name": "Slack",
        "place": "Confab sandbox",
        "bot": workspace.bot_user,
        "most_characters": None,
        "people": [
            person(user) for user in (*workspace.users.values(), User(SLACKBOT, "slackbot", "Slackbot", is_bot=True))
        ],
        "groups": [],
        "channels": [channel(room) for room in workspace.channels.values()],
        "threads": [],
        "posts": [
            *(post(workspace, one) for room in workspace.channels.values() for one in room.posts.values()),
            *(post(workspace, one, only_for=user) for user, one in workspace.whispered),
        ],
        "statuses": [
            status(workspace, room, thread, text) for (room, thread), text in workspace.threads.statuses.items()
        ],
        "views": [shown_views(workspace, user.id) for user in workspace.users.values() if not user.is_bot],
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


def post(workspace: Workspace, one: Post, *, only_for: str = "") -> Json:
    """Return a post; `dialect` says how its text is to be read, `at` is in seconds since the epoch.

    `only_for` is the one person who sees it, or empty; `shown_as` the name that an app gave itself for this post.
    That a bot edits its message while it writes is not worth a mark.
    """
    author = workspace.users.get(one.user)
    return {
        "id": one.ts,
        "at": float(one.ts),
        "channel": one.channel,
        "thread": one.thread_ts,
        "user": one.user,
        "shown_as": one.username,
        "text": one.shown,
        "dialect": "markdown" if one.markdown else "mrkdwn",
        "edited": bool(one.edited and author and not author.is_bot),
        "deleted": one.subtype == "tombstone",
        "broadcast": one.subtype == "thread_broadcast",
        "only_for": only_for,
        "parts": message_parts(one),
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


def status(workspace: Workspace, room: str, thread: str, text: str) -> Json:
    """Return what the bot says that it is doing in a thread; an empty text ends it."""
    return {"channel": room, "thread": thread, "user": workspace.bot_user, "text": text}


def change(workspace: Workspace, what: Change) -> Json | None:
    """Return a change as the page hears of it; None for what it does not show.

    A root with replies is not gone when it is deleted: the tombstone in its place arrives as an edit.
    """
    if what.kind == "status":
        return {"kind": "status", "platform": PLATFORM, **status(workspace, what.channel, what.ts, what.text)}
    if what.kind == "view":
        return {"kind": "views", "platform": PLATFORM, **shown_views(workspace, what.text)}
    if what.kind == "ephemeral" and what.post:
        return {"kind": "posted", "platform": PLATFORM, "post": post(workspace, what.post, only_for=what.text)}
    if what.post is None or what.kind not in ("posted", "edited", "deleted"):
        return None
    standing = workspace.channels[what.channel].posts.get(what.ts)
    if what.kind == "deleted" and standing is not None:
        return {"kind": "edited", "platform": PLATFORM, "post": post(workspace, standing)}
    return {"kind": what.kind, "platform": PLATFORM, "post": post(workspace, what.post)}
