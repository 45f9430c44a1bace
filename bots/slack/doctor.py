"""Whether Slack lets Confab in: its tokens, what they may do, where it is, and this machine's clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bots.doctor.check import Check, clock_check, unreachable_check
from bots.slack.settings import SlackSettings

PATIENCE = aiohttp.ClientTimeout(total=15.0)
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
SOCKET_MODE = f"{PAGE} -> Socket Mode: switch it on. {NEW_APP_TOKEN}"


@dataclass(frozen=True, slots=True)
class SlackAnswer:
    """What a call came to: Slack's error code, empty for none, its headers by small letters, and its body."""

    code: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


async def check_slack(options: SlackSettings) -> list[Check]:
    """Return what is found by three calls that change nothing."""
    host = urlsplit(options.api_url).netloc.rpartition("@")[2]
    async with aiohttp.ClientSession(timeout=PATIENCE) as session:
        client = AsyncWebClient(options.bot_token, base_url=options.api_url, session=session, retry_handlers=[])
        try:
            me = await _call(client, "auth.test")
            clock = clock_check("slack.clock", me.headers.get("date", ""), "Slack")
            if me.code:
                return [*clock, *await _check_socket(client, options), _check_code("slack.token", me.code)]
            team = Check("slack.token", "ok", f"It is {me.body.get('user')} in the workspace {me.body.get('team')}.")
            scopes = _check_scopes(me.headers.get("x-oauth-scopes", ""))
            return [*clock, team, *scopes, *await _check_channels(client), *await _check_socket(client, options)]
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


async def _check_channels(client: AsyncWebClient) -> list[Check]:
    found = await _call(client, "users.conversations", types="public_channel", limit="100", exclude_archived="true")
    if found.code:
        return []  # which scope that needs is said by the line on scopes
    if channels := found.body.get("channels"):
        return [Check("slack.channels", "ok", f"It is in {len(channels)} public channels, or more.")]
    return [Check("slack.channels", "warn", "It is in no public channel.", "In Slack, write /invite @Confab in one.")]


async def _check_socket(client: AsyncWebClient, options: SlackSettings) -> list[Check]:
    """Return whether events can come; no socket is opened, as some of a running bot's events would go to it."""
    if not options.app_token:
        told = "Events come over HTTP, to /slack/events at PORT (3000 unless it is set)."
        return [Check("slack.events", "ok", told)]
    found = await _call(client, "apps.connections.open", options.app_token)
    if not found.code:
        return [Check("slack.socket", "ok", "Slack gives an address for its events.")]
    if found.code in ("missing_scope", "not_allowed_token_type", "invalid_auth", "token_revoked", "not_authed"):
        return [Check("slack.socket", "fail", f"Slack does not take SLACK_APP_TOKEN ({found.code}).", NEW_APP_TOKEN)]
    return [Check("slack.socket", "fail", f"Slack opens no socket ({found.code}).", SOCKET_MODE)]
