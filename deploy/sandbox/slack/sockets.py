"""Socket Mode: the open connections, and what is sent over them (Slack docs, Socket Mode)."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Literal

from aiohttp import WSMsgType, web

from deploy.sandbox.slack.faults import Faults
from deploy.sandbox.slack.roster import APP

MOST_CONNECTIONS = 10  # Slack docs, Socket Mode: up to ten at once
Body = dict[str, Any]
DisconnectReason = Literal["warning", "refresh_requested", "too_many_websockets", "link_disabled"]


class Sockets:
    """The app's open connections. An event goes over one of them, each in its turn.

    `opened` and `turned_away` count the connections that ever came, and those that were refused.
    """

    def __init__(self, faults: Faults, changed: Callable[[], None], acknowledged: Callable[[str, Body], None]) -> None:
        self._faults = faults
        self._changed = changed
        self._acknowledged = acknowledged
        self._open: dict[web.WebSocketResponse, asyncio.Queue[str]] = {}
        self._tickets: set[str] = set()
        self._numbers = 0
        self.opened = 0
        self.turned_away = 0

    def __len__(self) -> int:
        return len(self._open)

    def ticket(self) -> str:
        """Return a new ticket for one connection, as apps.connections.open puts it into the address."""
        self._numbers += 1
        ticket = f"ticket-{self._numbers}"
        self._tickets.add(ticket)
        return ticket

    def send(self, envelope: dict[str, Any]) -> bool:
        """Send an envelope over one connection; False if there is none. A silent socket swallows it."""
        if not self._open:
            return False
        connection, outbox = next(iter(self._open.items()))
        self._open[connection] = self._open.pop(connection)
        if not self._faults.silent_sockets:
            outbox.put_nowait(json.dumps(envelope))
        return True

    async def disconnect(self, reason: DisconnectReason, *, close: bool = True) -> None:
        """Tell every connection to go; Slack closes it soon after, except after a `warning`."""
        for connection in list(self._open):
            await connection.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
            if close and reason != "warning":
                await connection.close()

    async def close(self) -> None:
        """Close every connection without a word."""
        for connection in list(self._open):
            await connection.close()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Hold one connection from its hello to its end. A ticket serves once, also where it is turned away."""
        ticket = request.query.get("ticket", "")
        known = ticket in self._tickets
        self._tickets.discard(ticket)
        if not known or self._faults.refuse_sockets:
            self.turned_away += 1
            self._changed()
            return web.Response(status=403, text="This ticket opens no connection.")
        connection = web.WebSocketResponse(autoping=False)
        await connection.prepare(request)
        if len(self._open) >= MOST_CONNECTIONS:
            await connection.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            await connection.close()
            return connection
        await connection.send_json(self._hello())
        await self._hold(connection)
        return connection

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._open) + 1,
            "connection_info": {"app_id": APP},
            "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
        }

    async def _hold(self, connection: web.WebSocketResponse) -> None:
        outbox: asyncio.Queue[str] = asyncio.Queue()
        self._open[connection] = outbox
        self.opened += 1
        writer = asyncio.create_task(_write(connection, outbox))
        self._changed()
        try:
            await self._read(connection)
        finally:
            self._open.pop(connection, None)
            writer.cancel()
            self._changed()

    async def _read(self, connection: web.WebSocketResponse) -> None:
        async for message in connection:
            if message.type is WSMsgType.PING and not self._faults.silent_sockets:
                await connection.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                said = json.loads(message.data)
                self._acknowledged(said.get("envelope_id", ""), said.get("payload") or {})


async def _write(connection: web.WebSocketResponse, outbox: asyncio.Queue[str]) -> None:
    while True:
        await connection.send_str(await outbox.get())
