"""One sign-in: the client, who hears its events, and where answers go, from start to end."""

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator, Sequence
from functools import partial

import discord
import structlog
from discord.gateway import KeepAliveHandler

from bots.backfill import Backfill
from bots.discord.audience import audience_of
from bots.discord.backfill import MARGIN, DiscordBackfill
from bots.discord.calls import DiscordRefusal, IntentNotEnabled, WrongToken, call_persistently
from bots.discord.cards import show_card, whisper_in_answer
from bots.discord.channel_members import find_author, renew_message
from bots.discord.client import DiscordClient, Shards, intents_for
from bots.discord.commands import SlashCommands
from bots.discord.faces import PersonaHeadings
from bots.discord.listener import DiscordEventReader
from bots.discord.login import Login
from bots.discord.member_roles import MemberRoles
from bots.discord.outgoing import LONGEST
from bots.discord.quotes import read_referenced
from bots.discord.reply_channel import ReplyChannel, ReplyChannels
from bots.discord.settings import DiscordSettings
from bots.discord.thread_history import read_before
from bots.discord.thread_renaming import ThreadRenaming
from bots.discord.typing import TypingIndicator
from bots.markdown.disguised_links import escape_links
from bots.state import PlatformState
from core.cards import Card
from core.chat_commands import ChatCommands
from core.commands import rings_author
from core.knowledge.audience import Audience
from core.messages import Author, Earlier, Message, Receive, Turn
from core.model_events import ReplyEvent
from core.ports import Journal

log = structlog.get_logger()

PATIENCE = 30.0  # seconds after which a connection that does not come is worth a line in the log
LAST_BEAT = 2.0  # seconds for a heartbeat that is just being sent when the session ends
AUTHENTICATION_FAILED = 4004  # Discord docs, Gateway close event codes


