"""Where the contestants of the bench perform: the pretend Slack and the pretend Discord, without rate limits."""

import asyncio
from contextlib import AbstractContextManager
from typing import Any, Protocol

from deploy.sandbox.discord import roster
from deploy.sandbox.wire.server import Sandbox

Thread = tuple[str, str]  # a room, and the message that began the thread


class Stage(Protocol):
    """One platform, as the bench sees it."""

    @property
    def name(self) -> str:
        """Return the platform's name."""

    @property
    def bare(self) -> str:
        """Return the module of the bare bot."""

    def environment(self) -> dict[str, str]:
        """Return what a bot has to know to come here."""

    async def present(self, number: int) -> None:
        """Wait until so many bots are connected."""

    async def settled(self) -> None:
        """Wait until nothing is under way that would reach the next bot."""

    async def ask(self, number: int, text: str, thread: Thread | None = None) -> Thread:
        """Mention the bot in one of the rooms, or in a thread; return the thread in which it will answer."""

    def watch(self) -> AbstractContextManager[asyncio.Queue[Any]]:
        """Return what happens from now on."""

    def said(self, change: Any) -> str:
        """Return what the bot says by a change, empty where it says nothing."""

    def forget(self) -> None:
        """Empty the rooms, so that the sandbox does not slow down as they fill."""


class SlackStage:
    """The pretend Slack."""

    name = "Slack"
    bare = "tests.bench.bare_bot"
    rooms = ("C0GENERAL", "C0ENGINEERI", "C0RANDOM1")

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._workspace = sandbox.workspace
        self._workspace.limits_on = False

    def environment(self) -> dict[str, str]:
        """Return what a bot has to know to come here."""
        tokens = {"SLACK_BOT_TOKEN": self._workspace.bot_token, "SLACK_APP_TOKEN": self._workspace.app_token}
        return {**tokens, "SLACK_API_URL": self._sandbox.slack_api_url}

    async def present(self, number: int) -> None:
        """Wait until so many bots are connected."""
        await self._workspace.until(lambda: self._workspace.connected == number, 90.0)

    async def settled(self) -> None:
        """Wait until every event is acknowledged."""
        await self._workspace.until(lambda: self._workspace.courier.unacknowledged == 0, 90.0)

    async def ask(self, number: int, text: str, thread: Thread | None = None) -> Thread:
        """Mention the bot; a reply stands in the room of its thread."""
        room, root = thread or (self.rooms[number % len(self.rooms)], "")
        ts = await self._workspace.say(room, f"<@{self._workspace.bot_user}> {text}", thread_ts=root or None)
        return room, root or ts

    def watch(self) -> AbstractContextManager[asyncio.Queue[Any]]:
        """Return what happens from now on."""
        return self._workspace.subscribe()

    def said(self, change: Any) -> str:
        """Return what the bot says by a change, empty where it says nothing."""
        return str(change.post.shown) if change.post and change.post.user == self._workspace.bot_user else ""

    def forget(self) -> None:
        """Empty the rooms."""
        for room in self._workspace.channels.values():
            room.posts.clear()
            room.threads.clear()


class DiscordStage:
    """The pretend Discord. With `threads` both bots open a thread to answer in, else both answer under the message."""

    bare = "tests.bench.bare_discord_bot"
    rooms = (roster.GENERAL, roster.ENGINEERING, roster.RANDOM)

    def __init__(self, sandbox: Sandbox, *, threads: bool) -> None:
        self.name = "Discord, in threads" if threads else "Discord, in place"
        self._threads = threads
        self._sandbox = sandbox
        self._guild = sandbox.guild
        self._guild.limits_on = False
        self._guild.gateway.identify_interval = 0.0
        self._lasting = set(self._guild.channels)

    def environment(self) -> dict[str, str]:
        """Return what a bot has to know to come here."""
        place = {"DISCORD_TOKEN": self._guild.token, "DISCORD_API_URL": self._sandbox.discord_api_url}
        return {**place, "CONFAB_DISCORD_THREADS": str(self._threads).lower()}

    async def present(self, number: int) -> None:
        """Wait until so many bots are connected."""
        await self._guild.until(lambda: self._guild.connected == number, 90.0)

    async def settled(self) -> None:
        """Return at once: Discord sends nothing again."""

    async def ask(self, number: int, text: str, thread: Thread | None = None) -> Thread:
        """Mention the bot; a thread is a room of its own."""
        room = thread[1] if thread else self.rooms[number % len(self.rooms)]
        post = await self._guild.say(room, f"<@{roster.BOT_USER}> {text}")
        return thread or (room, post)

    def watch(self) -> AbstractContextManager[asyncio.Queue[Any]]:
        """Return what happens from now on."""
        return self._guild.subscribe()

    def said(self, change: Any) -> str:
        """Return what the bot says by a change, empty where it says nothing."""
        return str(change.post.content) if change.post and change.post.user == roster.BOT_USER else ""

    def forget(self) -> None:
        """Empty the rooms, and close the threads."""
        for name in set(self._guild.channels) - self._lasting:
            del self._guild.channels[name]
        for room in self._guild.channels.values():
            room.posts.clear()
