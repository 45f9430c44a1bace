"""Where something stands: guild, channel, and thread if it is in one."""

import json
import time
from dataclasses import asdict, dataclass
from typing import Any, Self

import discord

from bots.discord.calls import call_persistently
from core.messages import Message

DIRECT = "@me"  # the workspace of direct messages, as in Discord's own addresses
TOKEN_LIFE = 14 * 60.0  # seconds; Discord keeps an interaction's token for 15 minutes (docs, Receiving and Responding)


@dataclass(frozen=True, slots=True)
class DiscordPlace:
    """`thread` is empty outside of threads; `channel` is then where it stands, and otherwise the thread's parent.

    `is_closed` is a thread that its members alone see.
    """

    workspace: str
    channel: str
    thread: str = ""
    is_closed: bool = False

    @property
    def is_direct(self) -> bool:
        """Whether it is a direct message."""
        return self.workspace == DIRECT

    @property
    def room(self) -> str:
        """The id under which messages are posted here."""
        return self.thread or self.channel


async def place_of(client: discord.Client, channel: Any, guild: int | None) -> DiscordPlace:
    """Return the place of a channel as an event gave it; one that discord.py does not know is asked for."""
    if guild is None:
        return DiscordPlace(DIRECT, str(channel.id))
    if isinstance(channel, discord.PartialMessageable):
        channel = client.get_channel(channel.id) or await call_persistently(
            "get_channel", lambda: client.fetch_channel(channel.id)
        )
    if isinstance(channel, discord.Thread):
        return DiscordPlace(str(guild), str(channel.parent_id), str(channel.id), channel.is_private())
    return DiscordPlace(str(guild), str(channel.id))


@dataclass(frozen=True, slots=True)
class ReplyHandle:
    """The channel or thread in which a message stands. An interaction has a token, and the id of its first answer.

    What has still to be read is the message that it replies to, `replied` by its id, or `forwarded`, as
    `channel/message`, of which Discord does not tell the author.
    """

    channel: str
    token: str = ""
    original: str = ""
    expires: float = 0.0
    replied: str = ""
    forwarded: str = ""

    @classmethod
    def of_interaction(cls, channel: str, token: str, original: str, made_at: float) -> Self:
        """Return the handle of an interaction that was made at a time in seconds since the epoch."""
        return cls(channel, token, original, made_at + TOKEN_LIFE)

    @classmethod
    def parse_handle(cls, text: str) -> Self:
        """Read what `str` wrote."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    @property
    def is_valid(self) -> bool:
        """Whether the interaction can still be answered by its token."""
        return bool(self.token) and time.time() < self.expires


def handle_of(message: Message) -> ReplyHandle:
    """Return where a message is to be answered; also of one that has lost that, as in a copy put back without keys."""
    if message.handle:
        return ReplyHandle.parse_handle(message.handle)
    begins = message.key.thread in {"", message.id}
    return ReplyHandle(message.key.channel if begins else message.key.thread)
