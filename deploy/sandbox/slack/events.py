"""The events that a workspace sends, as real payloads have them (Slack docs, Events API and Event types)."""

from typing import Any

from deploy.sandbox.slack.posts import Post
from deploy.sandbox.slack.roster import APP, BOT_ID, BOT_USER, SLACKBOT, TEAM, Channel, User

Event = dict[str, Any]
ICONS = "https://a.slack-edge.com/80588/img/plugins/app"  # where Slack keeps the pictures of bots without one


def message(post: Post, channel: Channel, author: User | None, files_base: str) -> Event:
    """Return a message as it stands in history; as the `message` of an event it lacks only channel and event_ts."""
    body: Event = {"type": "message", "user": post.user, "ts": post.ts, "text": post.text, "team": TEAM}
    body |= {"subtype": post.subtype} if post.subtype else {}
    body |= {"client_msg_id": post.client_msg_id} if post.client_msg_id else {}
    body |= {"blocks": post.blocks} if post.blocks else {}
    body |= {"attachments": post.attachments} if post.attachments else {}
    body |= {"metadata": post.metadata} if post.metadata else {}
    body |= {"edited": {"user": post.user, "ts": post.edited}} if post.edited else {}
    if post.files:
        body |= {"files": [file.as_json(files_base) for file in post.files], "upload": False}
    if post.bot_id:
        body |= _bot(post, author)
    if post.username:  # an app's post under another name is nobody's (Slack docs, bot_message)
        body.pop("user")
        body |= {"username": post.username, **({"icons": {"image_48": post.picture}} if post.picture else {})}
    if post.reactions:
        body["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in post.reactions.items()]
    return post.raw.apply(body | _threading(post, channel))


def _bot(post: Post, author: User | None) -> Event:
    app = APP if post.bot_id == BOT_ID else "A0OTHER12"
    name = post.username or (author.real_name if author else "")
    profile = {"id": post.bot_id, "app_id": app, "name": name, "deleted": False, "team_id": TEAM}
    icons = {f"image_{size}": f"{ICONS}/bot_{size}.png" for size in (36, 48, 72)}
    profile |= {"updated": 1_700_000_000, "icons": icons}
    return {"bot_id": post.bot_id, "app_id": app, "bot_profile": profile}


def _threading(post: Post, channel: Channel) -> Event:
    if post.thread_ts is None:
        return {}
    if post.is_reply:
        root = channel.posts.get(post.thread_ts)
        return {"thread_ts": post.thread_ts, "parent_user_id": root.user if root else SLACKBOT}
    replies = channel.replies(post.ts)
    return {
        "thread_ts": post.ts,
        "reply_count": len(replies),
        "reply_users": sorted({reply.user for reply in replies}),
        "latest_reply": replies[-1].ts if replies else post.ts,
    }


def placed(body: Event, channel: Channel, *, as_mention: bool = False) -> Event:
    """Return the event for a new message: `app_mention` has no channel_type, and no subtype."""
    event = {**body, "channel": channel.id, "event_ts": body["ts"]}
    if not as_mention:
        return {**event, "channel_type": channel.kind}
    event.pop("subtype", None)
    return {**event, "type": "app_mention"}


def changed(body: Event, before: Event, channel: Channel, event_ts: str) -> Event:
    """Return the message_changed for an edit, an unfurl, or a root that became a tombstone."""
    return {**_hidden(channel, event_ts), "subtype": "message_changed", "message": body, "previous_message": before}


def deleted(before: Event, channel: Channel, event_ts: str) -> Event:
    """Return the message_deleted for a post that is gone."""
    gone = {"subtype": "message_deleted", "previous_message": before, "deleted_ts": before["ts"]}
    return {**_hidden(channel, event_ts), **gone}


def _hidden(channel: Channel, event_ts: str) -> Event:
    return {
        "type": "message",
        "channel": channel.id,
        "channel_type": channel.kind,
        "hidden": True,
        "ts": event_ts,
        "event_ts": event_ts,
    }


def callback(event: Event, number: int, now: float) -> Event:
    """Return what is sent: the event in its wrapper, whose event_id no other event has."""
    authorization = {
        "enterprise_id": None,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "deprecated-verification-token",
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{number:010d}",
        "event_time": int(now),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": f"4-sandbox-{number}",
    }
