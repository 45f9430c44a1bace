"""One request to an endpoint and the stream that it answers with, over httpx; nothing is tried twice here."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass

import httpx

from core.errors import GarbledAnswer, ModelSilent, StreamCut, StreamStalled, WrongPath
from core.llm.address import auth_headers, names_version, url_below
from core.llm.body import open_response, read_body, read_pieces
from core.llm.completion import CompletionReader
from core.llm.dialects.thoughts import is_thinker
from core.llm.errors import AnswerTooLong
from core.llm.http_client import open_http_client
from core.llm.models import fetch_model_names, fetch_window
from core.llm.refusals import Refused, read_complaint
from core.llm.request import Body
from core.llm.settings import ModelSettings
from core.llm.sse import BYTE_ORDER_MARK, ServerEvent, read_events
from core.model_events import ModelEvent
from core.retry import retry_after

DRAIN = 0.25  # seconds to read past [DONE], so that the connection can be used again
LARGEST_ANSWER = 4_000_000  # bytes of an answer that is not a stream


def open_client(options: ModelSettings) -> httpx.AsyncClient:
    """Return the one client that all calls of the model share; the caller closes it (`async with`)."""
    return open_http_client(options.max_connections)


@dataclass(slots=True)
class AttemptBounds:
    """How long one attempt may take: to connect, in seconds; the others are due by the loop's clock.

    `alive_at` is when the model first said or thought something, by that clock; None until then.
    """

    connect: float
    first_token_at: float
    end_at: float
    alive_at: float | None = None


class ChatEndpoint:
    """The address that chat completions are asked of.

    `thinks_first` says whether the model's answers begin in the midst of a thought: by the model's name, until one
    of them has told.
    """

    def __init__(self, options: ModelSettings, client: httpx.AsyncClient) -> None:
        self._client = client
        self._options = options
        self._url = url_below(options.base_url, "/chat/completions")
        self._headers = auth_headers(self._url, options.api_key)
        self._is_guess = False
        self.is_streaming = False  # whether the last good response was a stream
        self.thinks_first = is_thinker(options.model)

    @property
    def has_version(self) -> bool:
        """Whether the address names a version of the API, as nearly every one does."""
        return names_version(self._url)

    async def stream(
        self, body: Body, bounds: AttemptBounds, *, may_call: bool = False
    ) -> AsyncGenerator[ModelEvent, None]:
        """Yield the answer to one request, ToolCalls only where it `may_call`.

        Raises Refused for what the endpoint says instead, or a ModelError.
        """
        options = self._options
        answer = CompletionReader(
            options.opening, holds=self.thinks_first, most=options.answer_characters, may_call=may_call
        )
        async with open_response(self._client, self._request(body, bounds), bounds.first_token_at) as response:
            if not response.is_success:
                text = await _text(response, bounds)
                raise Refused(read_complaint(response.status_code, text), retry_after(response.headers))
            async with aclosing(self._events(response, bounds, answer)) as events:
                async for event in events:
                    yield event
        for event in answer.finish_answer():
            yield event
        if answer.is_primed is not None:
            self.thinks_first = answer.is_primed

    async def window(self, model: str) -> int | None:
        """Return a model's window in tokens, None where it is not told. Raises as `fetch_window`."""
        return await fetch_window(self._client, self._url, self._headers, model)

    async def list_models(self) -> list[str]:
        """Return the names of its models. Raises as `fetch_window`."""
        return await fetch_model_names(self._client, self._url, self._headers)

    def with_version(self) -> "ChatEndpoint":
        """Return the endpoint at the same address with `/v1`, where a base address lacks it."""
        base = str(url_below(self._options.base_url, "/v1"))
        guess = ChatEndpoint(self._options.model_copy(update={"base_url": base}), self._client)
        guess._is_guess = True
        return guess

    def _request(self, body: Body, bounds: AttemptBounds) -> httpx.Request:
        timeout = httpx.Timeout(None, connect=bounds.connect)
        return self._client.build_request("POST", self._url, json=body, headers=self._headers, timeout=timeout)

    async def _events(
        self, response: httpx.Response, bounds: AttemptBounds, answer: CompletionReader
    ) -> AsyncGenerator[ModelEvent, None]:
        """Yield what a good response holds: events, or one body of JSON, whatever its type says."""
        async with aclosing(read_pieces(response)) as pieces:
            begun = await self._beginning(pieces, bounds)
            if begun.startswith(b"<"):
                raise (GarbledAnswer if self.has_version and not self._is_guess else WrongPath)("a web page")
            self.is_streaming = not begun.startswith((b"{", b"[")) or begun.startswith(b"[DONE]")
            if not self.is_streaming:
                for event in answer.read_whole(await _rest(pieces, begun, bounds)):
                    yield event
                return
            async with aclosing(self._read_stream(_after(begun, pieces), bounds, answer)) as events:
                async for event in events:
                    yield event

    async def _read_stream(
        self, pieces: AsyncGenerator[bytes, None], bounds: AttemptBounds, answer: CompletionReader
    ) -> AsyncGenerator[ModelEvent, None]:
        until = bounds.first_token_at
        async with aclosing(read_events(pieces)) as blocks:
            while not answer.ended and (block := await _next(blocks, until, bounds, answer)):
                events, life, fault = answer.read_events(block)
                for event in events:
                    yield event
                if fault:
                    raise fault
                if life:
                    now = asyncio.get_running_loop().time()
                    until, bounds.alive_at = now + self._options.silence_timeout, bounds.alive_at or now
            await _drain(blocks)

    async def _beginning(self, pieces: AsyncGenerator[bytes, None], bounds: AttemptBounds) -> bytes:
        """Return the beginning of a body, from the first byte that is neither blank nor a byte-order mark."""
        try:
            async with asyncio.timeout_at(bounds.first_token_at):
                async for piece in pieces:
                    if begun := piece.removeprefix(BYTE_ORDER_MARK).lstrip():
                        return begun
        except TimeoutError:
            raise ModelSilent("no byte of the answer in time") from None
        return b""


