"""What Discord tells, on its way to core."""

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

import discord
import structlog

from bots.discord.calls import DiscordRefusal
from bots.discord.events import read_message, replied_part_of
from bots.discord.mending import MADE_UP
from bots.discord.message_kinds import is_hidden_note, is_late_answer, is_spoken
from bots.discord.message_text import shown_text
from bots.discord.places import DIRECT, DiscordPlace, place_of
from bots.discord.thread_renaming import ThreadRenaming
from bots.discord.typing import TypingIndicator
from bots.state import PlatformState
from core.channel_gone import ChannelGone
from core.messages import ConversationKey, Deletion, Edit, Message, PlatformEvent, Receive

log = structlog.get_logger()


class DiscordEventReader:
    """Reads messages, edits and deletions, in the order in which each channel tells them, and hands them on."""

    def __init__(
        self,
        client: discord.Client,
        me: int,
        receive: Receive,
        typing: TypingIndicator,
        state: PlatformState,
        renaming: ThreadRenaming,
        *,
        roles: bool,
    ) -> None:
        self._client = client
        self._me = me
        self._receive = receive
        self._typing = typing
        self._state = state
        self._renaming = renaming
        self._roles = roles
        self._open = True
        self._orders: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def close(self) -> None:
        """Hear nothing more."""
        self._open = False

    async def receive_message(self, message: discord.Message) -> None:
        """Take a message in, live or read again after a gap."""
        if message.type.value == MADE_UP:
            await self.set_aside(str(guild_of(message) or ""), str(message.channel.id), str(message.id))
        elif self._open and (is_spoken(message, self._me) or await self._is_untold_note(message)):
            await self._receive_event(message, lambda question: question)

    async def set_aside(self, guild: str, channel: str, message_id: str) -> None:
        """Note that a message came that cannot be read, if it can be found again."""
        if self._open and message_id != "0":
            await self._state.set_aside(guild or DIRECT, channel, "", message_id)

    async def _is_untold_note(self, message: discord.Message) -> bool:
        """Whether a voice note came that cannot be heard, where that was not said before."""
        return is_hidden_note(message, self._me) and not await self._state.read_state(_unheard_mark(message))

    async def receive_edit(self, message: discord.Message) -> None:
        """Take a changed text in; what Discord changes by itself, as previews of links, is none of its author's."""
        if self._open and is_late_answer(message) and is_spoken(message, self._me):
            await self._receive_event(message, lambda said: said)
        elif self._open and message.edited_at and is_spoken(message, self._me):
            await self._receive_event(message, Edit)
            await self._renaming.follow_question(message.id, shown_text(message, self._me))

    async def receive_deletions(self, channel: int, guild: int | None, messages: list[int]) -> None:
        """Take a deletion in."""
        if not self._open:
            return
        async with self._order_of(channel):
            place = await self._find_place(self._client.get_partial_messageable(channel, guild_id=guild), guild)
            if place is None:
                return
            for number in messages:
                await self._receive(Deletion("discord", place.workspace, place.channel, str(number)))
                self._typing.end_typing(str(number))
        for number in messages:
            await self._renaming.follow_question(number)

    async def receive_loss(self, guild: int, channel: int | str = "", thread: int | str = "") -> None:
        """Take in that a thread, a channel, or without one the whole server is no longer seen as before."""
        if self._open:
            await self._receive(ChannelGone("discord", str(guild), str(channel), str(thread)))

    async def _receive_event(self, message: discord.Message, event: Callable[[Message], PlatformEvent]) -> None:
        async with self._order_of(message.channel.id):
            place = await self._find_place(message.channel, guild_of(message))
            if place is None:
                return
            goes_on = await self._continued_conversation(message, place)
            try:
                question = read_message(message, place, self._me, roles=self._roles, goes_on=goes_on)
            except Exception:  # what cannot be read now can be read at no time: it must not hold up what is behind it
                log.exception("discord event set aside", id=message.id)
                await self._state.set_aside(place.workspace, place.channel, place.thread, str(message.id))
                return
            if await self._receive(event(question)):
                self._typing.begin_typing(question.id, place.room)
                if question.command == "unheard":
                    await self._state.write_state(_unheard_mark(message), "said")

    async def _find_place(self, channel: object, guild: int | None) -> DiscordPlace | None:
        try:
            return await place_of(self._client, channel, guild)
        except DiscordRefusal as error:
            log.warning("place unknown", code=error.code, detail=str(error))
            return None

    async def _continued_conversation(self, message: discord.Message, place: DiscordPlace) -> ConversationKey | None:
        """Return the conversation that a reply in a channel goes on with, if it is a reply to a part of ours."""
        part = "" if place.is_direct or place.thread else replied_part_of(message, self._me)
        return await self._state.conversation_of(part) if part else None

    def _order_of(self, channel: int) -> asyncio.Lock:
        """Return the lock under which a channel's events are taken in, first come, first served."""
        return self._orders.setdefault(channel, asyncio.Lock())


def _unheard_mark(message: discord.Message) -> str:
    return f"discord/{message.channel.id}/unheard"


def guild_of(message: discord.Message) -> int | None:
    """Return the id of a message's guild, also of one that discord.py does not know; None in a direct message."""
    if message.guild:
        return message.guild.id
    return message.channel.guild_id if isinstance(message.channel, discord.PartialMessageable) else None
