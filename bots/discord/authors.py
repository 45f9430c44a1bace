"""Who wrote a message."""

import discord

from core.messages import Author


def author_of(user: discord.User | discord.Member, workspace: str) -> Author:
    """Return who wrote; roles are known of members alone, which is what messages and commands in a guild come with."""
    roles = tuple(str(role.id) for role in user.roles) if isinstance(user, discord.Member) else ()
    return Author(str(user.id), user.display_name, workspace=workspace, roles=roles)
