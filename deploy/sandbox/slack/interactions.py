"""Slash commands and message shortcuts: what a person sets off, and how the app may answer it.

Slack docs: Slash commands, Shortcuts, and Handling user interaction (acknowledgement and `response_url`). What one
person alone sees of it is among the workspace's whispers.
"""

import json
from typing import Any

from aiohttp import web

from deploy.sandbox.slack import interaction_payloads as payloads
from deploy.sandbox.slack.arguments import Arguments
from deploy.sandbox.slack.content import content_of
from deploy.sandbox.slack.posts import Post
from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.rights import COMMANDS
from deploy.sandbox.slack.roster import SLACKBOT
from deploy.sandbox.slack.workspace import Workspace


async def use_command(
    workspace: Workspace,
    channel: str,
    text: str,
    user: str = "U0ADA1234",
    thread_ts: str | None = None,
    name: str = "/confab",
) -> None:
    """Type `/name text` into a channel; return once the app has acknowledged it, or has failed to in time.

    In a thread no app's command can be used, and Slack says so by itself.
    """
    if name not in workspace.commands or COMMANDS not in workspace.scopes:
        tell(workspace, user, channel, thread_ts, f"{name} is not a valid command.")
        return
    if thread_ts:
        tell(workspace, user, channel, thread_ts, f"{name} is not supported in threads. Sorry!")
        return
    room, person = workspace.channels[channel], workspace.users[user]
    url = response_url(workspace, user, channel, None)
    payload = payloads.command(name, text, room, person, workspace.views.give_trigger(user), url)
    receipt = await workspace.courier.interact("slash_commands", payload)
    if receipt.fault:
        tell(workspace, user, channel, None, f'{name} failed with the error "{receipt.fault}"')
    elif receipt.body:
        _say(workspace, user, channel, None, receipt.body)


async def use_shortcut(workspace: Workspace, callback_id: str, channel: str, ts: str, user: str = "U0ADA1234") -> None:
    """Choose one of the app's shortcuts from a message's menu. Raises LookupError if none of this id is there."""
    if callback_id not in workspace.shortcuts or COMMANDS not in workspace.scopes:
        raise LookupError(f"No shortcut {callback_id!r} is in this menu.")
    room, person = workspace.channels[channel], workspace.users[user]
    post = room.posts[ts]
    url = response_url(workspace, user, channel, post.thread_ts)
    trigger = workspace.views.give_trigger(user)
    chosen = payloads.message_action(callback_id, room, workspace.body(post), person, workspace.stamp(), trigger, url)
    receipt = await workspace.courier.interact("interactive", chosen)
    if receipt.fault:
        tell(workspace, user, channel, post.thread_ts, f'The shortcut failed with the error "{receipt.fault}"')


def routes(workspace: Workspace) -> list[web.AbstractRouteDef]:
    """Return the route of every `response_url`."""

    async def respond(request: web.Request) -> web.Response:
        try:
            invitation = workspace.invitations.use(request.match_info["id"])
            said = _object(await request.text())
            _say(workspace, invitation.user, invitation.channel, invitation.thread_ts, said)
        except Refused as refusal:
            return web.json_response({"ok": False, "error": refusal.code}, status=refusal.status)
        return web.Response(text="ok")

    return [web.post("/slack/response/{id}", respond)]


def response_url(workspace: Workspace, user: str, channel: str, thread_ts: str | None) -> str:
    """Return an address at which the app may answer an interaction."""
    return f"{workspace.url}/slack/response/{workspace.invitations.give(user, channel, thread_ts)}"


def _say(workspace: Workspace, user: str, channel: str, thread_ts: str | None, said: Arguments) -> None:
    """Show the app's response: to who asked alone, unless it says `in_channel`."""
    content = content_of(said)
    post = Post(workspace.stamp(), channel, workspace.bot_user, content.text, content.blocks or [], thread_ts)
    post.bot_id = workspace.bot_id
    if said.get("response_type") == "in_channel":
        workspace.publish(post)
    else:
        workspace.whisper(user, post)


def tell(workspace: Workspace, user: str, channel: str, thread_ts: str | None, text: str) -> None:
    """Show what Slack itself says to a person."""
    workspace.whisper(user, Post(workspace.stamp(), channel, SLACKBOT, text, thread_ts=thread_ts))


def _object(body: str) -> Arguments:
    try:
        said: Any = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Refused("invalid_payload", status=400)
    return said
