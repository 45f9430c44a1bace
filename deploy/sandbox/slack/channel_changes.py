"""What becomes of channels: made private, archived, deleted, shared with others, left by the app."""

import asyncio

from deploy.sandbox.slack.events import Event
from deploy.sandbox.slack.roster import Channel, User
from deploy.sandbox.slack.workspace import Workspace


async def make_private(workspace: Workspace, channel: str) -> None:
    """Turn a public channel into a private one: a message says so (Slack docs, message subtypes)."""
    room = workspace.channels[channel]
    room.kind = "group"
    await _tell(workspace, _message(workspace, room, "channel_convert_to_private"))


async def archive(workspace: Workspace, channel: str) -> None:
    """Archive a channel: a message says so."""
    room = workspace.channels[channel]
    await _tell(workspace, _message(workspace, room, f"{_kind(room)}_archive"))
    room.is_archived = True


async def take_app_out(workspace: Workspace, channel: str) -> None:
    """Take the app out of a channel (Slack docs, channel_left and group_left)."""
    room = workspace.channels[channel]
    room.members.discard(workspace.bot_user)
    await _tell(workspace, {"type": f"{_kind(room)}_left", "channel": room.id, "event_ts": workspace.stamp()})


async def delete_channel(workspace: Workspace, channel: str) -> None:
    """Delete a channel (Slack docs, channel_deleted and group_deleted)."""
    room = workspace.channels.pop(channel)
    await _tell(workspace, {"type": f"{_kind(room)}_deleted", "channel": room.id, "event_ts": workspace.stamp()})


async def uninstall(workspace: Workspace) -> None:
    """Take the app out of the workspace (Slack docs, app_uninstalled)."""
    await workspace.send_event({"type": "app_uninstalled"})


def invite_guest(workspace: Workspace, channel: str, guest: User) -> None:
    """Let a guest into a channel."""
    workspace.users[guest.id] = guest
    workspace.channels[channel].members.add(guest.id)


def _kind(room: Channel) -> str:
    return "channel" if room.kind == "channel" else "group"


def _message(workspace: Workspace, room: Channel, subtype: str) -> Event:
    stamp = workspace.stamp()
    event: Event = {"type": "message", "subtype": subtype, "ts": stamp, "user": "U0ADA1234", "text": ""}
    return {**event, "channel": room.id, "channel_type": room.kind, "event_ts": stamp}


async def _tell(workspace: Workspace, event: Event) -> None:
    """Send an event where the app subscribed to it; what changes a message's kind is subscribed to as messages are."""
    if event["type"] == "message" or event["type"] in workspace.subscriptions:
        workspace.courier.deliver(event)
    await asyncio.sleep(0)