async def _after(begun: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield begun
    async for piece in pieces:
        yield piece


async def _next(
    blocks: AsyncGenerator[list[ServerEvent], None], until: float, bounds: AttemptBounds, answer: CompletionReader
) -> list[ServerEvent] | None:
    """Return the events that come next, or None at the end of the stream."""
    try:
        async with asyncio.timeout_at(min(until, bounds.end_at)):
            return await anext(blocks, None)
    except TimeoutError:
        if asyncio.get_running_loop().time() >= bounds.end_at:
            raise AnswerTooLong("more seconds than an answer may take") from None
        raise (StreamStalled if answer.alive else ModelSilent)("no chunk in time") from None


async def _drain(blocks: AsyncGenerator[list[ServerEvent], None]) -> None:
    """Read on to the end of the body, so that the connection can serve the next call."""
    with suppress(TimeoutError, StreamCut, GarbledAnswer):
        async with asyncio.timeout(DRAIN):
            async for _ in blocks:
                pass


async def _rest(pieces: AsyncGenerator[bytes, None], begun: bytes, bounds: AttemptBounds) -> str:
    """Return a body that is no stream, of which the beginning has been read."""
    body = bytearray(begun)
    try:
        async with asyncio.timeout_at(bounds.first_token_at):
            async for piece in pieces:
                body += piece
                if len(body) > LARGEST_ANSWER:
                    raise GarbledAnswer(f"a body of more than {LARGEST_ANSWER} bytes")
    except TimeoutError:
        raise ModelSilent("the body did not end in time") from None
    return body.decode(errors="replace")


async def _text(response: httpx.Response, bounds: AttemptBounds) -> str:
    """Return the body of a refusal."""
    return (await read_body(response, LARGEST_ANSWER, bounds.first_token_at)).decode(errors="replace")
