"""Whether Discord lets Confab in: its token, its intents, its servers and rights, and this machine's clock."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bots.bounded_response import open_bounded_session
from bots.discord.channel_rights import ADMINISTRATOR, TEXT_CHANNELS, Payload, rights_in
from bots.discord.settings import DiscordSettings
from bots.doctor.check import Check, Surroundings, clock_check, unreachable_check

PATIENCE = 15.0  # seconds
MOST = 1_000_000  # bytes of an answer
AGENT = "DiscordBot (https://github.com, 1)"  # Discord docs, User Agent: another is refused
MESSAGE_CONTENT = 1 << 18 | 1 << 19  # Discord docs, Application Flags: the switch, or its form for small bots
RIGHTS: Mapping[str, int] = {  # Discord docs, Permissions: those that the README's invitation asks for
    "View Channels": 1 << 10,
    "Send Messages": 1 << 11,
    "Embed Links": 1 << 14,
    "Attach Files": 1 << 15,
    "Read Message History": 1 << 16,
    "Create Public Threads": 1 << 35,
    "Send Messages in Threads": 1 << 38,
}
PAGE = "discord.com/developers/applications -> your application"
NEW_TOKEN = f"{PAGE} -> Bot -> Reset Token, and copy the new one into DISCORD_TOKEN."
SWITCH = f"{PAGE} -> Bot -> Message Content Intent: switch it on, or set CONFAB_DISCORD_MESSAGE_CONTENT=off."
MOST_GUILDS = 10  # whose channels are looked at
MOST_TOLD = 10  # channels of which it is told what is missing
LET_IN = "Correct its id (Copy Channel ID), or let Confab see it: Edit Channel -> Permissions -> Add members or roles."
INVITE = "https://discord.com/oauth2/authorize?client_id={}&scope=bot+applications.commands&permissions={}"


@dataclass(frozen=True, slots=True)
class DiscordAnswer:
    """What a call came to: its status, its headers, and its body, None where that is no JSON."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


async def check_discord(options: DiscordSettings, around: Surroundings) -> list[Check]:
    """Return what is found by a few calls that change nothing.

    It does not identify: Discord counts that, and ends a token that does so more than a thousand times a day (docs,
    Gateway, Identifying); how often is left is asked in its place.
    """
    host = urlsplit(options.api_url).netloc.rpartition("@")[2]
    headers = {"Authorization": f"Bot {options.token}", "User-Agent": AGENT}
    async with open_bounded_session(PATIENCE, headers) as session:
        try:
            return await _check_all(session, options, around)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return [unreachable_check("discord.reach", host, f"{type(error).__name__} {error}", "DISCORD_API_URL")]
        except ValueError:
            told = "DISCORD_TOKEN holds characters that no token has."
            return [Check("discord.token", "fail", told, NEW_TOKEN)]


async def _check_all(session: aiohttp.ClientSession, options: DiscordSettings, around: Surroundings) -> list[Check]:
    base = options.api_url.rstrip("/")
    me = await _get(session, f"{base}/users/@me")
    clock = clock_check("discord.clock", me.headers.get("Date", ""), "Discord")
    if me.status != 200 or not isinstance(me.body, dict):
        return [*clock, _check_status(me)]
    application = await _get(session, f"{base}/applications/@me")
    gateway = await _get(session, f"{base}/gateway/bot")
    guilds = await _get(session, f"{base}/users/@me/guilds")
    who = Check("discord.token", "ok", f"It is {me.body.get('username')}.")
    return [
        *clock,
        who,
        *_check_intents(application, options.message_content),
        *_check_gateway(gateway),
        *_check_guilds(guilds, application),
        *await _check_channels(session, base, _mappings(guilds.body), str(me.body.get("id")), around.channels),
    ]


async def _get(session: aiohttp.ClientSession, url: str) -> DiscordAnswer:
    async with session.get(url) as response:
        content = await response.content.read(MOST)
        while len(content) < MOST and (piece := await response.content.read(MOST - len(content))):
            content += piece
        try:
            return DiscordAnswer(response.status, response.headers, json.loads(content))
        except ValueError:
            return DiscordAnswer(response.status, response.headers)


def _check_status(answer: DiscordAnswer) -> Check:
    if answer.status == 401:
        return Check("discord.token", "fail", "Discord does not know DISCORD_TOKEN.", NEW_TOKEN)
    if answer.status == 429:
        told = "Discord takes no more calls from this address just now."
        return Check("discord.reach", "fail", told, "Wait an hour, and look in the log for what calls so often.")
    if answer.status >= 500:
        mend = "Look at discordstatus.com, and try again later."
        return Check("discord.reach", "fail", f"Discord is in trouble (status {answer.status}).", mend)
    told = f"What answers at DISCORD_API_URL is not Discord's API (status {answer.status})."
    mend = "Leave DISCORD_API_URL empty, and let this machine reach discord.com without a proxy or sign-in between."
    return Check("discord.reach", "fail", told, mend)


