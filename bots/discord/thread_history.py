"""What stands in a thread already when the bot is mentioned there for the first time."""

from functools import partial

import discord

from bots.discord.calls import DiscordRefusal, call_persistently
from bots.discord.events import text_of
from bots.discord.places import DIRECT, ReplyHandle
from core.messages import Author, Earlier, Message


async def read_thread_before(client: discord.Client, message: Message, me: int, most: int) -> list[Earlier]:
    """Return the message that a thread began with and the newest `most` of its messages before one, oldest first.

    Empty outside of threads, and for a command. Raises DiscordRefusal where the thread cannot be read.
    """
    key, handle = message.key, ReplyHandle.parse_handle(message.handle)
    if key.workspace == DIRECT or handle.token or handle.channel == key.channel:
        return []
    guild = int(key.workspace)
    room = client.get_partial_messageable(int(handle.channel), guild_id=guild)
    newest = await call_persistently("get_channel_messages", partial(_read_newest, room, int(message.id), most))
    starter = await _read_starter(client.get_partial_messageable(int(key.channel), guild_id=guild), int(key.thread))
    lines = [_read_line(each, me) for each in (*starter, *reversed(newest))]
    return [line for line in lines if line.text.strip()]


async def _read_newest(room: discord.PartialMessageable, until: int, most: int) -> list[discord.Message]:
    return [each async for each in room.history(before=discord.Object(until), limit=most)]


async def _read_starter(channel: discord.PartialMessageable, thread: int) -> list[discord.Message]:
    """Return the message that a thread was opened from, which has the thread's id and stands in its channel."""
    try:
        return [await call_persistently("get_channel_message", lambda: channel.fetch_message(thread))]
    except DiscordRefusal:
        return []  # the thread was opened from none


def _read_line(message: discord.Message, me: int) -> Earlier:
    author = Author(str(message.author.id), message.author.display_name)
    at = message.created_at.timestamp()
    return Earlier(author, text_of(message, me), str(message.id), at, message.author.id == me)
