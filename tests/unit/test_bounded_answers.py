"""What a platform and its hosts of files send is read within bounds, whatever they send."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bots.bounded_response import BoundedResponse
from bots.downloads import Downloads
from core.errors import FileUnreadable

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


async def test_an_answer_of_a_platform_that_grows_without_bounds_is_a_broken_one() -> None:
    """Nothing of it fills the memory, and a call that ends so is tried again as any that broke."""
    async with (
        answering(send_bomb) as address,
        aiohttp.ClientSession(response_class=BoundedResponse) as session,
        session.get(address) as response,
    ):
        with pytest.raises(aiohttp.ClientPayloadError, match="more than"):
            await response.json()


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
        aiohttp.ClientSession(response_class=BoundedResponse) as session,
        session.get(address) as response,
    ):
        assert await response.json() == {"ok": True}
        assert await response.text() == '{"ok": true}'
        assert (await response.read()).startswith(b"{")
