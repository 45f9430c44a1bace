"""The pretend Discord's gateway and its faults, heard and suffered by the real discord.py."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import discord
import pytest

from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.roster import ENGINEERING, GENERAL, GUILD
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.sandbox_discord import Ear, connected, identify, logged_in, pointed_at, raw, refused


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of its own for each test, in which a client may identify as often as it likes."""
    async with serve() as running:
        running.guild.gateway.identify_interval = 0.0
        yield running


@pytest.fixture
def guild(sandbox: Sandbox) -> Guild:
    """The guild of that sandbox."""
    return sandbox.guild


@pytest.fixture
async def ear(sandbox: Sandbox) -> AsyncIterator[Ear]:
    """What a real client hears of that sandbox."""
    async with connected(sandbox) as client:
        yield client


def said(ear: Ear) -> list[str]:
    """Return the contents of the messages that were heard, in order."""
    return [message.content for message in ear.messages]


# Sessions


async def test_events_are_compressed_or_plain_as_the_address_asks(guild: Guild, ear: Ear) -> None:
    """The SDK asks for zlib-stream; a socket that asks for nothing gets text."""
    first = await ear.http.ws_connect(f"{guild.gateway.url}?v=10&encoding=json&compress=zlib-stream")
    second = await ear.http.ws_connect(f"{guild.gateway.url}?v=10&encoding=json")
    assert (await first.receive_bytes()).endswith(b"\x00\x00\xff\xff")
    assert (await second.receive_json())["d"] == {"heartbeat_interval": 41250}
    await first.close()
    await second.close()


async def test_heartbeats_are_acknowledged(guild: Guild, sandbox: Sandbox) -> None:
    """The SDK beats as often as it is told, and learns how long an answer takes."""
    guild.gateway.heartbeat_interval = 0.05
    async with connected(sandbox) as ear:
        connection = next(iter(guild.gateway.connections))
        await guild.until(lambda: connection.heartbeats >= 3)
        assert ear.latency < 10


async def test_a_lost_connection_is_resumed_and_what_was_missed_comes_in_order(guild: Guild, ear: Ear) -> None:
    """Nothing is lost, and nothing comes twice."""
    await guild.say(GENERAL, "before")
    await guild.until(lambda: said(ear) == ["before"])
    guild.gateway.drop()
    await guild.until(lambda: not guild.connected)
    for text in ("one", "two"):
        await guild.say(GENERAL, text)
    await guild.until(lambda: guild.gateway.resumed)
    await guild.say(GENERAL, "after")
    await guild.until(lambda: len(ear.messages) == 4)
    assert said(ear) == ["before", "one", "two", "after"]
    assert len(ear.events("READY")) == 1


async def test_a_session_that_is_lost_begins_anew_and_replays_nothing(guild: Guild, ear: Ear) -> None:
    """The resume is refused, and the new identify hears only what comes then."""
    guild.gateway.drop(resumable=False)
    await guild.until(lambda: not guild.connected)
    await guild.say(GENERAL, "missed")
    await guild.until(lambda: len(ear.events("GUILD_CREATE")) == 2)
    await guild.say(GENERAL, "after")
    await guild.until(lambda: ear.messages)
    assert said(ear) == ["after"]


async def test_an_order_to_reconnect_is_followed_by_a_resume(guild: Guild, ear: Ear) -> None:
    """Opcode 7."""
    guild.gateway.tell_reconnect()
    await guild.until(lambda: guild.gateway.resumed)
    assert len(ear.events("READY")) == 1


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalid_session_is_resumed_only_if_it_may_be(guild: Guild, ear: Ear, resumable: bool) -> None:
    """Opcode 9, with its word on that."""
    guild.gateway.invalidate(resumable=resumable)
    await guild.until(lambda: guild.gateway.resumed or len(ear.events("READY")) == 2)
    assert bool(guild.gateway.resumed) is resumable


@pytest.mark.parametrize(("code", "left"), [(1000, 0), (1001, 0), (4000, 1)])
async def test_a_session_ends_with_the_bot_s_goodbye(guild: Guild, sandbox: Sandbox, code: int, left: int) -> None:
    """Closing with 1000 or 1001 discards it; another code keeps it, for a while."""
    async with logged_in(sandbox) as client, raw(client) as socket:
        await socket.send_json(identify(guild))
        await guild.until(lambda: guild.connected)
        await socket.close(code=code)
        await guild.until(lambda: not guild.gateway.connections)
        assert len(guild.gateway.sessions) == left


async def test_a_session_is_forgotten_when_its_bot_stays_away(guild: Guild, ear: Ear) -> None:
    """Then it begins anew."""
    guild.gateway.session_life = -1.0
    guild.gateway.drop()
    await guild.until(lambda: len(ear.events("READY")) == 2)
    assert not guild.gateway.resumed


async def test_a_close_with_a_code_that_allows_it_is_resumed(guild: Guild, ear: Ear) -> None:
    """4000 is an unknown error, after which the SDK tries to resume."""
    guild.gateway.drop(code=4000)
    await guild.until(lambda: guild.gateway.resumed)
    assert ear.ws.open


async def test_two_shards_share_the_work(guild: Guild, sandbox: Sandbox) -> None:
    """The guild's events go to the shard that its id gives, direct messages to the first."""
    guild.gateway.shards = 2
    with pointed_at(sandbox):
        client = _Sharded()
        async with client:
            running = asyncio.create_task(client.start(guild.token))
            await guild.until(lambda: guild.connected == 2)
            await asyncio.wait_for(client.wait_until_ready(), 60)
            direct = guild.direct(next(iter(guild.users)))
            await guild.say(GENERAL, "hello")
            await guild.say(direct, "hello")
            await asyncio.wait_for(client.done.wait(), 60)
            assert client.shard_count == 2
            assert client.guilds[0].shard_id == (int(GUILD) >> 22) % 2 == 1
            assert sorted(client.heard) == [0, 1]
        await asyncio.gather(running, return_exceptions=True)


