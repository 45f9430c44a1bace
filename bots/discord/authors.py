"""Who wrote a message."""

import discord

from bots.discord.places import DIRECT
from core.messages import Author, Standing


def author_of(user: discord.User | discord.Member, workspace: str) -> Author:
    """Return who wrote. In a guild, roles come with messages and commands as they arrive, not with what REST brings."""
    unknown = () if workspace == DIRECT else None
    roles = roles_of(user) if isinstance(user, discord.Member) else unknown
    return Author(str(user.id), user.display_name, workspace=workspace, roles=roles)


def roles_of(member: discord.Member) -> tuple[str, ...]:
    """Return the ids of a member's roles."""
    return tuple(str(role.id) for role in member.roles)


def standing_of(rights: discord.Permissions) -> Standing:
    """Return whether somebody with these rights in a server's channel is an administrator there."""
    may = rights.manage_guild or rights.manage_channels or rights.administrator
    return "administrator" if may else "member"


def standing_of_author(message: discord.Message) -> Standing:
    """Return what the author of a message is where it stands, as far as Discord has told their rights."""
    if message.guild is None:
        return "alone"
    author, channel = message.author, message.channel
    if not isinstance(author, discord.Member) or isinstance(channel, discord.PartialMessageable):
        return "member"
    try:
        return standing_of(channel.permissions_for(author))
    except discord.ClientException:  # a thread whose channel is not known
        return "member"
