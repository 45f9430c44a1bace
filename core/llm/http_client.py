"""The HTTP client that every call of the model's room shares: httpx's interface over aiohttp's connections.

httpcore asks each idle connection by a system call, in each request, whether it has expired; under load that was a
quarter of all the time. aiohttp, which both platforms bring anyway, is told by the event loop.
"""

import ssl
from functools import cache
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import HttpxAiohttpClient

LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")  # never asked for through a proxy
KEPT_FOR = 60.0  # seconds that an idle connection is kept, so that a thread's next question finds one


class HttpClient(HttpxAiohttpClient):
    """httpx's client, in which whatever aiohttp raises is one of httpx's own errors."""

    async def send(
        self,
        request: httpx.Request,
        *,
        stream: bool = False,
        auth: Any = httpx.USE_CLIENT_DEFAULT,
        follow_redirects: Any = httpx.USE_CLIENT_DEFAULT,
    ) -> httpx.Response:
        """Send a request as httpx does; what its transport does not translate is a RemoteProtocolError.

        Raises LocalProtocolError for a header that cannot be sent, such as a key with a line end in it.
        """
        if any(_is_control(value) for value in request.headers.values()):
            raise httpx.LocalProtocolError("a header holds control characters", request=request)
        try:
            return await super().send(request, stream=stream, auth=auth, follow_redirects=follow_redirects)
        except aiohttp.ClientError as error:
            raise httpx.RemoteProtocolError(f"{type(error).__name__}: {error}", request=request) from None


def open_http_client(max_connections: int, timeout: float | None = None) -> HttpClient:
    """Return a client with a pool of its own, which the caller closes; `timeout` is in seconds, for each step.

    HTTP/1.1 with keep-alive: a stream keeps its connection busy anyway, and there is one endpoint, so that HTTP/2
    would save one handshake for each call that runs at the same time and cost a dependency.
    """
    limits = httpx.Limits(max_connections=max_connections, keepalive_expiry=KEPT_FOR)
    mounts = dict.fromkeys(LOOPBACK)
    return HttpClient(limits=limits, mounts=mounts, timeout=timeout, verify=_trusted_authorities())


@cache
def _trusted_authorities() -> ssl.SSLContext:
    """Return whom httpx trusts by itself, read once: that takes longer than all else a client needs."""
    return httpx.create_ssl_context()


def _is_control(value: str) -> bool:
    return any(letter < " " and letter != "\t" for letter in value)
