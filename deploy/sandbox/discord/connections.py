"""One gateway connection: what goes out over it, compressed or plain, and what came in."""

import asyncio
import json
import time
import zlib
from typing import Any

from aiohttp import web

MOST_SENT = 120  # payloads from the bot within a minute. Discord docs, Gateway, Rate limiting


class Closed(Exception):
    """A connection that Discord closes, with one of the gateway's close codes."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Connection:
    """A websocket with its queue of outgoing payloads. `compress` is the query's value: `zlib-stream` or empty."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse, compress: str) -> None:
        self.heartbeats = 0
        self.closing = False
        self._request = request
        self._socket = socket
        self._stream = zlib.compressobj() if compress == "zlib-stream" else None
        self._outbox: asyncio.Queue[str | int] = asyncio.Queue()
        self._window = (0.0, 0)

    def send(self, text: str) -> None:
        """Put a payload that is already written out into the queue."""
        self._outbox.put_nowait(text)

    def tell(self, opcode: int, data: Any = None) -> None:
        """Put a payload that is no event into the queue."""
        self.send(json.dumps({"op": opcode, "d": data, "s": None, "t": None}))

    def close(self, code: int) -> None:
        """Close it with one of the gateway's codes, after what the queue still holds."""
        self.closing = True
        self._outbox.put_nowait(code)

    async def write(self) -> None:
        """Send what the queue holds, one after the other, until it says to close or the connection is gone."""
        while not isinstance(item := await self._outbox.get(), int):
            try:
                await self._send(item)
            except ConnectionError:
                return
        await self._socket.close(code=item)

    async def _send(self, text: str) -> None:
        if self._stream is None:
            await self._socket.send_str(text)
        else:
            await self._socket.send_bytes(self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH))

    def abort(self) -> None:
        """Cut it without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()

    def too_many(self) -> bool:
        """Count a payload from the bot, and say whether it is one too many within its minute."""
        now = time.monotonic()
        began, count = self._window
        self._window = (began, count + 1) if now - began < 60 else (now, 1)
        return self._window[1] > MOST_SENT