class _Sharded(discord.AutoShardedClient):
    """Notes on which shard each message was heard."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True))
        self.heard: list[int] = []
        self.done = asyncio.Event()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once."""

    async def on_message(self, message: discord.Message) -> None:
        """Note the shard."""
        self.heard.append(message.guild.shard_id if message.guild else 0)
        if len(self.heard) == 2:
            self.done.set()


# Faults


async def test_the_same_event_arrives_twice_on_request(guild: Guild, ear: Ear) -> None:
    """In one session, under two sequence numbers."""
    guild.faults.deliveries = 2
    number = await guild.say(GENERAL, "hello")
    await guild.until(lambda: len(ear.messages) == 2)
    assert [message.id for message in ear.messages] == [int(number)] * 2


async def test_connections_are_refused_for_a_while(guild: Guild, ear: Ear) -> None:
    """The SDK goes on trying, and resumes."""
    guild.faults.refuse_sockets = True
    guild.gateway.drop()
    await guild.until(lambda: not guild.connected)
    await guild.say(GENERAL, "meanwhile")
    guild.faults.refuse_sockets = False
    await guild.until(lambda: ear.messages)
    assert said(ear) == ["meanwhile"]


async def test_a_silent_gateway_is_left_by_the_sdk_and_its_session_resumed(guild: Guild, sandbox: Sandbox) -> None:
    """Neither acknowledgements nor events come, until it speaks again; what it kept back comes then."""
    guild.gateway.heartbeat_interval = 0.05
    async with connected(sandbox, heartbeat_timeout=0.3) as ear:
        guild.faults.silent_sockets = True
        await guild.say(GENERAL, "unheard")
        await guild.until(lambda: not guild.connected)
        guild.faults.silent_sockets = False
        await guild.until(lambda: ear.messages)
        assert said(ear) == ["unheard"]
        assert guild.gateway.resumed


async def test_a_route_is_limited_for_a_while(guild: Guild, ear: Ear) -> None:
    """Every call is answered 429 until then, and the SDK waits."""
    guild.faults.rate_limited["create_message"] = time.monotonic() + 0.2
    message = await ear.place().send("in the end")
    assert message.content == "in the end"
    statuses = [call.status for call in guild.calls if call.route == "create_message"]
    assert (statuses[0], statuses[-1]) == (429, 200)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_error_does_nothing_and_passes(guild: Guild, ear: Ear, status: int) -> None:
    """The SDK repeats after some, and gives up at once after 503."""
    guild.faults.error_status, guild.faults.server_error["create_message"] = status, 1
    sending = asyncio.create_task(ear.place().send("hello"))
    await guild.until(lambda: status in [call.status for call in guild.calls])
    if status == 503:
        assert (await refused(sending)).status == 503
        assert guild.posts(GENERAL) == []
    else:
        await sending
        assert len(guild.posts(GENERAL)) == 1


async def test_a_dropped_reply_has_done_its_work(guild: Guild, ear: Ear) -> None:
    """The caller cannot know; the same nonce finds the message again."""
    guild.faults.dropped_reply["create_message"] = 1
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await ear.place().send("once", nonce="n")
    again = await ear.place().send("once", nonce="n")
    assert [post.id for post in guild.posts(GENERAL)] == [str(again.id)]


async def test_a_reset_connection_has_done_nothing(guild: Guild, ear: Ear) -> None:
    """Unlike a dropped reply."""
    guild.faults.reset["create_message"] = 1
    with pytest.raises(OSError, match="reset by peer"):
        await ear.place().send("once")
    assert guild.posts(GENERAL) == []


async def test_a_slow_route_answers_late(guild: Guild, ear: Ear) -> None:
    """Others go on meanwhile."""
    guild.faults.slow["create_message"] = 0.1
    sending = asyncio.create_task(ear.place().send("late"))
    await ear.place(ENGINEERING).typing()
    assert not sending.done()
    assert (await sending).content == "late"


async def test_all_faults_are_taken_back_at_once(guild: Guild) -> None:
    """Everything works as it did."""
    guild.faults.reset["*"] = 5
    guild.faults.refuse_sockets = True
    guild.faults.clear()
    assert guild.faults.reset == {}
    assert not guild.faults.refuse_sockets


async def test_limits_are_told_in_headers_that_the_sdk_keeps_to(guild: Guild, sandbox: Sandbox) -> None:
    """It never calls too often, as it counts along; with the limits off it need not wait."""
    guild.limits_on = False
    async with logged_in(sandbox) as client:
        for number in range(30):
            await client.place().send(str(number))
    assert len(guild.posts(GENERAL)) == 30
    assert {call.status for call in guild.calls} == {200}


async def test_the_calls_are_noted(guild: Guild, ear: Ear) -> None:
    """With route, body, status and error code."""
    await ear.place().send("hello")
    await refused(ear.place().send("x" * 2001))
    first, second = [call for call in guild.calls if call.route == "create_message"]
    assert (first.body["content"], first.status, first.code) == ("hello", 200, 0)
    assert (second.status, second.code) == (400, 50035)
    assert timedelta(seconds=second.at - first.at) >= timedelta(0)
