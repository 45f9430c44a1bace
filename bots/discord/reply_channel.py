"""Channels and threads as an answer is posted in them."""

import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import discord
import structlog
from discord.http import Route

from bots.discord.calls import (
    ARCHIVED,
    GONE,
    HAS_THREAD,
    NO_THREAD,
    TOKEN_SPENT,
    UNCERTAIN_HINT,
    DiscordRateLimit,
    DiscordRefusal,
    call_persistently,
)
from bots.discord.outgoing import FILE_NAME
from bots.discord.places import DIRECT, ReplyHandle, handle_of
from bots.discord.thread_names import name_from_question, plain_name_of
from bots.discord.thread_renaming import ThreadRenaming
from bots.markdown.marks import SPOILER
from core.errors import Uncertain
from core.messages import ConversationKey, Message, Turn
from core.policy import Policies

log = structlog.get_logger()

LOOK_BACK = 500  # messages behind a question among which a part is looked for: five calls


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """A message of the bot as it stands; `replies_to` is the id of the one above it, or empty."""

    id: str
    text: str
    replies_to: str = ""


class ReplyChannel:
    """A channel, a thread or a direct message, by id: what is done in it is done again until Discord answers.

    `shared` says that several conversations are held in it.
    """

    is_interaction = False

    def __init__(self, client: discord.Client, room: str, guild: int | None, question: str = "") -> None:
        """With a `question`, the first part replies to that message."""
        self.id = room
        self.is_shared = bool(question)
        self._client = client
        self._rung = discord.AllowedMentions.none()
        self._channel = client.get_partial_messageable(int(room), guild_id=guild)
        self._reference = discord.MessageReference(
            message_id=int(question or 0), channel_id=int(room), guild_id=guild, fail_if_not_exists=False
        )

    def ring(self, person: str) -> None:
        """Let what is posted ring a person, by their id, where it names them (Discord docs, Allowed Mentions)."""
        self._rung = discord.AllowedMentions(
            everyone=False, roles=False, replied_user=False, users=[discord.Object(int(person))]
        )

    async def send_part(self, part: int, text: str, nonce: str, *, as_file: bool) -> PostedMessage:
        """Post a part under a nonce, so that a repetition finds the first post; raises DiscordRefusal.

        discord.py sends `enforce_nonce` with every nonce.
        """
        message = await call_persistently("create_message", lambda: self._send_once(part, text, nonce, as_file=as_file))
        return PostedMessage(str(message.id), text if as_file else message.content)

    async def change_message(self, message_id: str, text: str, *, as_file: bool) -> None:
        """Change a message; a thread that was archived meanwhile is opened for it. Raises DiscordRefusal."""
        await self._edit_opened(lambda: self._edit_once(message_id, text, as_file=as_file))

    async def send_card(self, text: str, buttons: discord.ui.View, nonce: str) -> str:
        """Post a text with buttons under a nonce; return its id. Raises DiscordRefusal."""
        message = await call_persistently(
            "create_message",
            lambda: self._channel.send(text, nonce=nonce, view=buttons, suppress_embeds=True),
        )
        return str(message.id)

    async def change_card(self, message_id: str, text: str, buttons: discord.ui.View | None) -> None:
        """Change a text with buttons, or take them away; raises DiscordRefusal."""
        message = self._channel.get_partial_message(int(message_id))
        await self._edit_opened(lambda: message.edit(content=text, view=buttons))

    async def find_card(self, message_id: str, custom_id: str) -> str:
        """Return the bot's message behind another that has a button of this name, empty where there is none."""
        behind = discord.Object(int(message_id))
        found = await call_persistently("get_channel_messages", lambda: self._find_button(behind, custom_id))
        return str(found.id) if found else ""

    async def delete_message(self, message_id: str) -> None:
        """Take a message away; raises DiscordRefusal."""
        message = self._channel.get_partial_message(int(message_id))
        try:
            await call_persistently("delete_message", message.delete)
        except DiscordRefusal as error:
            if error.code not in GONE:
                raise

    async def read_own_after(self, message_id: str) -> list[PostedMessage]:
        """Return the bot's own messages behind another, oldest first, without answers to interactions.

        Raises DiscordRefusal, or Uncertain where so much was said since that the looking has no end, or where the
        right is missing: Discord then shows an empty channel (Discord docs, Get Channel Messages).
        """
        if not self._is_readable():
            raise Uncertain("get_channel_messages: the right to read history is missing", UNCERTAIN_HINT)
        return await call_persistently("get_channel_messages", lambda: self._read_once(discord.Object(int(message_id))))

    async def _send_once(self, part: int, text: str, nonce: str, *, as_file: bool) -> discord.Message:
        if as_file:
            return await self._channel.send(file=_as_file(text), nonce=nonce)
        send = partial(self._channel.send, text, nonce=nonce, suppress_embeds=True, allowed_mentions=self._rung)
        return await (send(reference=self._reference) if self.is_shared and part == 0 else send())

    async def _edit_once(self, message_id: str, text: str, *, as_file: bool) -> None:
        message = self._channel.get_partial_message(int(message_id))
        if as_file:
            await message.edit(attachments=[_as_file(text)])
        else:
            await message.edit(content=text)

    async def _edit_opened(self, edit: Callable[[], Awaitable[object]]) -> None:
        """Make an edit, in a thread that was archived meanwhile after opening it."""
        try:
            await call_persistently("edit_message", edit)
        except DiscordRefusal as error:
            if error.code != ARCHIVED:
                raise
            await call_persistently("modify_channel", self._reopen)
            await call_persistently("edit_message", edit)

    async def _find_button(self, behind: discord.Object, custom_id: str) -> discord.Message | None:
        async for each in self._channel.history(after=behind, limit=LOOK_BACK, oldest_first=True):
            rows = [row for row in each.components if isinstance(row, discord.ActionRow)]
            if any(getattr(button, "custom_id", "") == custom_id for row in rows for button in row.children):
                return each
        return None

    async def _reopen(self) -> None:
        thread = self._client.get_channel(int(self.id)) or await self._client.fetch_channel(int(self.id))
        if isinstance(thread, discord.Thread):
            await thread.edit(archived=False)

    def _is_readable(self) -> bool:
        """Whether earlier messages are shown to the bot, as far as it knows."""
        channel = self._client.get_channel(int(self.id))
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return True
        return channel.permissions_for(channel.guild.me).read_message_history

    async def _read_once(self, behind: discord.Object) -> list[PostedMessage]:
        found = [each async for each in self._channel.history(after=behind, limit=LOOK_BACK, oldest_first=True)]
        if len(found) == LOOK_BACK:
            raise Uncertain(f"get_channel_messages: {LOOK_BACK} messages or more", UNCERTAIN_HINT)
        return [_read_posted(each) for each in found if each.author == self._client.user and not each.webhook_id]


