"""Discord as a platform: its messages to core, core's answers to its threads."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from weakref import WeakValueDictionary

import aiohttp

from bots.discord.audience import link_to_message
from bots.discord.files import discord_downloads
from bots.discord.login import log_in
from bots.discord.outgoing import MessageSplitter
from bots.discord.reply import DiscordReply
from bots.discord.session import DiscordSession
from bots.discord.settings import DiscordSettings
from bots.edit_rate import EditRate
from bots.state import PlatformState
from bots.streaming import Pace, ReplyStream
from core.cards import Card
from core.chat_commands import ChatCommands
from core.knowledge.audience import Audience
from core.messages import Attachment, Author, ConversationKey, Earlier, Message, Receive, Turn
from core.model_events import ReplyEvent
from core.ports import Journal

# At most five edits within five seconds is what Discord takes in a channel (discord-api-docs#20; the docs name none)
EDITS = 2.0
EDITS_PER_SECOND = 0.6
BUCKET_FULL = (EDITS + 1) / EDITS_PER_SECOND  # seconds after which a bucket is as good as a new one


class Discord:
    """One bot, in all the guilds that it was invited to."""

    name = "discord"

    def __init__(
        self, options: DiscordSettings, http: aiohttp.ClientSession, state: PlatformState, commands: ChatCommands
    ) -> None:
        """`http` fetches files, and the caller closes it; `state` outlives this process."""
        self._options = options
        self._commands = commands
        self._state = state
        self._downloads = discord_downloads(http, options.api_url, options.file_hosts)
        self._pace = Pace(interval=options.edit_interval)
        self._budgets: WeakValueDictionary[str, EditRate] = WeakValueDictionary()
        self._session: asyncio.Future[DiscordSession] = asyncio.get_running_loop().create_future()

    async def start(self, receive: Receive) -> None:
        """Sign in and listen; return once every shard does.

        Raises WrongToken, IntentNotEnabled, or DiscordRefusal where Discord cannot be reached.
        """
        login = await log_in(self._options)
        session = DiscordSession(self._options, login, receive, self._state, self._commands)
        try:
            await session.connect()
        except BaseException:  # a stop in the midst of it too: what was opened is closed
            await session.close()
            raise
        self._session.set_result(session)

    async def wait_until_lost(self) -> None:
        """Wait until the connection is given up for good, and raise why."""
        await (await self._session).wait_until_lost()

    async def stop(self) -> None:
        """Take in nothing more; what is being answered still can be."""
        if self._session.done():
            self._session.result().stop_receiving()

    async def close(self) -> None:
        """Sign out."""
        if self._session.done():
            await self._session.result().close()

    async def is_ready(self) -> bool:
        """Tell whether events can arrive."""
        return self._session.done() and self._session.result().shards.are_connected

    async def resolve_names(self, message: Message) -> Message:
        """Return the message with what it refers to; people's names Discord sends with it."""
        return await (await self._session).read_referenced(message)

    async def fetch_earlier(self, message: Message, most: int, since: float = 0.0) -> Sequence[Earlier]:
        """Return what was said before a message, in its thread or, where it begins one, its channel, oldest first."""
        return await (await self._session).fetch_earlier(message, most, since)

    async def find_audience(self, message: Message, channels: Sequence[str]) -> Audience:
        """Return who reads the answer to a message, and which of these channels all of them may read just now."""
        return (await self._session).find_audience(message, channels)

    async def find_author(self, message: Message) -> Author | None:
        """Return a message's author as they are there now, None where they have left; raises DiscordRefusal."""
        return await (await self._session).find_author(message)

    async def renew_message(self, message: Message, number: int) -> Message:
        """Return a message as one that stands nowhere; its number and time are its id. Raises DiscordRefusal."""
        return await (await self._session).renew_message(message, number)

    def link_to(self, message: Message) -> str:
        """Return a message's jump link."""
        return link_to_message(message)

    def open_file(self, key: ConversationKey, attachment: Attachment, most: int) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 - the port's signature
        """Yield a file's content; raise FileUnreadable where it is not to be had, or exceeds `most` bytes."""
        return self._downloads.read_chunks(attachment.url, most)

    async def post_notice(self, key: ConversationKey, text: str, only_for: str = "") -> bool:
        """Post a text into a channel; raises DiscordRefusal. Outside of an interaction all see what stands there."""
        if only_for:
            return False
        await (await self._session).post_notice(key.thread or key.channel, text)
        return True

    async def show_card(self, turn: Turn, card: Card, journal: Journal) -> None:
        """Post a card in the message's thread or under it, or change the one that stands."""
        await (await self._session).show_card(turn, card, journal)

    async def reply(self, turn: Turn, events: AsyncIterator[ReplyEvent], journal: Journal, *, live: bool) -> None:
        """Show an answer in the message's thread, or under it, or to who clicked alone."""
        session = await self._session
        if turn.message.is_private:
            await session.whisper(turn.message, events)
            return
        budget = self._budgets.setdefault(turn.message.key.thread or turn.message.key.channel, _edit_rate())
        cut = MessageSplitter(self._options.parts, await session.heading_of(turn))
        reply = DiscordReply(session, cut, budget, turn, journal)
        grows = live and budget.reserve_edit()
        try:
            await ReplyStream(reply, cut, await reply.find_standing(), self._pace).show_reply(events, live=grows)
        finally:
            reply.close()
            if grows:
                budget.release_edit()
            asyncio.get_running_loop().call_later(BUCKET_FULL, id, budget)  # what was spent counts for the next answer


def _edit_rate() -> EditRate:
    return EditRate(EDITS, EDITS_PER_SECOND)
