"""The one way in which responses are read: within bounds in bytes, as they are after decompression, and in seconds."""

import asyncio
import json
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from core.errors import EndpointUnreachable, GarbledAnswer, ModelSilent, StreamCut, WrongKey

LARGEST_REFUSAL = 64_000  # bytes; more of an error's body is not read
PIECE = 65_536  # bytes that are decompressed at once
ZLIB_OR_GZIP = zlib.MAX_WBITS | 32  # zlib's own manual: 32 added to the window's bits tells the two apart by itself
ENCODINGS = {"gzip", "x-gzip", "deflate"}


@dataclass(frozen=True, slots=True)
class WholeResponse:
    """A response with its body, decompressed; the body of a refusal is cut at LARGEST_REFUSAL."""

    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, whatever its bytes are."""
        return self.content.decode(errors="replace")


async def fetch_response(
    client: httpx.AsyncClient, request: httpx.Request, *, largest: int, seconds: float
) -> WholeResponse:
    """Send a request and return the response, with a body of at most `largest` bytes, within `seconds` in all.

    Raises WrongKey, EndpointUnreachable, ModelSilent, StreamCut or GarbledAnswer: the last for a larger body too.
    """
    until = asyncio.get_running_loop().time() + seconds
    async with open_response(client, request, until) as response:
        return WholeResponse(response.status_code, response.headers, await read_body(response, largest, until))


@asynccontextmanager
async def open_response(
    client: httpx.AsyncClient, request: httpx.Request, until: float
) -> AsyncIterator[httpx.Response]:
    """Send a request and give its response with the body unread; `until` is by the loop's clock, for the headers.

    Raises WrongKey for a key that no header can carry, EndpointUnreachable, or ModelSilent.
    """
    request.headers["Accept-Encoding"] = "identity"
    try:
        async with asyncio.timeout_at(until):
            response = await client.send(request, stream=True)
    except TimeoutError:
        raise ModelSilent("no response headers in time") from None
    except httpx.LocalProtocolError:
        raise WrongKey("the key holds characters that a header cannot carry") from None
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise EndpointUnreachable(f"{type(error).__name__}: {error}") from None
    try:
        yield response
    finally:
        await response.aclose()


async def read_body(response: httpx.Response, largest: int, until: float) -> bytes:
    """Return the whole body, at most `largest` bytes of it, by the time `until` of the loop's clock.

    A body that exceeds them raises GarbledAnswer; that of a refusal is cut, at LARGEST_REFUSAL. Raises StreamCut and
    ModelSilent as well.
    """
    most = largest if response.is_success else LARGEST_REFUSAL
    body = bytearray()
    async with aclosing(read_pieces(response)) as pieces:
        try:
            async with asyncio.timeout_at(until):
                async for piece in pieces:
                    body += piece
                    if len(body) > most:
                        break
        except TimeoutError:
            raise ModelSilent("the body did not end in time") from None
    if len(body) > most and response.is_success:
        raise GarbledAnswer(f"a body of more than {most} bytes")
    return bytes(body[:most])


async def read_pieces(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Yield a body as it comes, decompressed, in pieces of 64 KB at the most: a small bomb never becomes a large one.

    Raises StreamCut where the connection breaks, and GarbledAnswer where the body is not encoded as its header says.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ENCODINGS | {"", "identity"}:
        raise GarbledAnswer(f"a body in an encoding that was not asked for: {encoding[:40]}")
    inflater = zlib.decompressobj(ZLIB_OR_GZIP) if encoding in ENCODINGS else None
    with _broken_body():
        async for block in response.aiter_raw():
            for piece in _inflate_block(inflater, block) if inflater else (block,):
                yield piece


def decode_json(text: str | bytes) -> Any:
    """Return what a text of JSON holds, with null for what JSON does not have (NaN); ValueError for all else.

    That is raised for figures of more than 4,300 digits and for lists in lists without end, too.
    """
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("JSON that is too deep") from None


def _inflate_block(inflater: "zlib._Decompress", block: bytes) -> Iterator[bytes]:
    while True:
        piece = inflater.decompress(block, PIECE)
        if piece:
            yield piece
        block = inflater.unconsumed_tail
        if not block and len(piece) < PIECE:
            return


@contextmanager
def _broken_body() -> Iterator[None]:
    try:
        yield
    except zlib.error:
        raise GarbledAnswer("the body is not encoded as its header says") from None
    except (httpx.TransportError, httpx.StreamError) as error:
        raise StreamCut(f"{type(error).__name__}: {error}") from None
