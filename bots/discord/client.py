"""discord.py's client, as Confab uses it: what it asks to hear, where its events go, and which shards hear."""

import asyncio
from typing import Any

import discord
import structlog
from discord import app_commands

from bots.backfill import Backfill
from bots.bounded_response import BoundedConnector
from bots.discord.audience import is_closed_off
from bots.discord.calls import LONGEST_WAIT
from bots.discord.commands import SlashCommands
from bots.discord.guarded_state import GuardedState
from bots.discord.listener import DiscordEventReader
from bots.discord.login import Login
from bots.discord.settings import DiscordSettings

log = structlog.get_logger()


class Shards:
    """The state of each of `count` shards."""

    def __init__(self, count: int) -> None:
        self._deaf = set(range(count))
        self._all_hear = asyncio.Event()

    @property
    def are_connected(self) -> bool:
        """Whether events can arrive from every guild."""
        return not self._deaf

    async def wait_until_connected(self) -> None:
        """Return once every shard hears."""
        await self._all_hear.wait()

    def note_connected(self, shard: int) -> None:
        """Learn that a shard hears, in a new session or in the one that it had."""
        self._deaf.discard(shard)
        if self.are_connected:
            self._all_hear.set()

    def note_disconnected(self, shard: int) -> None:
        """Learn that a shard has lost its connection."""
        self._deaf.add(shard)
        self._all_hear.clear()


class DiscordClient(discord.AutoShardedClient):
    """One bot in all of its guilds, over as many shards as Discord recommends: one, for most.

    No mention is allowed, which holds for every create, edit and follow-up; nothing is cached but guilds and channels.
    """

    def __init__(self, options: DiscordSettings, introduction: Login, intents: discord.Intents) -> None:
        super().__init__(
            intents=intents,
            shard_count=introduction.shards,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=options.ready_timeout,
            max_ratelimit_timeout=LONGEST_WAIT,
            connector=BoundedConnector(),
        )
        self.tree = app_commands.CommandTree(self)
        self._pause = options.identify_pause
        self._ear: DiscordEventReader | None = None
        self._shards: Shards | None = None
        self._catch_up: Backfill | None = None
        self._commands: SlashCommands | None = None

    def report_to(self, ear: DiscordEventReader, shards: Shards, catch_up: Backfill, commands: SlashCommands) -> None:
        """Tell these four of every event."""
        self._ear, self._shards, self._catch_up, self._commands = ear, shards, catch_up, commands

    def _get_state(self, **options: Any) -> GuardedState:
        """Return the state that every event is parsed into: one that no odd event breaks."""
        own = {"dispatch": self.dispatch, "handlers": self._handlers, "hooks": self._hooks, "http": self.http}
        return GuardedState(**own, **options)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:  # noqa: ARG002 - the SDK's signature
        """Keep Discord's distance between two identifies, five seconds (docs, Gateway, Rate limiting)."""
        if not initial:
            await asyncio.sleep(self._pause)

    async def on_interaction(self, interaction: discord.Interaction[discord.Client]) -> None:
        """INTERACTION_CREATE; discord.py hands commands to the tree itself."""
        if self._commands and interaction.type is discord.InteractionType.component:
            await self._commands.receive_choice(interaction)

    async def on_message(self, message: discord.Message) -> None:
        """MESSAGE_CREATE."""
        if self._ear and self._catch_up:
            await self._ear.receive_message(message)
            self._catch_up.note_received(message.id)

    async def on_unreadable_message(self, guild: str, channel: str, message_id: str) -> None:
        """MESSAGE_CREATE of which discord.py can read nothing."""
        if self._ear:
            await self._ear.set_aside(guild, channel, message_id)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """MESSAGE_UPDATE."""
        if self._ear:
            await self._ear.receive_edit(payload.message)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """MESSAGE_DELETE."""
        if self._ear:
            await self._ear.receive_deletions(payload.channel_id, payload.guild_id, [payload.message_id])

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """MESSAGE_DELETE_BULK."""
        if self._ear:
            await self._ear.receive_deletions(payload.channel_id, payload.guild_id, sorted(payload.message_ids))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """CHANNEL_DELETE; also where the bot may no longer see one."""
        if self._ear:
            await self._ear.receive_loss(channel.guild.id, channel.id)

    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        """CHANNEL_UPDATE: one that is made private, or that the bot may no longer see, begins anew."""
        if self._ear and is_closed_off(before, after):
            await self._ear.receive_loss(after.guild.id, after.id)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """THREAD_DELETE."""
        if self._ear:
            await self._ear.receive_loss(payload.guild_id, payload.parent_id, payload.thread_id)

    async def on_thread_remove(self, thread: discord.Thread) -> None:
        """THREAD_MEMBERS_UPDATE: the bot was taken out of a thread, which loses it a private one."""
        if self._ear and thread.is_private():
            await self._ear.receive_loss(thread.guild.id, thread.parent_id, thread.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """GUILD_DELETE without an outage: the bot was removed."""
        if self._ear:
            await self._ear.receive_loss(guild.id)

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:  # noqa: ARG002 - the SDK's signature
        """Log what went wrong with an event, and have what it told read again."""
        log.error("event failed", discord_event=event_method, exc_info=True)  # noqa: LOG014 - called where it was raised
        if self._catch_up:
            self._catch_up.begin_catch_up()

    async def on_shard_ready(self, shard_id: int) -> None:
        """READY, and the guilds that it announced have come; nothing of what came before is replayed."""
        if self._shards and self._catch_up:
            self._shards.note_connected(shard_id)
            self._catch_up.begin_catch_up()

    async def on_guild_available(self, guild: discord.Guild) -> None:  # noqa: ARG002 - the SDK's signature
        """A guild is back, on start or after an outage of Discord's."""
        if self._shards and self._catch_up and self._shards.are_connected:
            self._catch_up.begin_catch_up()

    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:  # noqa: ARG002 - the SDK's signature
        """A channel is new, or came into sight: something may stand there already."""
        if self._catch_up:
            self._catch_up.begin_catch_up()

    async def on_shard_resumed(self, shard_id: int) -> None:
        """RESUMED: what was missed has been replayed."""
        log.info("discord connection resumed", shard=shard_id)
        if self._shards:
            self._shards.note_connected(shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """The connection is gone, and discord.py makes a new one."""
        log.info("discord connection lost", shard=shard_id)
        if self._shards:
            self._shards.note_disconnected(shard_id)


def intents_for(*, message_content: bool) -> discord.Intents:
    """Return what is asked for: guilds, messages in them and direct ones, of which none is privileged.

    Without message content Discord still delivers the text of direct messages and of what mentions the bot (Discord
    docs, Message Content Intent).
    """
    return discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=message_content)
