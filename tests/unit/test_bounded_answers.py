"""What a platform and its hosts of files send is read within bounds, whatever they send."""

import asyncio
import gc
import gzip
import re
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import discord
import pytest
from aiohttp import web
from discord.http import Route
from slack_sdk.web.async_client import AsyncWebClient

from bots.bounded_response import BoundedConnector, BoundedResponse, open_bounded_session
from bots.discord.calls import DiscordRefusal, call_persistently
from bots.downloads import Downloads
from bots.slack.calls import MaybeSent, SlackCalls, SlackRefusal
from core.errors import FileUnreadable

BOTS = Path(__file__).parents[2] / "bots"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[str]:
    """Answer every request so; give the address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def send_bomb(_: web.Request) -> web.StreamResponse:
    """Send 50 MB in a few hundred kilobytes."""
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    return web.Response(body=gzip.compress(b"{" + b" " * 50_000_000, 1), headers=headers)


async def drip(request: web.Request) -> web.StreamResponse:
    """Send a byte now and then, without an end."""
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    await response.prepare(request)
    while True:
        await response.write(b"a")
        await asyncio.sleep(0.01)


class QuickResponse(BoundedResponse):
    """A response that has to end soon."""

    seconds = 0.3


@pytest.mark.parametrize(("answer", "reason"), [(send_bomb, "more than"), (drip, "no end")])
async def test_an_answer_of_a_platform_that_grows_or_drips_without_an_end_is_a_broken_one(
    answer: Answer, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it fills the memory or holds a call up, of whichever SDK; it is tried again as any that broke."""
    async with answering(answer) as address:
        async with aiohttp.ClientSession(response_class=QuickResponse) as session:
            slack = AsyncWebClient("xoxb-1", base_url=address, session=session, retry_handlers=[])
            with pytest.raises(aiohttp.ClientPayloadError, match=reason):
                await slack.api_call("auth.test")
            with pytest.raises(MaybeSent):
                await SlackCalls(slack).post_json("chat.postMessage", {}, repeatable=False)
        monkeypatch.setattr(Route, "BASE", address)
        bounded = BoundedConnector(QuickResponse)
        async with discord.Client(intents=discord.Intents(guilds=True), connector=bounded) as client:
            with pytest.raises(aiohttp.ClientPayloadError, match=reason):
                await client.login("token")


ODD_BODIES = ["[" * 100_000, f'{{"ok": true, "a": {"9" * 5_000}}}', "[]", "null", '"ok"', "5", "{", "\xff"]


@pytest.mark.parametrize("body", ODD_BODIES, ids=[body[:8] for body in ODD_BODIES])
async def test_an_answer_of_a_platform_that_cannot_be_read_is_a_fault_of_its_own(
    body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deep, with figures of thousands of digits, or of another shape: no turn ends with anything else."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body.encode("latin-1"), headers={"Content-Type": "application/json"})

    async with answering(answer) as address:
        async with open_bounded_session() as session:
            slack = AsyncWebClient("xoxb-1", base_url=address, session=session, retry_handlers=[])
            with pytest.raises((MaybeSent, SlackRefusal)):
                await SlackCalls(slack).post_json("chat.postMessage", {}, repeatable=False)
        monkeypatch.setattr(Route, "BASE", address)
        async with discord.Client(intents=discord.Intents(guilds=True), connector=BoundedConnector()) as client:
            with pytest.raises(DiscordRefusal):
                await call_persistently("login", lambda: client.login("token"))


def test_every_session_of_the_bot_is_a_bounded_one() -> None:
    """One that bounds nothing could be filled by whoever answers."""
    unbounded = re.compile(r"aiohttp\.ClientSession\(|ClientSession\(\)")
    found = [path.name for path in sorted(BOTS.rglob("*.py")) if unbounded.search(path.read_text())]
    assert found == ["bounded_response.py"]
    clients = [path for path in BOTS.rglob("*.py") if "max_ratelimit_timeout=" in path.read_text()]
    assert len(clients) == 2
    assert all("BoundedConnector()" in path.read_text() for path in clients)


async def read_file(downloads: Downloads, url: str) -> bytes:
    """Return a file of at most a megabyte."""
    return b"".join([chunk async for chunk in downloads.read_chunks(url, 1_000_000)])


@pytest.mark.parametrize(("answer", "reason"), [(send_bomb, "more than"), (drip, "drips")])
async def test_a_file_that_grows_or_drips_without_an_end_is_cut(answer: Answer, reason: str) -> None:
    """Before it fills anything, or holds up others for long."""
    async with answering(answer) as address, aiohttp.ClientSession() as session:
        downloads = Downloads(session, lambda _: {}, "", grace=0.2)
        with pytest.raises(FileUnreadable, match=reason):
            await read_file(downloads, f"{address}file")


async def test_an_ordinary_answer_is_read_as_ever() -> None:
    """As text and as JSON, once and again."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": True})

    async with (
        answering(answer) as address,
        open_bounded_session() as session,
        session.get(address) as response,
    ):
        assert await response.json() == {"ok": True}
        assert await response.text() == '{"ok": true}'
        assert (await response.read()).startswith(b"{")


async def test_what_is_read_while_a_session_closes_is_closed_with_it() -> None:
    """As where an SDK is stopped in the midst of an answer; what nobody closes is told of when it is collected."""
    async with answering(drip) as address:
        session = aiohttp.ClientSession(connector=BoundedConnector())
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            answer = await session.get(address)
            await session.close()
            del answer
            gc.collect()
    assert [str(each.message) for each in told] == []
