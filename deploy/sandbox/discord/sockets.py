"""The gateway's door: each connection from its hello to its end (Discord docs, Gateway opcodes and close codes)."""

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

from deploy.sandbox.discord.connections import Closed, Connection
from deploy.sandbox.discord.faults import Faults
from deploy.sandbox.discord.gateway import Gateway

MOST_BYTES = 4096  # of a payload from the bot. Discord docs, Gateway, Sending events
VERSIONS = ("9", "10")


def routes(gateway: Gateway, faults: Faults) -> list[web.AbstractRouteDef]:
    """Return the route of the gateway's websocket."""

    async def serve(request: web.Request) -> web.StreamResponse:
        if faults.refuse_sockets:
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=1 << 20, timeout=1.0)
        await socket.prepare(request)
        connection = Connection(request, socket, request.query.get("compress", ""))
        writer = asyncio.create_task(connection.write())
        try:
            await _hold(gateway, connection, socket, request.query)
        except Closed as refusal:
            connection.close(refusal.code)
        finally:
            gateway.leave(connection, socket.close_code)
            if connection.closing:
                await writer
            writer.cancel()
        return socket

    return [web.get("/discord/gateway", serve)]


async def _hold(gateway: Gateway, connection: Connection, socket: web.WebSocketResponse, query: Any) -> None:
    if query.get("v", "10") not in VERSIONS:
        raise Closed(4012)
    gateway.join(connection)
    async for message in socket:
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            _receive(gateway, connection, *_payload(connection, message.data))


def _payload(connection: Connection, text: str | bytes) -> tuple[Any, Any]:
    """Return opcode and data of what the bot sent. Raises Closed for what is too much, too long or no payload."""
    if len(text) > MOST_BYTES:
        raise Closed(4002)
    if connection.too_many():
        raise Closed(4008)
    try:
        payload = json.loads(text)
        return payload["op"], payload.get("d")
    except (ValueError, KeyError, TypeError):
        raise Closed(4002) from None


def _receive(gateway: Gateway, connection: Connection, opcode: Any, data: Any) -> None:
    match opcode:
        case 1:
            gateway.beat(connection)
        case 2:
            gateway.identify(connection, data)
        case 6:
            gateway.resume(connection, data)
        case 8:
            gateway.send_members(gateway.session_of(connection), data)
        case 3 | 4:  # presence and voice change nothing that anybody sees here
            gateway.session_of(connection)
        case _:
            raise Closed(4001)
