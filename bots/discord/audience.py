"""Who reads in a channel, from what Discord tells of its server, and what an answer there may show of others. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bots.discord.channel_rights import rights_in
from bots.discord.places import DIRECT, handle_of
from core.knowledge.audience import Audience
from core.messages import Message

READING = discord.Permissions(view_channel=True, read_message_history=True).value
VIEW = discord.Permissions(view_channel=True).value
HISTORY = discord.Permissions(read_message_history=True).value


def audience_of(client: discord.Client, message: Message, channels: Sequence[str]) -> Audience:
    """Return who reads the answer to a message, and which of these channels all of them may read.

    That is known of channels that everyone on the server may read, and from which nobody is kept apart.
    """
    key = message.key
    if key.workspace == DIRECT:
        return Audience(is_internal=True)
    guild = client.get_guild(int(key.workspace))
    here = guild.get_channel(int(key.channel)) if guild else None
    if guild is None or here is None:
        return Audience(reads_here=False)
    known = {each: guild.get_channel(int(each)) for each in channels if each.isdigit()}
    elsewhere = frozenset(name for name, each in known.items() if each and _is_open_to_all(guild, each))
    return Audience(is_internal=True, elsewhere=elsewhere, reads_here=_reads_history(guild, here, message))


def link_to_message(message: Message) -> str:
    """Return a message's jump link."""
    room = handle_of(message).channel
    return f"https://discord.com/channels/{message.key.workspace}/{room}/{message.id}"


def is_closed_off(before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> bool:
    """Whether everyone, or the bot, could see a channel before, and no longer can."""
    was, now = (rights_in(_channel_payload(each), _guild_payload(each.guild), {}) for each in (before, after))
    return bool(was & VIEW and not now & VIEW) or (_is_seen(before) and not _is_seen(after))


def _is_seen(channel: discord.abc.GuildChannel) -> bool:
    """Whether the bot sees a channel."""
    return channel.permissions_for(channel.guild.me).view_channel


def _is_open_to_all(guild: discord.Guild, channel: discord.abc.GuildChannel) -> bool:
    """Whether everyone on the server may read a channel with its history, and nobody is denied it."""
    everyone = rights_in(_channel_payload(channel), _guild_payload(guild), {})
    if getattr(channel, "nsfw", False):
        return False  # what it holds is not for every reader of another one
    return everyone & READING == READING and not any(
        _denied_rights(each) & READING for each in channel.overwrites.values()
    )


def _reads_history(guild: discord.Guild, channel: discord.abc.GuildChannel, message: Message) -> bool:
    """Whether who asks may read what was said before in a channel, as all others there may."""
    place, server = _channel_payload(channel), _guild_payload(guild)
    own = rights_in(place, server, {"roles": message.author.roles, "user": {"id": message.author.id}})
    if not own & HISTORY or any(_denied_rights(each) & HISTORY for each in channel.overwrites.values()):
        return False
    others = (rights_in(place, server, each) for each in _kinds_of_readers(guild, channel))
    return all(not rights & VIEW or rights & HISTORY for rights in others)


def _kinds_of_readers(guild: discord.Guild, channel: discord.abc.GuildChannel) -> list[Mapping[str, Any]]:
    """Return a member for each way to see a channel: everyone's, and those of roles and people that it names."""
    roles = {str(role.id) for role in guild.roles if role.permissions.value & READING == VIEW}
    named = {str(each.id): isinstance(each, discord.Role) for each in channel.overwrites}
    roles |= {number for number, is_role in named.items() if is_role}
    people = [number for number, is_role in named.items() if not is_role]
    return [{}, *({"roles": [role]} for role in sorted(roles)), *({"user": {"id": each}} for each in people)]


def _denied_rights(overwrite: discord.PermissionOverwrite) -> int:
    return overwrite.pair()[1].value


def _guild_payload(guild: discord.Guild) -> Mapping[str, Any]:
    roles = [{"id": str(role.id), "permissions": role.permissions.value} for role in guild.roles]
    return {"id": str(guild.id), "roles": roles}


def _channel_payload(channel: discord.abc.GuildChannel) -> Mapping[str, Any]:
    overwrites = [
        {"id": str(target.id), "allow": each.pair()[0].value, "deny": each.pair()[1].value}
        for target, each in channel.overwrites.items()
    ]
    return {"permission_overwrites": overwrites}
