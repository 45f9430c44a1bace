"""Who wrote a message."""

import discord

from bots.discord.places import DIRECT
from core.messages import Author


def author_of(user: discord.User | discord.Member, workspace: str) -> Author:
    """Return who wrote. In a guild, roles come with messages and commands as they arrive, not with what REST brings."""
    unknown = () if workspace == DIRECT else None
    roles = roles_of(user) if isinstance(user, discord.Member) else unknown
    return Author(str(user.id), user.display_name, workspace=workspace, roles=roles)


def roles_of(member: discord.Member) -> tuple[str, ...]:
    """Return the ids of a member's roles."""
    return tuple(str(role.id) for role in member.roles)
