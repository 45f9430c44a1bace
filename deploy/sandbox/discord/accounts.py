"""Who the bot is, where it is, and how it connects (Discord docs, User, Application, Guild, Gateway)."""

from deploy.sandbox.discord import payloads
from deploy.sandbox.discord.api import Asked, Route
from deploy.sandbox.discord.gateway import MOST_IDENTIFIES
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.limits import ORDINARY
from deploy.sandbox.discord.places import need_guild
from deploy.sandbox.discord.refused import Refused
from deploy.sandbox.discord.roster import ADA, BOT_USER, OF_GUILD, Channel

Payload = payloads.Payload


def me(guild: Guild, _: Asked) -> Payload:
    """Return the bot's own user."""
    return {
        **payloads.user(guild.users[BOT_USER]),
        "verified": True,
        "mfa_enabled": True,
        "locale": "en-US",
        "email": None,
    }


def somebody(guild: Guild, asked: Asked) -> Payload:
    """Return a user."""
    person = guild.users.get(asked.path["user"])
    if person is None:
        raise Refused(10013)
    return payloads.user(person)


def application(guild: Guild, _: Asked) -> Payload:
    """Return the bot's application, with the flags of its privileged intents."""
    return {
        "id": guild.app,
        "name": "Confab",
        "icon": None,
        "description": "",
        "summary": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": guild.gateway.flags,
        "flags_new": str(guild.gateway.flags),
        "type": None,
        "redirect_uris": [],
        "role_connections_verification_url": None,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "owner": payloads.user(guild.users[ADA]),
        "team": None,
        "interactions_endpoint_url": None,
        "approximate_guild_count": 1,
        "bot": payloads.user(guild.users[BOT_USER]),
    }


def gateway(guild: Guild, _: Asked) -> Payload:
    """Say where the gateway is."""
    return {"url": guild.gateway.url}


def gateway_bot(guild: Guild, _: Asked) -> Payload:
    """Say where the gateway is, and how many shards and identifies there should be."""
    limit = {
        "total": MOST_IDENTIFIES,
        "remaining": guild.gateway.identifies_left,
        "reset_after": 14_400_000,
        "max_concurrency": 1,
    }
    return {"url": guild.gateway.url, "shards": guild.gateway.shards, "session_start_limit": limit}


def my_guilds(guild: Guild, _: Asked) -> list[Payload]:
    """List the guilds that the bot is in."""
    whole = payloads.guild_object(guild.roster)
    granted = int(guild.roster.guild_permissions(BOT_USER))
    kept = {name: whole[name] for name in ("id", "name", "icon", "banner", "features")}
    return [{**kept, "owner": False, "permissions": str(granted)}]


def one_guild(guild: Guild, asked: Asked) -> Payload:
    """Return the guild."""
    need_guild(asked)
    return {**payloads.guild_object(guild.roster), "approximate_member_count": len(guild.users)}


def guild_channels(guild: Guild, asked: Asked) -> list[Payload]:
    """List the guild's channels that Confab sees, without threads."""
    need_guild(asked)
    return [payloads.channel(guild.roster, room) for room in guild.channels.values() if _is_listed(guild, room)]


def _is_listed(guild: Guild, room: Channel) -> bool:
    return room.kind in OF_GUILD and guild.roster.sees(BOT_USER, room.id)


def guild_member(guild: Guild, asked: Asked) -> Payload:
    """Return a member of the guild."""
    need_guild(asked)
    person = guild.users.get(asked.path["user"])
    if person is None or person.id in guild.roster.left:
        raise Refused(10007)
    return payloads.whole_member(person)


def open_direct(guild: Guild, asked: Asked) -> Payload:
    """Return the direct message with a user, a new one if there was none."""
    person = str(asked.fields.get("recipient_id") or "")
    if person not in guild.users:
        raise Refused(10013)
    if guild.users[person].bot:
        raise Refused(50007)
    return payloads.channel(guild.roster, _direct(guild, person))


def _direct(guild: Guild, person: str) -> Channel:
    pair = {person, BOT_USER}
    found = next((room for room in guild.channels.values() if room.is_direct and room.members == pair), None)
    if found is None:
        found = Channel(guild.snowflakes.next(), "dm", members=pair)
        guild.channels[found.id] = found
    return found


ROUTES = (
    Route("get_current_user", "GET", "/users/@me", me, ORDINARY),
    Route("get_current_user_guilds", "GET", "/users/@me/guilds", my_guilds, ORDINARY),
    Route("create_dm", "POST", "/users/@me/channels", open_direct, ORDINARY),
    Route("get_user", "GET", "/users/{user}", somebody, ORDINARY),
    Route("get_current_bot_application", "GET", "/oauth2/applications/@me", application, ORDINARY),
    Route("get_current_application", "GET", "/applications/@me", application, ORDINARY),
    Route("get_gateway", "GET", "/gateway", gateway, ORDINARY),
    Route("get_gateway_bot", "GET", "/gateway/bot", gateway_bot, ORDINARY),
    Route("get_guild", "GET", "/guilds/{guild}", one_guild, ORDINARY, "guild"),
    Route("get_guild_channels", "GET", "/guilds/{guild}/channels", guild_channels, ORDINARY, "guild"),
    Route("get_guild_member", "GET", "/guilds/{guild}/members/{user}", guild_member, ORDINARY, "guild"),
)
