"""An MCP server that is asked over HTTP, whose answers are bounded."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
from mcp.client.streamable_http import streamable_http_client

from core.tools.mcp.servers import McpServer
from core.tools.mcp.stdio import Streams

LARGEST_ANSWER = 4 * 1024 * 1024  # bytes
LONGEST_EVENT = 1024 * 1024  # bytes
REFUSALS = frozenset({401, 402, 403, 407, 429})
TIMEOUT = httpx2.Timeout(10.0, connect=5.0, read=300.0)  # seconds; whoever waits for an answer bounds it as well
LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")  # never asked for through a proxy


@asynccontextmanager
async def open_http_streams(server: McpServer, note_refusal: Callable[[int], None]) -> AsyncIterator[Streams]:
    """Give what a server says and what it is told; nothing is sent before it is told something.

    `note_refusal` is told each status that says that we may not ask.
    """

    async def look_at_status(response: httpx2.Response) -> None:
        if response.status_code in REFUSALS:
            note_refusal(response.status_code)

    headers = {**server.headers, "Accept-Encoding": "identity"}
    async with (
        httpx2.AsyncClient(
            headers=headers,
            timeout=TIMEOUT,
            mounts=dict.fromkeys(LOOPBACK),
            event_hooks={"response": [look_at_status, _bound_answer]},
        ) as client,
        streamable_http_client(server.url, http_client=client, max_sse_event_size=LONGEST_EVENT) as streams,
    ):
        yield streams


async def _bound_answer(response: httpx2.Response) -> None:
    """Let no answer be longer than LARGEST_ANSWER, nor compressed: its length would not be known."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise httpx2.DecodingError("it is compressed, unasked", request=response.request)
    stream = response.stream
    if response.request.method != "GET" and isinstance(stream, httpx2.AsyncByteStream):
        response.stream = _BoundedStream(stream)


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        length = 0
        async for piece in self._stream:
            length += len(piece)
            if length > LARGEST_ANSWER:
                raise httpx2.ReadError("the answer is too long")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
