"""The real discord.py against the sandbox: what its tests share."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.roster import GENERAL
from deploy.sandbox.wire.server import Sandbox

Event = dict[str, Any]


def intents(*more: str, without: str = "") -> discord.Intents:
    """The intents for messages that no switch is needed for, those named, and not the one that is left out."""
    chosen = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
    for name in more:
        setattr(chosen, name, True)
    if without:
        setattr(chosen, without, False)
    return chosen


class Ear(discord.Client):
    """A client that notes every event as it came over the wire, as (name, data)."""

    def __init__(self, guild: Guild, chosen: discord.Intents, heartbeat_timeout: float = 60.0) -> None:
        super().__init__(
            intents=chosen, guild_ready_timeout=0, enable_debug_events=True, heartbeat_timeout=heartbeat_timeout
        )
        self.heard: list[tuple[str, Event]] = []
        self.messages: list[discord.Message] = []
        self.pretended = guild

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once, where the SDK would wait for five seconds."""

    async def on_socket_raw_receive(self, text: str) -> None:
        """Note an event."""
        payload = json.loads(text)
        if payload["op"] == 0:
            self.heard.append((payload["t"], payload["d"]))
            self.pretended.changes.wake()

    async def on_message(self, message: discord.Message) -> None:
        """Note a message as the SDK reads it."""
        self.messages.append(message)
        self.pretended.changes.wake()

    def events(self, name: str) -> list[Event]:
        """Return the data of each event of a name, in order."""
        return [data for event, data in self.heard if event == name]

    def place(self, channel: str = GENERAL) -> discord.PartialMessageable:
        """Return a channel to write into, without asking for it first."""
        return self.get_partial_messageable(int(channel))


@contextmanager
def pointed_at(sandbox: Sandbox) -> Iterator[None]:
    """Let the SDK know this Discord alone until the block ends."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = sandbox.discord_api_url, yarl.URL(sandbox.guild.gateway.url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@asynccontextmanager
async def logged_in(sandbox: Sandbox) -> AsyncIterator[Ear]:
    """A client that can call the API, and is not connected to the gateway."""
    with pointed_at(sandbox):
        async with Ear(sandbox.guild, intents()) as client:
            await client.login(sandbox.guild.token)
            yield client


@asynccontextmanager
async def connected(
    sandbox: Sandbox, chosen: discord.Intents | None = None, heartbeat_timeout: float = 60.0
) -> AsyncIterator[Ear]:
    """A client that hears, until the block ends; after `heartbeat_timeout` seconds of silence it reconnects."""
    with pointed_at(sandbox):
        async with Ear(sandbox.guild, chosen or intents("message_content"), heartbeat_timeout) as client:
            running = asyncio.create_task(client.start(sandbox.guild.token))
            waiting = asyncio.create_task(client.wait_until_ready())
            await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
            await sandbox.guild.until(lambda: running.done() or client.events("GUILD_CREATE"))
            try:
                yield client
            finally:
                waiting.cancel()
                await client.close()
                await asyncio.gather(running, waiting, return_exceptions=True)


@asynccontextmanager
async def raw(client: Ear, query: str = "v=10&encoding=json") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A gateway connection that the SDK opens, over which a test speaks by itself, after the hello."""
    socket = await client.http.ws_connect(f"{client.pretended.gateway.url}?{query}")
    await socket.receive()
    try:
        yield socket
    finally:
        await socket.close(code=4000)


def identify(guild: Guild, **more: object) -> Event:
    """The payload that begins a session."""
    return {"op": 2, "d": {"token": guild.token, "intents": 513, "properties": {}, **more}}


async def refused(call: Awaitable[object]) -> discord.HTTPException:
    """Return the error with which a call of the SDK is refused."""
    with pytest.raises(discord.HTTPException) as refusal:
        await call
    return refusal.value


async def code_of(call: Awaitable[object]) -> int:
    """Return the error code with which a call of the SDK is refused."""
    return (await refused(call)).code
