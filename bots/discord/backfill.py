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
    """Reads every channel in which there is something newer than the mark, and hears it oldest first."""

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
        after = max(mark, discord.utils.time_snowflake(discord.utils.utcnow() - LONGEST))
        found: list[discord.Message] = []
        is_complete = True
        try:
            async with asyncio.timeout(PATIENCE):
                for room in rooms:
                    if (room.last_message_id or 0) > mark:
                        await self._read_channel(room, room.id, after, found)
                await self._hear(found)
                for number in await self._state.recent_channels(DIRECT, MOST_DIRECT):
                    room_id = int(number)
                    await self._read_channel(self._client.get_partial_messageable(room_id), room_id, after, found)
        except TimeoutError:
            log.warning("catch-up ended early", seconds=PATIENCE, hint="What was not read by then stays unanswered.")
        except DiscordRefusal as error:
            log.warning("catch-up broke off", detail=str(error), hint="It is tried again.")
            is_complete = False
        await self._hear(found)
        return is_complete

    async def _read_channel(self, room: Messageable, room_id: int, after: int, found: list[discord.Message]) -> None:
        """Find what is new in one room. What it does not let us read is nothing that we could have heard."""
        before = len(found)
        try:
            async for message in _read_history(room, max(after, self._read_until.get(room_id, 0))):
                found.append(message)  # noqa: PERF401 - what was found stays, where reading breaks off
        except DiscordRefusal as error:
            if error.is_silence:
                raise
        if count := len(found) - before:
            log.info("caught up", room=room_id, messages=count)

    async def _hear(self, found: list[discord.Message]) -> None:
        """Hear what was found, those first who wait longest, and empty it."""
        found.sort(key=lambda message: message.id, reverse=True)
        while found:
            message = found.pop()
            await self._ear.receive_message(message)
            self._read_until[message.channel.id] = message.id

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
