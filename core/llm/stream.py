"""One request to an endpoint and the stream that it answers with, over httpx; nothing is tried twice here."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
from httpx_sse import EventSource, ServerSentEvent

from core.errors import (
    EndpointUnreachable,
    GarbledAnswer,
    ModelSilent,
    StreamCut,
    StreamStalled,
    WrongKey,
    WrongPath,
)
from core.llm.completion import CompletionReader
from core.llm.refusals import Refused, read_complaint
from core.llm.request import Body, ModelOptions
from core.messages import ModelEvent, Text
from core.retry import retry_after

LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")
DRAIN = 0.25  # seconds to read past [DONE], so that the connection can be used again
LARGEST_ANSWER = 4_000_000  # bytes of an answer that is not a stream
KEPT_IDLE = 8  # connections
LIST_TIMEOUT = 10.0  # seconds for each step of asking for the list of models
LARGEST_REFUSAL = 64_000  # bytes
EVENT_STREAM = {"Content-Type": "text/event-stream"}
EVENT_ENDS = (b"\n\n", b"\n\r\n", b"\r\r")  # a blank line, in each way to end a line (HTML standard, 9.2.5)


def open_client(options: ModelOptions) -> httpx.AsyncClient:
    """Return the one client that all calls share; the caller closes it (`async with`).

    HTTP/1.1 with keep-alive: a stream keeps its connection busy anyway, and there is one endpoint, so HTTP/2 would
    save one handshake for each call that runs at the same time and cost a dependency. Some idle connections are kept
    for a minute, so that a thread's next question finds one; few, as each call looks at all of them. The loopback is
    never asked for through a proxy.
    """
    limits = httpx.Limits(
        max_connections=options.max_connections, max_keepalive_connections=KEPT_IDLE, keepalive_expiry=60
    )
    return httpx.AsyncClient(limits=limits, mounts=dict.fromkeys(LOOPBACK))


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
        async with self._response(body, bounds) as response:
            await self._check(response, bounds)
            async with aclosing(self._texts(response, bounds, answer)) as texts:
                async for text in texts:
                    yield Text(text)
        for event in answer.end():
            yield event

    async def models(self) -> Any:
        """Return the body of the endpoint's list of models, None where there is none to be had."""
        url = self._url.copy_with(path=self._url.path.removesuffix("/chat/completions") + "/models")
        try:
            response = await self._client.get(url, headers=self._headers, timeout=LIST_TIMEOUT)
            return response.json() if response.is_success else None
        except (httpx.HTTPError, ValueError):
            return None

    @asynccontextmanager
    async def _response(self, body: Body, bounds: Bounds) -> AsyncIterator[httpx.Response]:
        timeout = httpx.Timeout(None, connect=bounds.connect)
        request = self._client.build_request("POST", self._url, json=body, headers=self._headers, timeout=timeout)
        try:
            async with asyncio.timeout_at(bounds.first_token_at):
                response = await self._client.send(request, stream=True)
        except TimeoutError:
            raise ModelSilent("no response headers in time") from None
        except httpx.LocalProtocolError:
            raise WrongKey("the key holds characters that a header cannot carry") from None
        except httpx.TransportError as error:
            raise EndpointUnreachable(f"{type(error).__name__}: {error}") from None
        try:
            yield response
        finally:
            await response.aclose()

    async def _check(self, response: httpx.Response, bounds: Bounds) -> None:
        """Raise Refused for a status that is no success, and WrongPath for a page at an address without a version."""
        if not response.is_success:
            text = await _body(response, bounds, LARGEST_REFUSAL)
            raise Refused(read_complaint(response.status_code, text), retry_after(response.headers))
        is_page = response.headers.get("content-type", "").startswith("text/html")
        if is_page and not re.search(r"/v\d", self._url.path):
            raise WrongPath("a web page, at an address without /v1")

    async def _texts(
        self, response: httpx.Response, bounds: Bounds, answer: CompletionReader
    ) -> AsyncGenerator[str, None]:
        if "text/event-stream" not in response.headers.get("content-type", ""):
            yield answer.read_whole(await _body(response, bounds, LARGEST_ANSWER))
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
    async for block in response.aiter_bytes():
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
    with _broken_stream():
        try:
            async with asyncio.timeout_at(until):
                return await anext(blocks, None)
        except TimeoutError:
            raise (StreamStalled if answer.alive else ModelSilent)("no chunk in time") from None


async def _drain(blocks: AsyncGenerator[list[ServerSentEvent], None]) -> None:
    """Read on to the end of the body, so that the connection can serve the next call."""
    with suppress(TimeoutError, httpx.TransportError, httpx.DecodingError):
        async with asyncio.timeout(DRAIN):
            async for _ in blocks:
                pass


async def _body(response: httpx.Response, bounds: Bounds, limit: int) -> str:
    """Return the beginning of a body that is no stream, up to `limit` bytes."""
    body = bytearray()
    with _broken_stream():
        try:
            async with asyncio.timeout_at(bounds.first_token_at):
                async for block in response.aiter_bytes():
                    body += block
                    if len(body) > limit:
                        break
        except TimeoutError:
            raise ModelSilent("the body did not end in time") from None
    return body[:limit].decode(errors="replace")


@contextmanager
def _broken_stream() -> Iterator[None]:
    try:
        yield
    except httpx.DecodingError:
        raise GarbledAnswer("the body is not encoded as its header says") from None
    except httpx.TransportError as error:
        raise StreamCut(f"{type(error).__name__}: {error}") from None
