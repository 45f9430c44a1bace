"""What stands before a question in its thread, or in its channel where it begins a conversation."""

from functools import partial

import discord

from bots.discord.attachments import attachments_of
from bots.discord.authors import author_of
from bots.discord.calls import DiscordRefusal, call_persistently
from bots.discord.message_kinds import SPOKEN
from bots.discord.message_text import shown_text
from bots.discord.places import DIRECT, handle_of
from core.messages import Earlier, Message

PAGE = 100  # messages of one call (Discord docs, Get Channel Messages)


async def read_before(client: discord.Client, message: Message, me: int, most: int, since: float) -> list[Earlier]:
    """Return the newest `most` lines before a message, oldest first, with the one that its thread began with.

    In a channel they are none from before `since`, in seconds since the epoch. Empty in a direct message, and for a
    reply that goes on in a channel. Raises DiscordRefusal where they cannot be read.
    """
    key, handle = message.key, handle_of(message)
    if key.workspace == DIRECT or (handle.channel == key.channel and key.thread != message.id):
        return []
    room = client.get_partial_messageable(int(handle.channel), guild_id=int(key.workspace))
    page = await call_persistently(
        "get_channel_messages", partial(_read_newest, room, int(message.id), min(most, PAGE))
    )
    if key.thread == message.id:
        found = [each for each in page if each.created_at.timestamp() >= since]
    else:
        found = [*await _starter_of(client, message, page, most), *page]
    return [_read_line(each, me, key.workspace) for each in found if each.type in SPOKEN]


async def _read_newest(room: discord.PartialMessageable, until: int, most: int) -> list[discord.Message]:
    return [each async for each in room.history(before=discord.Object(until), limit=most)][::-1]


async def _starter_of(
    client: discord.Client, message: Message, page: list[discord.Message], most: int
) -> list[discord.Message]:
    """Return the message that a thread was opened from, if the page does not have it.

    A thread begins with a word of Discord's that brings it along; only of a long one it has to be asked for.
    """
    for each in page:
        if each.type is discord.MessageType.thread_starter_message:
            starter = each.reference.resolved if each.reference else None
            return [starter] if isinstance(starter, discord.Message) else []
    if len(page) < most:
        return []
    parent, thread = int(message.key.channel), int(message.key.thread)
    rooms = [thread] if isinstance(client.get_channel(parent), discord.ForumChannel) else [parent, thread]
    for number in rooms:
        room = client.get_partial_messageable(number, guild_id=int(message.key.workspace))
        try:
            return [await call_persistently("get_channel_message", partial(room.fetch_message, thread))]
        except DiscordRefusal:
            continue
    return []  # the thread was opened from none


def _read_line(message: discord.Message, me: int, workspace: str) -> Earlier:
    author, at = author_of(message.author, workspace), message.created_at.timestamp()
    is_own = message.author.id == me
    return Earlier(author, shown_text(message, me), str(message.id), at, is_own, attachments_of(message))
