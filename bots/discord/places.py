"""Where something stands: guild, channel, and thread if it is in one."""

from dataclasses import dataclass
from typing import Any

import discord

from bots.discord.calls import persist

DIRECT = "@me"  # the workspace of direct messages, as in Discord's own addresses


@dataclass(frozen=True, slots=True)
class Place:
    """`thread` is empty outside of threads; `channel` is then where it stands, and otherwise the thread's parent."""

    workspace: str
    channel: str
    thread: str = ""

    @property
    def is_direct(self) -> bool:
        """Whether it is a direct message."""
        return self.workspace == DIRECT

    @property
    def room(self) -> str:
        """The id under which messages are posted here."""
        return self.thread or self.channel


async def place_of(client: discord.Client, channel: Any, guild: int | None) -> Place:
    """Return the place of a channel as an event gave it; one that discord.py does not know is asked for."""
    if guild is None:
        return Place(DIRECT, str(channel.id))
    if isinstance(channel, discord.PartialMessageable):
        channel = client.get_channel(channel.id) or await persist(
            "get_channel", lambda: client.fetch_channel(channel.id)
        )
    if isinstance(channel, discord.Thread):
        return Place(str(guild), str(channel.parent_id), str(channel.id))
    return Place(str(guild), str(channel.id))
