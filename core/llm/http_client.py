"""The HTTP client that every call of the model's room shares: httpx's interface over aiohttp's connections.

httpcore asks each idle connection by a system call, in each request, whether it has expired; under load that was a
quarter of all the time. aiohttp, which both platforms bring anyway, is told by the event loop.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

MayVisit = Callable[[str], bool]  # whether a connection to a numeric address may be made

LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")  # never asked for through a proxy
LOOKUPS = 16  # names that are resolved at a time
NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
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


def open_public_client(may_visit: MayVisit, seconds: float) -> HttpClient:
    """Return a client that connects to addresses alone that `may_visit` lets pass, which the caller closes.

    A name is resolved once for a connection, which is made to what was checked; no proxy stands between, since it would
    resolve the name a second time. `seconds` is for each step of a request.
    """
    trusted = _trusted_authorities()
    transport = AiohttpTransport(client=lambda: _open_public_session(may_visit), verify=trusted, trust_env=False)
    return HttpClient(transport=transport, trust_env=False, timeout=seconds)


def _open_public_session(may_visit: MayVisit) -> aiohttp.ClientSession:
    resolver, trusted = CheckedResolver(may_visit), _trusted_authorities()
    connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True, ssl=trusted)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


class CheckedResolver(AbstractResolver):
    """Resolves a name into addresses that may be connected to; OSError where one of them may not.

    In threads of its own: one that waits for a name server cannot be called off, and others need the loop's threads.
    """

    def __init__(self, may_visit: MayVisit) -> None:
        self._may_visit = may_visit
        self._threads = ThreadPoolExecutor(LOOKUPS, "resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return a name's addresses."""
        ask = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        if not all(self._may_visit(str(address[0])) for *_, address in found):
            raise OSError(f"{host} leads to an address that may not be visited")
        return [
            ResolveResult(hostname=host, host=str(address[0]), port=port, family=each, proto=proto, flags=NUMERIC)
            for each, _, proto, _, address in found
        ]

    async def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


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