def _check_intents(application: DiscordAnswer, wanted: str) -> list[Check]:
    if not isinstance(application.body, dict) or application.status != 200:
        return []
    if int(application.body.get("flags") or 0) & MESSAGE_CONTENT and wanted != "off":
        return [Check("discord.intents", "ok", "It hears all that is said in its channels.")]
    if wanted == "off":
        return [Check("discord.intents", "ok", "It hears mentions and direct messages alone, as you have set.")]
    if wanted == "on":
        told = "The Message Content Intent is off, and CONFAB_DISCORD_MESSAGE_CONTENT asks for it: it cannot start."
        return [Check("discord.intents", "fail", told, SWITCH)]
    told = "The Message Content Intent is off: it hears mentions and direct messages alone."
    return [Check("discord.intents", "warn", told, SWITCH)]


def _check_gateway(gateway: DiscordAnswer) -> list[Check]:
    if not isinstance(gateway.body, dict) or gateway.status != 200:
        return [Check("discord.gateway", "fail", "Discord names no gateway.", "Look at discordstatus.com.")]
    left = (gateway.body.get("session_start_limit") or {}).get("remaining", 1)
    if left:
        return [Check("discord.gateway", "ok", "Discord names a gateway, and lets it sign in.")]
    told = "It has signed in as often today as Discord lets it."
    return [Check("discord.gateway", "fail", told, "Look for why it restarts, and wait for a day.")]


def _check_guilds(guilds: DiscordAnswer, application: DiscordAnswer) -> list[Check]:
    number = application.body.get("id", "ID") if isinstance(application.body, dict) else "ID"
    invite = f"Open {INVITE.format(number, sum(RIGHTS.values()))} and choose the server."
    if guilds.status != 200 or not isinstance(guilds.body, list):
        return []
    if not guilds.body:
        return [Check("discord.servers", "warn", "It is in no server.", invite)]
    lines = [
        Check("discord.rights", "warn", f"In {each.get('name')} it lacks: {', '.join(missing)}.", invite)
        for each in guilds.body
        if (missing := _missing_rights(int(each.get("permissions") or 0)))
    ]
    return lines or [Check("discord.servers", "ok", f"It is in {len(guilds.body)} servers, with every right.")]


async def _check_channels(
    session: aiohttp.ClientSession, base: str, guilds: Sequence[Payload], me: str, named: Sequence[str]
) -> list[Check]:
    """Return where a channel's own rules take rights from it, and which channels that settings name it does not see."""
    found: list[Check] = []
    seen: set[str] = set()
    for each in guilds[:MOST_GUILDS]:
        guild, channels, member = [
            await _get(session, f"{base}/guilds/{each.get('id')}{path}") for path in ("", "/channels", f"/members/{me}")
        ]
        if not (isinstance(guild.body, dict) and isinstance(member.body, dict)):
            continue
        for channel in _mappings(channels.body):
            rights = rights_in(channel, guild.body, member.body)
            if rights & RIGHTS["View Channels"]:
                seen.add(str(channel.get("id")))
                found += _check_channel(channel, each, rights)
    strangers = [name for name in named if name not in seen] if len(guilds) <= MOST_GUILDS else []
    unseen = [
        Check("discord.channels", "warn", f"It does not see {each}, which the settings name.", LET_IN)
        for each in strangers
    ]
    return [*found[:MOST_TOLD], *unseen]


def _check_channel(channel: Payload, guild: Payload, rights: int) -> list[Check]:
    usual = _missing_rights(int(guild.get("permissions") or 0))
    missing = [name for name in _missing_rights(rights) if name not in usual]
    if channel.get("type") not in TEXT_CHANNELS or not missing:
        return []
    told = f"In #{channel.get('name')} of {guild.get('name')} it lacks: {', '.join(missing)}."
    return [
        Check("discord.rights", "warn", told, f"#{channel.get('name')} -> Edit Channel -> Permissions: allow them.")
    ]


def _mappings(body: object) -> list[Payload]:
    return [each for each in body if isinstance(each, dict)] if isinstance(body, list) else []


def _missing_rights(granted: int) -> list[str]:
    return [] if granted & ADMINISTRATOR else [name for name, bit in RIGHTS.items() if not granted & bit]
