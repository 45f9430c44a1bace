"""The HTTP client keeps httpx's promises over aiohttp's connections: errors, time-outs, proxies, kept connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from core.llm.http_client import open_http_client

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def listening(serve: Serve, port: int = 0) -> AsyncIterator[int]:
    """Serve raw connections on loopback; give the port."""
    writers: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        for writer in writers:
            writer.close()
        server.close()
        await server.wait_closed()


def saying(*answers: bytes) -> Serve:
    """Return a server that gives each request of a connection the next of these bytes, and then closes it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()

    return serve


BROKEN = {
    "closed before a word": b"",
    "no HTTP": b"]]]]\r\n\r\n",
    "a bad status line": b"HTTP/1.1 abc\r\n\r\n",
    "a body that ends early": b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok",
    "a bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n",
    "a header without end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("fault", BROKEN)
async def test_whatever_breaks_is_a_transport_error_of_httpx(fault: str) -> None:
    """None of aiohttp's own errors comes through, so that one place reads them all."""
    async with listening(saying(BROKEN[fault])) as port, open_http_client(4) as client:
        with pytest.raises(httpx.TransportError):
            await client.get(f"http://127.0.0.1:{port}/")


async def test_a_port_where_nobody_listens_is_a_connect_error() -> None:
    """So is a host that no name server knows."""
    async with listening(saying()) as port:
        pass
    async with open_http_client(4) as client:
        for url in (f"http://127.0.0.1:{port}/", "http://nowhere.invalid/"):
            with pytest.raises(httpx.TransportError):
                await client.get(url)


async def test_each_phase_has_its_time_out() -> None:
    """To read: a server that says nothing; for the pool: connections that are all taken."""

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(silent) as port, open_http_client(1) as client:
        with pytest.raises(httpx.TimeoutException):
            await client.get(f"http://127.0.0.1:{port}/", timeout=httpx.Timeout(None, read=0.05))
        waiting = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/", timeout=None))
        await asyncio.sleep(0.05)
        with pytest.raises(httpx.TransportError):
            await client.get(f"http://127.0.0.1:{port}/", timeout=httpx.Timeout(None, pool=0.05))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.parametrize("value", ["sk-a\nb", "sk-a\rX: y", "sk-\0"])
async def test_a_header_that_cannot_be_sent_is_told_before_anything_is(value: str) -> None:
    """A key that was copied with a line end."""
    async with open_http_client(4) as client:
        with pytest.raises((httpx.LocalProtocolError, ValueError)):
            await client.get("http://127.0.0.1:1/", headers={"Authorization": value})


async def test_a_connection_is_used_again_and_a_server_that_was_started_anew_is_met_again() -> None:
    """Two requests share one; what was kept to the old server is not used for the new one."""
    connections = 0
    two = saying(OK, OK)

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await two(reader, writer)
        await reader.read()

    async with open_http_client(4) as client:
        async with listening(counting) as port:
            for _ in range(2):
                assert (await client.get(f"http://127.0.0.1:{port}/")).text == "ok"
            assert connections == 1
        await asyncio.sleep(0)
        async with listening(saying(OK), port):
            assert (await client.get(f"http://127.0.0.1:{port}/")).text == "ok"


async def test_a_proxy_of_the_environment_is_used_and_never_for_the_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not for what NO_PROXY names."""
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()

    async with listening(proxy) as port, listening(saying(OK)) as own:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "direct.invalid")
        async with open_http_client(4) as client:
            assert (await client.get("http://model.invalid/v1")).text == "ok"
            assert (await client.get(f"http://127.0.0.1:{own}/")).text == "ok"
            with pytest.raises(httpx.TransportError):
                await client.get("http://direct.invalid/")
    assert asked == [b"GET http://model.invalid/v1 HTTP/1.1\r\n"]


async def test_a_call_that_is_called_off_leaves_no_connection_behind() -> None:
    """The server sees the end of it, and the next call has its place."""
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if await reader.read() == b"":
            ended.set()

    async with listening(silent) as port, open_http_client(1) as client:
        call = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/"))
        await asyncio.sleep(0.05)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await ended.wait()
