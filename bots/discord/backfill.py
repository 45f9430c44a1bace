"""What was said while the bot did not hear, read from the channels themselves.

Discord does not deliver again what came before a new session. One mark, a message's id, says that everything up to it
was received. Ids grow with time (Discord docs, Snowflakes), so that one mark serves all channels.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import partial

import discord
import structlog
from discord.abc import Messageable

from bots.discord.calls import DiscordRefusal, call_persistently
from bots.discord.listener import DiscordEventReader
from bots.discord.places import DIRECT
from bots.state import PlatformState

log = structlog.get_logger()

LONGEST = timedelta(days=1)  # what is older has been answered by somebody else, or is of no use any more
MOST_IN_ROOM = 500  # messages of one channel: at five calls in five seconds, five seconds of reading
MOST_DIRECT = 100  # direct messages that are looked into; each costs a call, as Discord does not tell which are newer
PATIENCE = 600.0  # seconds in all: so long a start would otherwise compete with those who ask now
MARGIN = 120_000 << 22  # two minutes as ids count time: behind the newest message some may still wait for the disk
PAGE = 100  # messages of one call (Discord docs, Get Channel Messages)

ReadableChannel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


class DiscordBackfill:
    """Reads every channel in which there is something newer than the mark, oldest first, through the usual ear."""

    def __init__(self, client: discord.Client, ear: DiscordEventReader, state: PlatformState) -> None:
        self._client = client
        self._ear = ear
        self._state = state
        self._read_until: dict[int, int] = {}  # of a catch-up that broke off: how far each room was read

    async def read_missed(self, mark: int) -> int | None:
        """Hear once what is newer than a mark; return the new one if nothing was left out.

        That is the newest message that stood anywhere at the beginning: what came after it was heard, or is newer
        than the mark.
        """
        rooms = list(self._readable_channels())
        newest = max((room.last_message_id or 0 for room in rooms), default=0)
        if not await self._read_all(rooms, mark):
            return None
        if any(guild.unavailable for guild in self._client.guilds):
            return None  # it is told again once they are back
        self._read_until.clear()
        return newest

    async def _read_all(self, rooms: list[ReadableChannel], mark: int) -> bool:
        """Hear what is newer than the mark; False where something could not be read."""
        bound = discord.utils.time_snowflake(discord.utils.utcnow() - LONGEST)
        try:
            async with asyncio.timeout(PATIENCE):
                for room in rooms:
                    if (room.last_message_id or 0) > mark:
                        await self._read_channel(room, room.id, max(mark, bound))
                for number in await self._state.recent_channels(DIRECT, MOST_DIRECT):
                    room_id = int(number)
                    await self._read_channel(self._client.get_partial_messageable(room_id), room_id, max(mark, bound))
        except TimeoutError:
            log.warning("catch-up ended early", seconds=PATIENCE, hint="What was not read by then stays unanswered.")
        except DiscordRefusal as error:
            log.warning("catch-up broke off", detail=str(error), hint="It is tried again.")
            return False
        return True

    async def _read_channel(self, room: Messageable, room_id: int, after: int) -> None:
        """Hear one room. What it does not let us read is nothing that we could have heard."""
        count = 0
        try:
            async for message in _read_history(room, max(after, self._read_until.get(room_id, 0))):
                await self._ear.receive_message(message)
                self._read_until[room_id] = message.id
                count += 1
        except DiscordRefusal as error:
            if error.is_silence:
                raise
        if count:
            log.info("caught up", room=room_id, messages=count)

    def _readable_channels(self) -> Iterator[ReadableChannel]:
        """Yield the channels and active threads that the bot sees."""
        for guild in self._client.guilds:
            if guild.unavailable or guild.me is None:
                continue
            rooms: list[ReadableChannel] = [*guild.text_channels, *guild.voice_channels, *guild.stage_channels]
            for room in rooms:
                rights = room.permissions_for(guild.me)
                if rights.view_channel and rights.read_message_history:
                    yield room
            yield from guild.threads


async def _read_history(room: Messageable, after: int) -> AsyncIterator[discord.Message]:
    """Yield what stands in a room behind a message, oldest first, at most `MOST_IN_ROOM`."""
    for _ in range(MOST_IN_ROOM // PAGE):
        page = await call_persistently("get_channel_messages", partial(_read_page, room, after))
        for message in page:
            yield message
        if len(page) < PAGE:
            return
        after = page[-1].id
    log.warning("catch-up is long", room=getattr(room, "id", 0), messages=MOST_IN_ROOM, hint="The rest is left out.")


async def _read_page(room: Messageable, after: int) -> list[discord.Message]:
    return [each async for each in room.history(after=discord.Object(after), limit=PAGE, oldest_first=True)]