class DiscordSession:
    """The bot while it is signed in."""

    def __init__(
        self,
        options: DiscordSettings,
        introduction: Login,
        receive: Receive,
        state: PlatformState,
        commands: ChatCommands,
    ) -> None:
        self._options = options
        self._introduction = introduction
        self._reads_all = _reads_all(options, introduction)
        self._client = DiscordClient(options, introduction, intents_for(message_content=self._reads_all))
        self.typing = TypingIndicator(self._client)
        self.conversation_of = state.conversation_of
        self._headings = PersonaHeadings(self._client)
        self._members = MemberRoles(self._client, is_needed=options.needs_roles)
        named = options.thread_names == "question"
        renaming = ThreadRenaming(self._client, introduction.user, state, names_questions=named)
        self._threads = ReplyChannels(self._client, commands.preferences.policies, renaming, names_questions=named)
        receive_known = partial(self._members.receive_event, receive)
        self._ear = DiscordEventReader(
            self._client, introduction.user, receive_known, self.typing, state, renaming, roles=options.roles
        )
        self.shards = Shards(introduction.shards)
        missed = DiscordBackfill(self._client, self._ear, state)
        self._catch_up = Backfill(f"discord/{introduction.application}", state, missed.read_missed, MARGIN)
        self._commands = SlashCommands(self._client.tree, introduction.user, receive_known, state, commands)
        self._running: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Connect, and return once every shard hears; raises what ends a session for good."""
        await self._catch_up.set_first_mark(discord.utils.time_snowflake(discord.utils.utcnow()))
        self._client.report_to(self._ear, self.shards, self._catch_up, self._commands)
        self._running = asyncio.create_task(self._run_client())
        hearing = asyncio.create_task(self.shards.wait_until_connected())
        try:
            while not await _wait_for_first((self._running, hearing), PATIENCE):
                log.warning("discord gateway not reached yet", hint="Look at the network and Discord's status page.")
        finally:
            hearing.cancel()
        if self._running.done():
            self._running.result()
        self._log_connection()

    async def wait_until_lost(self) -> None:
        """Wait until the connection is given up for good, and raise why."""
        if self._running:
            await asyncio.shield(self._running)

    def stop_receiving(self) -> None:
        """Take in nothing more: what comes now is read again after the next start."""
        self._catch_up.close()
        self._ear.close()
        self._commands.close()

    async def close(self) -> None:
        """Sign out."""
        self.stop_receiving()
        self.typing.close()
        await self._client.close()
        if self._running:
            self._running.cancel()  # discord.py may sleep for minutes between two attempts to connect
            await asyncio.gather(self._running, return_exceptions=True)
        await _end_heartbeats()

    async def channel_of(self, turn: Turn, *, is_admitted: bool) -> ReplyChannel:
        """Return where a turn is answered, and show there that it is."""
        room = await self._threads.channel_of(turn, is_admitted=is_admitted)
        if rings_author(turn.message.command):
            room.ring(turn.message.author.id)
        if not room.is_interaction:
            self.typing.begin_typing(turn.message.id, room.id)
        return room

    async def heading_of(self, turn: Turn) -> str:
        """Return what stands above an answer: whom it rings, or whom the bot plays; empty where that is nobody."""
        if rings_author(turn.message.command):
            return f"<@{turn.message.author.id}> "
        return await self._headings.heading_for(turn.face, turn.message.key.workspace)

    async def show_card(self, turn: Turn, card: Card, journal: Journal) -> None:
        """Post a card where a turn is answered, or change the one that stands; raises DiscordRefusal."""
        await show_card(await self._threads.channel_of(turn, is_admitted=True), turn, card, journal)

    async def whisper(self, message: Message, events: AsyncIterator[ReplyEvent]) -> None:
        """Show a text to a message's author alone; raises DiscordRefusal."""
        await whisper_in_answer(self._client, message, events)

    async def read_referenced(self, message: Message) -> Message:
        """Return a question with what it replies to, or who wrote what it forwards, where only a call tells that."""
        read = await read_referenced(self._client, message, self._introduction.user)
        (completed,) = await self._members.complete(message.key.workspace, [read])
        return completed

    async def fetch_earlier(self, message: Message, most: int, since: float) -> list[Earlier]:
        """Return what was said before a message in its thread or channel, oldest first; raises DiscordRefusal."""
        lines = await read_before(self._client, message, self._introduction.user, most, since)
        return await self._members.complete(message.key.workspace, lines)

    async def find_author(self, message: Message) -> Author | None:
        """Return a message's author as they are there now, None where they have left; raises DiscordRefusal."""
        return await find_author(self._client, message)

    async def renew_message(self, message: Message, number: int) -> Message:
        """Return a message as one that stands nowhere, and is answered where its conversation is held."""
        return await renew_message(self._client, message, number)

    def find_audience(self, message: Message, channels: Sequence[str]) -> Audience:
        """Return who reads the answer to a message, and which of these channels all of them may read."""
        return audience_of(self._client, message, channels)

    async def post_notice(self, channel: str, text: str) -> None:
        """Post a text into a channel; raises DiscordRefusal."""
        place = self._client.get_partial_messageable(int(channel))
        nonce = secrets.token_hex(12)  # so that a repetition is the same post
        content = escape_links(text)[:LONGEST]
        await call_persistently("create_message", lambda: place.send(content, nonce=nonce, suppress_embeds=True))

    async def _run_client(self) -> None:
        try:
            async with self._client:
                await self._client.login(self._options.token)
                syncing = asyncio.create_task(self._commands.sync(self._introduction.application))
                try:
                    await self._client.connect()
                finally:
                    syncing.cancel()  # a limit of Discord's may last an hour: nobody is kept from being heard by it
                    await asyncio.gather(syncing, return_exceptions=True)
        except discord.PrivilegedIntentsRequired:
            raise IntentNotEnabled from None
        except discord.LoginFailure:
            raise WrongToken from None
        except discord.ConnectionClosed as error:
            is_token = error.code == AUTHENTICATION_FAILED
            raise (WrongToken() if is_token else DiscordRefusal("gateway", error.code)) from None
        except (discord.DiscordException, OSError, TimeoutError) as error:
            raise DiscordRefusal("gateway", 0) from error

    def _log_connection(self) -> None:
        """Say what can be heard, and which switch changes it."""
        log.info(
            "discord on",
            bot=str(self._client.user),
            guilds=len(self._client.guilds),
            shards=self._introduction.shards,
            hears="all that is said in its channels" if self._reads_all else "direct messages, and what mentions it",
            hint=_intent_hint(self._reads_all),
        )


async def _end_heartbeats() -> None:
    """Wait until the threads that keep this loop's connections alive are over.

    discord.py leaves them to end by themselves (gateway.KeepAliveHandler), one of a connection that was just being
    made not at all; one that beats once more when the loop is closed raises.
    """
    loop = asyncio.get_running_loop()
    ours = [each for each in threading.enumerate() if isinstance(each, KeepAliveHandler) and each.ws.loop is loop]
    for each in ours:
        each.stop()
    for each in ours:
        await asyncio.to_thread(each.join, LAST_BEAT)


async def _wait_for_first(tasks: tuple[asyncio.Task[None], ...], seconds: float) -> bool:
    """Wait until one of the tasks is done; False where none is after so long."""
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    return bool(done)


def _reads_all(options: DiscordSettings, introduction: Login) -> bool:
    """Whether to ask for message content: as the setting says, or else as the application's switch stands."""
    return introduction.message_content if options.message_content == "auto" else options.message_content == "on"


def _intent_hint(reads_all: bool) -> str:
    if reads_all:
        return "CONFAB_DISCORD_MESSAGE_CONTENT=off: it then hears mentions and direct messages alone."
    return "For follow-ups without a mention, switch on Bot -> Message Content Intent at discord.com/developers."
