"""Slack as a platform: its events to core, core's answers to its threads."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bots.backfill import Backfill
from bots.edit_rate import EditRate
from bots.markdown.splitting import Growing
from bots.silence import explain_silence
from bots.slack.audience import SlackAudience
from bots.slack.backfill import MARGIN, SILENCE, SlackBackfill, microseconds_of
from bots.slack.calls import MaybeSent, SlackCalls, SlackRefusal
from bots.slack.cards import show_card, whisper
from bots.slack.events import SlackEventReader, author_of
from bots.slack.faces import PersonaFaces
from bots.slack.files import SlackFiles, fetch_own_transcript, identify_files
from bots.slack.incoming import mentioned_users, to_markdown
from bots.slack.interactions import Ephemeral, Interactions
from bots.slack.listener import SlackListener
from bots.slack.outgoing import LIMIT, payload_of, ringing_payload
from bots.slack.payload_values import TS, Payload, ts_at
from bots.slack.people import DisplayNames
from bots.slack.post_text import attachments_of, read_text
from bots.slack.reply import SlackReply, ThinkingStatus
from bots.slack.settings import SlackSettings
from bots.slack.settings_menu import SettingsMenu
from bots.slack.socket import SlackSocket
from bots.slack.standing import fetch_standing
from bots.slack.thread_history import read_channel_before, read_thread_before
from bots.slack.webhook import events_route
from bots.state import PlatformState
from bots.streaming import Pace, ReplyStream
from core.cards import Card
from core.chat_commands import ChatCommands
from core.commands import is_ranked, rings_author
from core.knowledge.audience import Audience
from core.messages import Attachment, Author, ConversationKey, Earlier, Message, Receive, Turn
from core.model_events import ReplyEvent
from core.ports import Journal

log = structlog.get_logger()

# Slack allows an app 50 or more `chat.update` a minute in a workspace (Slack docs, rate limits: Tier 3, counted by
# method): a full bucket and a minute's refill stay within that.
EDITS = 20.0
EDITS_PER_SECOND = 0.5
SETTLED = 2.0  # seconds for which the end of an answer waits for a status on its way, that none stands below it


class Slack:
    """One installed workspace."""

    name = "slack"

    def __init__(
        self, options: SlackSettings, session: aiohttp.ClientSession, state: PlatformState, commands: ChatCommands
    ) -> None:
        """`session` is the one that all calls share, and the caller closes it; `state` outlives this process."""
        self._options = options
        self._state = state
        self._commands = commands
        self._calls = SlackCalls(_open_client(options, session, options.bot_token))
        self._bolts_client = _open_client(options, session, None)  # it carries the token of each event's authorization
        self._people = DisplayNames(self._calls)
        self._audience = SlackAudience(self._calls)
        self._files = SlackFiles(session, options.bot_token, options.api_url, options.file_hosts)
        self._ephemeral = Ephemeral(session)
        self._status = ThinkingStatus(self._calls)
        self._faces = PersonaFaces(self._calls)
        self._budget = EditRate(EDITS, EDITS_PER_SECOND)
        self._pace = Pace(interval=options.edit_interval)
        self._app: AsyncApp | None = None
        self._socket: SlackSocket | None = None
        self._catch_up: Backfill | None = None
        self._identity = AuthorizeResult(enterprise_id=None, team_id=None)
        self._url = ""  # of the workspace

    async def start(self, receive: Receive) -> None:
        """Sign in and listen; raises PlatformError where Slack cannot be reached, or does not accept the token."""
        try:
            me = await self._calls.post_json("auth.test", {})
        except SlackRefusal as error:
            raise explain_silence(error, urlsplit(self._options.api_url).netloc, "SLACK_API_URL") from error
        self._identity = AuthorizeResult(
            enterprise_id=me.get("enterprise_id"),
            team_id=me["team_id"],
            bot_token=self._options.bot_token,
            bot_id=me.get("bot_id"),
            bot_user_id=me["user_id"],
        )
        team, user, self._url = str(me["team_id"]), str(me["user_id"]), str(me.get("url") or "https://slack.com/")
        hear = partial(self._audience.receive_event, receive)
        ear = SlackEventReader(
            team, user, hear, self._state, dm_threads=self._options.dm_threads, bot_id=str(me.get("bot_id") or "")
        )
        missed = SlackBackfill(self._calls, team, ear, self._state)
        self._catch_up = Backfill(f"slack/{team}", self._state, missed.read_missed, MARGIN, SILENCE)
        is_first = await self._catch_up.set_first_mark(microseconds_of(time.time()))
        interactions = Interactions(team, user, self._commands, self._options.dm_threads)
        settings = SettingsMenu(self._calls, self._people, self._commands, team)
        listener = SlackListener(self._identity, interactions, ear, receive, self._catch_up, settings)
        app = self._app = listener.build_app(
            self._bolts_client, self._options.signing_secret or "unused in Socket Mode"
        )
        if self._options.app_token:
            self._socket = SlackSocket(app, self._options.app_token, self._catch_up.begin_catch_up, self._options.ping)
            await self._socket.connect_socket()
        self._catch_up.begin_moving() if is_first else self._catch_up.begin_catch_up()
        log.info("slack on", workspace=me.get("team"), bot=me.get("user"), mode="socket" if self._socket else "http")

    def routes(self) -> list[web.RouteDef]:
        """Return the route on which events come, once it has started, where there is no app token."""
        return (
            [events_route(self._app, self._options.signing_secret)] if self._app and not self._options.app_token else []
        )

    async def stop(self) -> None:
        """Take in nothing more."""
        if self._catch_up:
            self._catch_up.close()
        if self._socket:
            await self._socket.close()

    async def is_ready(self) -> bool:
        """Tell whether events can arrive."""
        return self._socket is None or await self._socket.is_connected()

    async def wait_until_lost(self) -> None:
        """Wait for ever: Slack's connection is made anew, whatever ends it."""
        await asyncio.Event().wait()

    async def resolve_names(self, message: Message) -> Message:
        """Return the message with people's names in place of ids, our own mention taken out, and what its files are.

        One that has a person's name is returned as it is: read again, `<a>` as it was typed would be a link. A command
        whose answer depends on it comes with its author's rank at this moment.
        """
        said = await self._read_names(message)
        if not is_ranked(message.command):
            return said
        where, who = message.key, message.author.id
        rank = await fetch_standing(self._people, self._commands.preferences, where.workspace, where.channel, who)
        return replace(said, standing=rank)

    async def _read_names(self, message: Message) -> Message:
        if message.author.name and not message.author.is_bot:
            return message if message.zone else replace(message, zone=await self._people.zone_of(message.author.id))
        mine = {self._identity.bot_user_id}
        people = {user: await self._people.name_of(user) for user in mentioned_users(message.text) - mine}
        author = replace(message.author, name=message.author.name or await self._people.name_of(message.author.id))
        read = partial(to_markdown, bot_user=str(self._identity.bot_user_id), names=people)
        text, others = read(message.text), tuple(map(read, message.others))
        quotations = tuple(
            replace(each, text=read(each.text), others=tuple(map(read, each.others))) for each in message.quotations
        )
        files = await identify_files(self._calls, message.attachments)
        zone = "" if author.is_bot else await self._people.zone_of(author.id)
        said = replace(message, author=author, text=text, attachments=files, zone=zone, quotations=quotations)
        return replace(said, others=(*others, *people.values()))

    async def fetch_earlier(self, message: Message, most: int, since: float = 0.0) -> Sequence[Earlier]:
        """Return what was said before a message, in its thread or, where it begins one, its channel; with names."""
        key = message.key
        if not key.thread or not TS.fullmatch(message.id):
            return ()  # a question from a menu brings the message that it is about
        if key.thread != message.id:
            found = await read_thread_before(self._calls, key.channel, key.thread, message.id, most)
        elif not key.channel.startswith("D"):
            found = await read_channel_before(self._calls, key.channel, message.id, most, since)
        else:
            return ()  # a direct message begins anew
        lines = [await self._read_line(message, post) for post in found]
        return [line for line in lines if line is not None]

    async def _read_line(self, message: Message, post: Payload) -> Earlier | None:
        """Read another message of the same thread or channel; None where nobody says something, or it is unreadable."""
        author, ts = author_of(post), ts_at(post, "ts")
        if author is None or not ts:
            return None
        read, files = read_text(post), attachments_of(post)
        line = replace(message, id=ts, author=author, text=read.whole, attachments=files, others=())
        said = await self.resolve_names(replace(line, quotations=read.quotations))
        is_own = author.id in {self._identity.bot_user_id, self._identity.bot_id}
        return Earlier(said.author, said.text, ts, float(ts), is_own, said.attachments, said.quotations)

    async def find_audience(self, message: Message, channels: Sequence[str]) -> Audience:
        """Return who reads the answer to a message, and which of these channels all of them may read just now."""
        return await self._audience.find_audience(message, channels)

    async def find_author(self, message: Message) -> Author | None:
        """Return a message's author where they are still there, None where they have left; raises SlackRefusal."""
        return await self._people.find_in_channel(message.author, message.key.channel)

    async def renew_message(self, message: Message, number: int) -> Message:
        """Return a message as one that stands nowhere; its number and time are its id."""
        return replace(message, id=f"schedule-{number}-{message.sent_at:.6f}", handle="")

    def link_to(self, message: Message) -> str:
        """Return a message's permalink (Slack docs, chat.getPermalink: what it returns has this form)."""
        thread = message.key.thread
        reply = f"?thread_ts={thread}&cid={message.key.channel}" if thread not in {"", message.id} else ""
        return f"{self._url}archives/{message.key.channel}/p{message.id.replace('.', '')}{reply}"

    def open_file(self, key: ConversationKey, attachment: Attachment, most: int) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 - the port's signature
        """Yield a file's content; raise FileUnreadable where it is not to be had, or exceeds `most` bytes."""
        return self._files.read_chunks(attachment.url, most)

    async def fetch_transcript(self, key: ConversationKey, attachment: Attachment) -> str:  # noqa: ARG002 - one workspace
        """Return Slack's own transcript of a clip, empty where it has none that is complete."""
        return await fetch_own_transcript(self._calls, attachment.id)

    async def post_notice(self, key: ConversationKey, text: str, only_for: str = "") -> bool:
        """Post a text into a channel, or show it to one person there; raises SlackRefusal.

        In a direct message there is nobody else, and what is shown to one person alone would be gone with the window.
        """
        if only_for and key.channel.startswith("D"):
            return False
        alone = {"user": only_for, **({"thread_ts": key.thread} if key.thread else {})} if only_for else {}
        method = "chat.postEphemeral" if only_for else "chat.postMessage"
        try:
            await self._calls.post_json(method, {"channel": key.channel, **alone, **payload_of(text)}, repeatable=False)
        except MaybeSent:
            raise SlackRefusal(method, "no_answer") from None
        return True

    async def show_card(self, turn: Turn, card: Card, journal: Journal) -> None:
        """Post a card in the message's thread, or change the one that stands."""
        await show_card(self._calls, self._budget, turn, card, journal)

    async def reply(self, turn: Turn, events: AsyncIterator[ReplyEvent], journal: Journal, *, live: bool) -> None:
        """Show an answer in the message's thread, or to who clicked alone."""
        if turn.message.is_private:
            await whisper(self._calls, turn.message, events)
            return
        turn = replace(turn, face=await self._faces.face_to_show(turn.face))
        shown_as = (
            partial(ringing_payload, turn.message.author.id) if rings_author(turn.message.command) else payload_of
        )
        reply = SlackReply(self._calls, self._budget, turn, journal, shown_as, self._faces)
        grows = live and self._budget.reserve_edit()
        try:
            standing, most = await reply.find_standing(), self._options.parts
            stream = ReplyStream(reply, Growing(LIMIT), standing, self._pace, most)
            await self._with_status(turn, reply, stream.show_reply(events, live=grows))
        except SlackRefusal as refusal:
            await self._ephemeral.tell_refusal(turn.message, refusal)
            raise
        finally:
            if grows:
                self._budget.release_edit()

    async def _with_status(self, turn: Turn, reply: SlackReply, showing: Awaitable[None]) -> None:
        """Show a reply, and until it stands that the bot is thinking: nothing would clear that beside what stands."""
        thinking = asyncio.create_task(self._status.show_thinking(turn, reply))
        try:
            await showing
        finally:
            thinking.cancel()
            await asyncio.wait((thinking,), timeout=SETTLED)


def _open_client(options: SlackSettings, session: aiohttp.ClientSession, token: str | None) -> AsyncWebClient:
    """Return a client that tries nothing again by itself: a post whose answer was lost must be looked for first."""
    return AsyncWebClient(token, base_url=options.api_url, session=session, retry_handlers=[])
