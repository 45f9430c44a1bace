"""One request to an endpoint and the stream that it answers with, over httpx; nothing is tried twice here."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass

import httpx
from httpx_sse import EventSource, ServerSentEvent

from core.errors import GarbledAnswer, ModelSilent, StreamCut, StreamStalled, WrongPath
from core.llm.body import open_response, read_body, read_pieces
from core.llm.completion import CompletionReader
from core.llm.http_client import open_http_client
from core.llm.models import fetch_window
from core.llm.refusals import Refused, read_complaint
from core.llm.request import Body, ModelOptions
from core.messages import ModelEvent, Text
from core.retry import retry_after

DRAIN = 0.25  # seconds to read past [DONE], so that the connection can be used again
LARGEST_ANSWER = 4_000_000  # bytes of an answer that is not a stream
EVENT_STREAM = {"Content-Type": "text/event-stream"}
EVENT_ENDS = (b"\n\n", b"\n\r\n", b"\r\r")  # a blank line, in each way to end a line (HTML standard, 9.2.5)


def open_client(options: ModelOptions) -> httpx.AsyncClient:
    """Return the one client that all calls of the model share; the caller closes it (`async with`)."""
    return open_http_client(options.max_connections)


def chat_url(base: str) -> httpx.URL:
    """Return the address of chat completions below a base address, whose query (`?api-version=…`) stays."""
    url = httpx.URL(base)
    path = url.path.rstrip("/").removesuffix("/chat/completions")
    return url.copy_with(path=f"{path}/chat/completions")


def auth_headers(url: httpx.URL, key: str) -> dict[bytes, bytes]:
    """Return the headers that carry the key; none where there is no key (a local server needs none)."""
    if not key:
        return {}
    azure = {b"api-key": key.encode()} if url.host.endswith("azure.com") else {}
    return {b"Authorization": b"Bearer " + key.encode(), **azure}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long one attempt may take: to connect, in seconds, and when its first token is due, by the loop's clock."""

    connect: float
    first_token_at: float


class Endpoint:
    """The address that chat completions are asked of."""

    def __init__(self, options: ModelOptions, client: httpx.AsyncClient) -> None:
        self._client = client
        self._url = chat_url(options.base_url)
        self._headers = auth_headers(self._url, options.api_key)
        self._opening = options.opening
        self._silence = options.silence_timeout

    async def stream(self, body: Body, bounds: Bounds) -> AsyncGenerator[ModelEvent, None]:
        """Yield the answer to one request. Raises Refused for what the endpoint says instead, or a ModelError."""
        answer = CompletionReader(self._opening)
        async with open_response(self._client, self._request(body, bounds), bounds.first_token_at) as response:
            await self._check(response, bounds)
            async with aclosing(self._texts(response, bounds, answer)) as texts:
                async for text in texts:
                    yield Text(text)
        for event in answer.end():
            yield event

    async def window(self, model: str) -> int | None:
        """Return a model's window in tokens, None where it is not told. Raises as `fetch_window`."""
        return await fetch_window(self._client, self._url, self._headers, model)

    def _request(self, body: Body, bounds: Bounds) -> httpx.Request:
        timeout = httpx.Timeout(None, connect=bounds.connect)
        return self._client.build_request("POST", self._url, json=body, headers=self._headers, timeout=timeout)

    async def _check(self, response: httpx.Response, bounds: Bounds) -> None:
        """Raise Refused for a status that is no success, and WrongPath for a page at an address without a version."""
        if not response.is_success:
            text = await _text(response, bounds)
            raise Refused(read_complaint(response.status_code, text), retry_after(response.headers))
        is_page = response.headers.get("content-type", "").startswith("text/html")
        if is_page and not re.search(r"/v\d", self._url.path):
            raise WrongPath("a web page, at an address without /v1")

    async def _texts(
        self, response: httpx.Response, bounds: Bounds, answer: CompletionReader
    ) -> AsyncGenerator[str, None]:
        if "text/event-stream" not in response.headers.get("content-type", ""):
            yield answer.read_whole(await _text(response, bounds))
            return
        until = bounds.first_token_at
        async with aclosing(_events(response)) as blocks:
            while not answer.ended and (events := await _next(blocks, until, answer)):
                text, life, fault = answer.read(event.data for event in events)
                if text:
                    yield text
                if fault:
                    raise fault
                if life:
                    until = asyncio.get_running_loop().time() + self._silence
            await _drain(blocks)


async def _events(response: httpx.Response) -> AsyncGenerator[list[ServerSentEvent], None]:
    """Yield a stream's events, those that arrived together as one list, which is never empty.

    What follows pays once for what came at once. The blocks are cut where an event ends, and the library reads them.
    """
    held = b""
    async for block in read_pieces(response):
        held += block
        end = max(held.rfind(mark) + len(mark) if mark in held else 0 for mark in EVENT_ENDS)
        whole, held = held[:end], held[end:]
        events = list(EventSource(httpx.Response(200, headers=EVENT_STREAM, content=whole)).iter_sse())
        if events:
            yield events


async def _next(
    blocks: AsyncGenerator[list[ServerSentEvent], None], until: float, answer: CompletionReader
) -> list[ServerSentEvent] | None:
    """Return the events that come next, or None at the end of the stream."""
    try:
        async with asyncio.timeout_at(until):
            return await anext(blocks, None)
    except TimeoutError:
        raise (StreamStalled if answer.alive else ModelSilent)("no chunk in time") from None


async def _drain(blocks: AsyncGenerator[list[ServerSentEvent], None]) -> None:
    """Read on to the end of the body, so that the connection can serve the next call."""
    with suppress(TimeoutError, StreamCut, GarbledAnswer):
        async with asyncio.timeout(DRAIN):
            async for _ in blocks:
                pass


async def _text(response: httpx.Response, bounds: Bounds) -> str:
    """Return a body that is no stream."""
    return (await read_body(response, LARGEST_ANSWER, bounds.first_token_at)).decode(errors="replace")