class InteractionReply(ReplyChannel):
    """The answer to an interaction: its first part is the answer that was promised, the others follow in the channel.

    Once the token no longer holds, the first part is a message like any other.
    """

    is_interaction = True

    def __init__(self, client: discord.Client, handle: ReplyHandle, guild: int | None) -> None:
        super().__init__(client, handle.channel, guild)
        self._handle = handle

    async def send_part(self, part: int, text: str, nonce: str, *, as_file: bool) -> PostedMessage:
        """Post a part; raises DiscordRefusal."""
        if part == 0 and await self._edit_promised(text):
            return PostedMessage(self._handle.original, text)
        return await super().send_part(part, text, nonce, as_file=as_file)

    async def change_message(self, message_id: str, text: str, *, as_file: bool) -> None:
        """Change a message; raises DiscordRefusal."""
        if message_id != self._handle.original or not await self._edit_promised(text):
            await super().change_message(message_id, text, as_file=as_file)

    async def _edit_promised(self, text: str) -> bool:
        """Edit the answer that was promised; False where its token no longer holds."""
        if not self._handle.is_valid:
            return False
        try:
            await call_persistently("edit_interaction_response", lambda: self._edit_promised_once(text))
        except DiscordRefusal as error:
            if error.code not in TOKEN_SPENT:
                raise
            return False
        return True

    async def _edit_promised_once(self, text: str) -> None:
        """Edit it without previews of its links, for which discord.py's own method has no place."""
        route = Route(
            "PATCH",
            "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}",
            webhook_id=self._client.application_id or 0,
            webhook_token=self._handle.token,
            message_id=self._handle.original,
        )
        nobody = discord.AllowedMentions.none().to_dict()
        body = {"content": text, "allowed_mentions": nobody, "flags": discord.MessageFlags(suppress_embeds=True).value}
        await self._client.http.request(route, json=body)


