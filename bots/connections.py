"""How many connections strangers may hold at a port: of each address and in all."""

import asyncio

import structlog
from aiohttp import web

log = structlog.get_logger()

QUIET = 60.0  # seconds between two lines in the log about connections that were closed


class ConnectionLimit:
    """Hands each new connection to a server as long as there is room, and closes it unread where there is none."""

    def __init__(self, server: web.Server, most: int, most_per_address: int) -> None:
        self._server = server
        self._most = most
        self._most_per_address = most_per_address
        self._told_at = -QUIET

    def open_connection(self) -> asyncio.Protocol:
        """Return what a new connection is handed to, as `create_server` of an event loop wants it."""
        return _Entrance(self)

    def admit(self, transport: asyncio.Transport) -> None:
        """Give a connection to the server, or close it."""
        address = _address_of(transport)
        held = [_address_of(each.transport) for each in self._server.connections if each.transport]
        if len(held) >= self._most or held.count(address) >= self._most_per_address:
            transport.abort()
            self._tell(address, len(held))
            return
        protocol = self._server()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

    def _tell(self, address: str, held: int) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= QUIET:
            self._told_at = now
            hint = "CONFAB_HTTP_CONNECTIONS and CONFAB_HTTP_CONNECTIONS_PER_ADDRESS say how many there may be."
            log.warning("connection closed", address=address, open=held, hint=hint)


class _Entrance(asyncio.Protocol):
    """A connection of which nothing was read yet."""

    def __init__(self, limit: ConnectionLimit) -> None:
        self._limit = limit

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._limit.admit(transport)


def _address_of(transport: asyncio.BaseTransport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if isinstance(peer, tuple) else ""
