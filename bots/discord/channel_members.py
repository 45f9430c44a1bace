"""Whether somebody is still where they once wrote, and what they wanted said there at a later time."""

from dataclasses import replace
from functools import partial

import discord

from bots.discord.authors import author_of
from bots.discord.calls import DiscordRefusal, call_persistently
from bots.discord.places import DIRECT, ReplyHandle, handle_of
from core.messages import Author, Message

NO_MEMBER = {10007, 10013}  # Discord docs, JSON error codes: unknown member, unknown user
NO_GUILD = 10004
NUMBERS = 1 << 22  # of one millisecond (Discord docs, Snowflakes)


async def find_author(client: discord.Client, message: Message) -> Author | None:
    """Return a message's author, with their roles, where they still see its channel; None where they do not.

    Of a direct message that is not told. Raises DiscordRefusal, as where the bot itself has left.
    """
    key = message.key
    if key.workspace == DIRECT:
        return message.author
    guild = client.get_guild(int(key.workspace))
    if guild is None:
        raise DiscordRefusal("get_guild", NO_GUILD)
    try:
        fetch = partial(guild.fetch_member, int(message.author.id))
        member = await call_persistently("get_guild_member", fetch)
    except DiscordRefusal as refusal:
        if refusal.code in NO_MEMBER:
            return None
        raise
    channel = guild.get_channel(int(key.channel))
    is_seen = channel is None or channel.permissions_for(member).view_channel
    return author_of(member, key.workspace) if is_seen else None


async def renew_message(client: discord.Client, message: Message, number: int) -> Message:
    """Return a message as one that stands nowhere: what is posted after it is found behind its id.

    It is answered in the thread that its conversation has, if it has one; raises DiscordRefusal.
    """
    snowflake = (int(message.sent_at * 1_000) - discord.utils.DISCORD_EPOCH) * NUMBERS + number % NUMBERS
    room, thread = handle_of(message).channel, message.key.thread
    if thread and room == message.key.channel and await _exists(client, thread):
        room = thread
    return replace(message, id=str(snowflake), handle=str(ReplyHandle(room)))


async def _exists(client: discord.Client, thread: str) -> bool:
    try:
        await call_persistently("get_channel", lambda: client.fetch_channel(int(thread)))
    except DiscordRefusal as refusal:
        if refusal.is_silence:
            raise
        return False
    return True
