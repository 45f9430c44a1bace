"""Where a turn is answered: in the thread that it is in, in one that is opened for it, or in place."""

import discord
import structlog

from bots.discord.calls import persist
from bots.discord.handle import Handle
from bots.discord.options import DiscordOptions
from bots.discord.places import DIRECT
from bots.discord.refusals import HAS_THREAD, NO_THREAD, DiscordRefusal
from bots.discord.rooms import Response, Room
from core.messages import ConversationKey, Message, Turn

log = structlog.get_logger()


class Threads:
    """Finds the room of an answer, and opens a thread where there should be one."""

    def __init__(self, client: discord.Client, options: DiscordOptions) -> None:
        self._client = client
        self._options = options

    async def room_of(self, turn: Turn) -> Room:
        """Return where a turn's answer stands, or is to stand."""
        message, key = turn.message, turn.message.key
        guild = None if key.workspace == DIRECT else int(key.workspace)
        handle = Handle.read(message.handle)
        if handle.token:
            return Response(self._client, handle, guild)
        if guild is None or handle.channel != key.channel:
            return Room(self._client, handle.channel, guild)
        if key.thread == message.id and await self._has_thread(turn):
            return Room(self._client, key.thread, guild)
        return Room(self._client, handle.channel, guild, message.id)

    async def _has_thread(self, turn: Turn) -> bool:
        """See to it that the question has a thread; False where it is to be answered in place."""
        if turn.posted:
            return await self._exists(turn.message.key)
        if not self._options.opens_thread(turn.message.key) or not self._may_open(turn.message.key):
            return False
        try:
            await self._open(turn.message)
        except DiscordRefusal as error:
            if error.code not in NO_THREAD | {HAS_THREAD}:
                raise
            log.info("no thread opened", code=error.code)
            return error.code == HAS_THREAD
        return True

    async def _exists(self, key: ConversationKey) -> bool:
        """Whether an earlier attempt opened a thread for what it posted."""
        try:
            await persist("get_channel", lambda: self._client.fetch_channel(int(key.thread)))
        except DiscordRefusal:
            return False
        return True

    def _may_open(self, key: ConversationKey) -> bool:
        """Whether the bot has the rights to open a thread and to write in it, as far as it knows."""
        channel = self._client.get_channel(int(key.channel))
        if not isinstance(channel, discord.abc.GuildChannel):
            return channel is None
        rights = channel.permissions_for(channel.guild.me)
        return rights.create_public_threads and rights.send_messages_in_threads

    async def _open(self, message: Message) -> None:
        channel = self._client.get_partial_messageable(int(message.key.channel), guild_id=int(message.key.workspace))
        question = channel.get_partial_message(int(message.id))
        await persist("start_thread_from_message", lambda: question.create_thread(name=name_of(message.id)))


def name_of(message_id: str) -> str:
    """Return a thread's name, which tells nothing of the question: everybody in the channel list sees it."""
    return f"Confab {int(message_id) % 10_000:04}"
