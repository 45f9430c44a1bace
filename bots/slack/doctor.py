"""Whether Slack lets Confab in: its tokens, what they may do, where it is, and this machine's clock."""

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bots.bounded_response import open_bounded_session
from bots.doctor.check import Check, Surroundings, clock_check, unreachable_check
from bots.slack.payload_values import mapping_at, text_at
from bots.slack.settings import SlackSettings
from bots.slack.webhook import EVENTS, sign_request

PATIENCE = 15.0  # seconds
# What deploy/slack-manifest.yaml asks for, and what is missing without it; without the first two, nothing works.
VITAL = ("app_mentions:read", "chat:write")
SCOPES: Mapping[str, str] = {
    "app_mentions:read": "it does not hear its mentions",
    "chat:write": "it cannot answer",
    "channels:history": "it does not hear threads in public channels",
    "groups:history": "it does not hear threads in private channels",
    "im:history": "it does not hear direct messages",
    "mpim:history": "it does not hear group messages",
    "channels:read": "it does not read in public channels what it missed while it was down",
    "groups:read": "it does not read in private channels what it missed",
    "im:read": "it does not read in direct messages what it missed",
    "mpim:read": "it does not read in group messages what it missed",
    "commands": "there is no /confab and no entry in a message's menu",
    "users:read": "it does not know people's names",
    "files:read": "it reads no files",
    "assistant:write": "it shows no status while it thinks",
}
PAGE = "api.slack.com/apps -> your app"
NEW_TOKEN = f"{PAGE} -> OAuth & Permissions: copy the Bot User OAuth Token, xoxb-…, into SLACK_BOT_TOKEN."
REINSTALL = f"{PAGE} -> Install App: install it again, and copy the new xoxb-… into SLACK_BOT_TOKEN."
CODES: Mapping[str, tuple[str, str]] = {
    "invalid_auth": ("Slack does not know SLACK_BOT_TOKEN", NEW_TOKEN),
    "not_authed": ("Slack saw no token", NEW_TOKEN),
    "not_allowed_token_type": ("SLACK_BOT_TOKEN is a token of another kind", NEW_TOKEN),
    "token_revoked": ("SLACK_BOT_TOKEN was revoked", REINSTALL),
    "token_expired": ("SLACK_BOT_TOKEN has expired", f"{REINSTALL} Leave token rotation off."),
    "account_inactive": ("The app was removed from the workspace", REINSTALL),
    "team_access_not_granted": ("The app is not installed in this workspace", REINSTALL),
    "ratelimited": ("Slack takes no more calls just now", "Try again in a minute."),
}
NEW_APP_TOKEN = (
    f"{PAGE} -> Basic Information -> App-Level Tokens: make one with connections:write, xapp-…, for SLACK_APP_TOKEN."
)
HELLO = 10.0  # seconds for it
MOST_OF_HELLO = 100_000  # bytes
MOST_NAMED = 50  # channels that settings name and that are asked for
WEBSOCKETS = "a firewall or proxy may let no websocket through to wss-primary.slack.com"
NO_CONFAB = (
    f"Run Confab, have the TLS proxy before it hand {EVENTS} on to PORT, and compare SLACK_SIGNING_SECRET with "
    f"{PAGE} -> Basic Information."
)
SOCKET_MODE = f"{PAGE} -> Socket Mode: switch it on. {NEW_APP_TOKEN}"


@dataclass(frozen=True, slots=True)
class SlackAnswer:
    """What a call came to: Slack's error code, empty for none, its headers by small letters, and its body."""

    code: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


async def check_slack(options: SlackSettings, around: Surroundings) -> list[Check]:
    """Return what is found by a few calls that change nothing, and over a socket that is closed at once."""
    host = urlsplit(options.api_url).netloc.rpartition("@")[2]
    async with open_bounded_session(PATIENCE) as session:
        client = AsyncWebClient(options.bot_token, base_url=options.api_url, session=session, retry_handlers=[])
        try:
            me = await _call(client, "auth.test")
            clock = clock_check("slack.clock", me.headers.get("date", ""), "Slack")
            way = await _check_way(client, session, options, around)
            if me.code:
                return [*clock, *way, _check_code("slack.token", me.code)]
            team = Check("slack.token", "ok", f"It is {me.body.get('user')} in the workspace {me.body.get('team')}.")
            scopes = _check_scopes(me.headers.get("x-oauth-scopes", ""))
            return [*clock, team, *scopes, *await _check_channels(client, around.channels), *way]
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return [unreachable_check("slack.reach", host, f"{type(error).__name__} {error}", "SLACK_API_URL")]


async def _call(client: AsyncWebClient, method: str, token: str | None = None, **arguments: str) -> SlackAnswer:
    """Return what a method answers; a web page in its place is the code `not_slack`."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        response: Any = await client.api_call(method, headers=headers, data=arguments)
        code = ""
    except SlackApiError as error:
        response, code = error.response, "not_slack"
    told = {str(name).lower(): str(value) for name, value in dict(response.headers).items()}
    body = getattr(response, "data", None)
    if isinstance(body, dict) and "ok" in body:
        return SlackAnswer(str(body.get("error") or ""), told, body)
    return SlackAnswer(code or "not_slack", told)


def _check_code(name: str, code: str) -> Check:
    if code == "not_slack":
        told = "What answers at SLACK_API_URL is not Slack: a web page of a proxy, or a sign-in, stands in the way."
        return Check(name, "fail", told, "Let this machine reach slack.com without it: HTTPS_PROXY, NO_PROXY.")
    told, mend = CODES.get(code, (f"Slack refuses ({code})", f"Look for {code} in docs.slack.dev, auth.test."))
    return Check(name, "fail", f"{told}.", mend)


def _check_scopes(granted: str) -> list[Check]:
    """Return a line for each scope that is missing. `granted` is Slack's list of them, with commas."""
    have = {each.strip() for each in granted.split(",") if each.strip()}
    missing = [each for each in SCOPES if each not in have]
    if not missing or not have:
        return [Check("slack.scopes", "ok", "It has every scope that it needs.")] if have else []
    return [
        Check(
            "slack.scopes",
            "fail" if each in VITAL else "warn",
            f"The scope {each} is missing: {SCOPES[each]}.",
            f"{PAGE} -> OAuth & Permissions -> Bot Token Scopes: add {each}. Then install the app again.",
        )
        for each in missing
    ]


