"""Answers of a platform's API, of which no more is read than any of them has."""

import asyncio
from collections.abc import Mapping
from weakref import WeakSet

import aiohttp
from aiohttp.tracing import Trace

LARGEST = 16 * 1024 * 1024  # bytes, decompressed: a page of a thousand long messages has a quarter of it
CHUNK = 256 * 1024  # bytes
SECONDS = 60.0  # for the whole of an answer; a long page takes one or two
UNSET: Mapping[str, str] = {}


class BoundedResponse(aiohttp.ClientResponse):
    """A response whose `read`, `text` and `json` raise ClientPayloadError for a body that is too large, or has no end.

    aiohttp has no bound of its own, so that a small compressed body could fill the memory. What is read piece by piece
    from `content`, as files are, is bounded by whoever reads it.
    """

    seconds = SECONDS

    async def read(self) -> bytes:
        """Return the whole body."""
        if self._body is None:
            try:
                async with asyncio.timeout(self.seconds):
                    self._body = await self._read_bounded()
            except TimeoutError:
                self.close()
                raise aiohttp.ClientPayloadError(f"no end within {self.seconds:g} seconds") from None
            except BaseException:  # as aiohttp's own does: a reader that is cancelled leaves no connection open
                self.close()
                raise
        return await super().read()

    async def _read_bounded(self) -> bytes:
        body = bytearray()
        async for chunk in self.content.iter_chunked(CHUNK):
            body += chunk
            if len(body) > LARGEST:
                self.close()
                raise aiohttp.ClientPayloadError(f"more than {LARGEST} bytes")
        return bytes(body)


class BoundedConnector(aiohttp.TCPConnector):
    """Connections of a session that an SDK opens by itself, all of whose responses are bounded by this.

    A request names the class of its response, and comes by here before it is sent. What is still being read
    when an SDK closes its session is closed with it: aiohttp leaves that to whoever reads.
    """

    def __init__(self, response_class: type[BoundedResponse] = BoundedResponse) -> None:
        super().__init__(limit=0)
        self._response_class = response_class
        self._given = WeakSet[aiohttp.connector.Connection]()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> aiohttp.connector.Connection:
        """Return a connection for a request, as ever."""
        req.response_class = self._response_class
        connection = await super().connect(req, traces, timeout)
        self._given.add(connection)
        return connection

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close every connection, those in use as well."""
        for connection in list(self._given):
            connection.close()
        await super().close(abort_ssl=abort_ssl)


def open_bounded_session(seconds: float = SECONDS, headers: Mapping[str, str] = UNSET) -> aiohttp.ClientSession:
    """Return a session whose answers are bounded, which the caller closes; `seconds` are for a whole call."""
    timeout = aiohttp.ClientTimeout(total=seconds)
    return aiohttp.ClientSession(response_class=BoundedResponse, timeout=timeout, headers=headers)