def _read_posted(message: discord.Message) -> PostedMessage:
    replies_to = str(message.reference.message_id) if message.reference else ""
    return PostedMessage(str(message.id), message.content, replies_to)


def _as_file(text: str) -> discord.File:
    """Return a text as a file, veiled where it holds a spoiler, as Discord shows the beginning of a file's text."""
    return discord.File(io.BytesIO(text.encode()), FILE_NAME, spoiler=SPOILER in text)


class ReplyChannels:
    """Finds the room of an answer, and opens a thread where there should be one."""

    def __init__(
        self, client: discord.Client, policies: Policies, renaming: ThreadRenaming, *, names_questions: bool
    ) -> None:
        """`names_questions`: a thread is called by the first words of its question."""
        self._client = client
        self._policies = policies
        self._renaming = renaming
        self._names_questions = names_questions

    async def channel_of(self, turn: Turn, *, is_admitted: bool) -> ReplyChannel:
        """Return where a turn's answer stands, or is to stand; `is_admitted`: the question's words may be shown."""
        message, key = turn.message, turn.message.key
        guild = None if key.workspace == DIRECT else int(key.workspace)
        handle = handle_of(message)
        if handle.token:
            return InteractionReply(self._client, handle, guild)
        if guild is None or handle.channel != key.channel:
            return ReplyChannel(self._client, handle.channel, guild)
        if key.thread == message.id and await self._has_thread(turn, is_admitted=is_admitted):
            return ReplyChannel(self._client, key.thread, guild)
        return ReplyChannel(self._client, handle.channel, guild, message.id)

    async def _has_thread(self, turn: Turn, *, is_admitted: bool) -> bool:
        """See to it that the question has a thread; False where it is to be answered in place."""
        if turn.posted:
            return await self._thread_exists(turn.message.key)
        if not self._policies.policy_of(turn.message.key).threads or not self._may_open(turn.message.key):
            return False
        try:
            await self._open_thread(turn.message, is_named=is_admitted and self._names_questions)
        except DiscordRateLimit:  # an answer under its question is worth more than one in a thread later
            return False
        except DiscordRefusal as error:
            if error.code not in NO_THREAD | {HAS_THREAD}:
                raise
            log.info("no thread opened", code=error.code)
            return error.code == HAS_THREAD
        return True

    async def _thread_exists(self, key: ConversationKey) -> bool:
        """Whether an earlier attempt opened a thread for what it posted."""
        try:
            await call_persistently("get_channel", lambda: self._client.fetch_channel(int(key.thread)))
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

    async def _open_thread(self, message: Message, *, is_named: bool) -> None:
        channel = self._client.get_partial_messageable(int(message.key.channel), guild_id=int(message.key.workspace))
        question = channel.get_partial_message(int(message.id))
        name = name_from_question(message.text, message.id) if is_named else plain_name_of(message.id)
        thread = await call_persistently("start_thread_from_message", lambda: question.create_thread(name=name))
        if is_named:
            await self._renaming.note_name(thread)