async def _check_channels(client: AsyncWebClient, named: Sequence[str]) -> list[Check]:
    """Return in how many channels it is, and in which of those that are `named` in settings it is not."""
    away = [check for channel in named[:MOST_NAMED] for check in await _check_channel(client, channel)]
    found = await _call(client, "users.conversations", types="public_channel", limit="100", exclude_archived="true")
    if found.code:
        return away  # which scope that needs is said by the line on scopes
    if channels := found.body.get("channels"):
        return [*away, Check("slack.channels", "ok", f"It is in {len(channels)} public channels, or more.")]
    told = "It is in no public channel."
    return [*away, Check("slack.channels", "warn", told, "In Slack, write /invite @Confab in one.")]


async def _check_channel(client: AsyncWebClient, channel: str) -> list[Check]:
    found = await _call(client, "conversations.info", channel=channel)
    if found.code == "channel_not_found":
        told = f"{channel} is named in the settings, and there is no such channel, or it is private without Confab."
        return [Check("slack.channels", "warn", told, "Correct its id (channel -> About), or write /invite @Confab.")]
    if found.code or mapping_at(found.body, "channel").get("is_member", True):
        return []
    told = f"It is not in {channel}, which the settings name."
    return [Check("slack.channels", "warn", told, f"In {channel}, write /invite @Confab.")]


async def _check_way(
    client: AsyncWebClient, session: aiohttp.ClientSession, options: SlackSettings, around: Surroundings
) -> list[Check]:
    """Return whether events can come, over a socket or by HTTP."""
    if not options.app_token:
        return await _check_request_url(session, options)
    found = await _call(client, "apps.connections.open", options.app_token)
    if not found.code:
        is_ours = around.is_running  # whose own socket shows it: on another, some of its events would come late
        told = "Slack gives an address for its events."
        address = text_at(found.body, "url")
        return [Check("slack.socket", "ok", told)] if is_ours else [await _check_hello(session, address)]
    if found.code in ("missing_scope", "not_allowed_token_type", "invalid_auth", "token_revoked", "not_authed"):
        return [Check("slack.socket", "fail", f"Slack does not take SLACK_APP_TOKEN ({found.code}).", NEW_APP_TOKEN)]
    return [Check("slack.socket", "fail", f"Slack opens no socket ({found.code}).", SOCKET_MODE)]


async def _check_hello(session: aiohttp.ClientSession, address: str) -> Check:
    """Open a socket, wait for Slack's hello, and close it.

    What else comes meanwhile is not acknowledged, so that Slack sends it again (docs, Socket Mode).
    """
    try:
        async with asyncio.timeout(HELLO), session.ws_connect(address, max_msg_size=MOST_OF_HELLO) as socket:
            said = await socket.receive_json()
    except (aiohttp.ClientError, OSError, TimeoutError, TypeError, ValueError) as error:
        host = urlsplit(address).netloc
        return unreachable_check("slack.socket", host, f"{type(error).__name__} {error}", WEBSOCKETS)
    if isinstance(said, dict) and said.get("type") == "hello":
        return Check("slack.socket", "ok", "Slack says hello over a socket.")
    told = (
        f"Slack ends the socket at once ({said.get('reason', 'no reason') if isinstance(said, dict) else 'no JSON'})."
    )
    return Check("slack.socket", "fail", told, "Ten sockets are all that an app may have: end what else runs with it.")


async def _check_request_url(session: aiohttp.ClientSession, options: SlackSettings) -> list[Check]:
    """Ask the Request URL to repeat a challenge, as Slack does before it accepts one (docs, url_verification)."""
    if not options.request_url:
        told = (
            f"Events come over HTTP, to {EVENTS} at PORT (3000 unless it is set); where Slack sends them is not known."
        )
        return [Check("slack.events", "ok", f"{told} SLACK_REQUEST_URL would let this be tried.")]
    challenge = secrets.token_hex(8)
    body = json.dumps({"type": "url_verification", "token": "", "challenge": challenge}).encode()
    headers = {"Content-Type": "application/json", **sign_request(body, options.signing_secret)}
    host = urlsplit(options.request_url).netloc
    try:
        async with session.post(options.request_url, data=body, headers=headers) as response:
            said = await response.content.read(MOST_OF_HELLO)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return [unreachable_check("slack.events", host, f"{type(error).__name__} {error}", "SLACK_REQUEST_URL")]
    if response.status == 200 and challenge.encode() in said:
        return [Check("slack.events", "ok", "The Request URL answers as Slack wants.")]
    told = f"What answers at the Request URL is not Confab, or knows another secret (status {response.status})."
    return [Check("slack.events", "fail", told, NO_CONFAB)]
