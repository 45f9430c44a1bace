"""Socket Mode, and the watch over it."""

import asyncio
import time
from collections.abc import Callable

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bots.slack.bolt_request import read_bolt_request

log = structlog.get_logger()

STUCK = 3  # pings without a socket after which the address is asked for anew


class SocketHandler(AsyncSocketModeHandler):
    """Hands requests to Bolt, and acknowledges what it cannot read."""

    async def handle(self, client: AsyncBaseSocketModeClient, req: SocketModeRequest) -> None:
        """Have Bolt hear a request, and send Slack what it answers; without an answer Slack sends it again."""
        begun = time.time()
        heard = read_bolt_request(req.payload, build_headers(req) or {}, "socket_mode")
        answer = await self.app.async_dispatch(heard) if heard else BoltResponse(status=200)
        await send_async_response(client, req, answer, begun)


class SlackSocket:
    """Slack's events over a websocket that is replaced when it dies."""

    def __init__(self, app: AsyncApp, app_token: str, replaced: Callable[[], None], ping: float) -> None:
        """`replaced` is called once another socket has taken the place of one: something may have been missed."""
        self._ping = ping
        self._replaced = replaced
        self._handler = SocketHandler(app, app_token, ping_interval=ping)
        self._watch: asyncio.Task[None] | None = None

    async def connect_socket(self) -> None:
        """Connect; raises SlackApiError where Slack refuses the token."""
        await self._handler.connect_async()  # type: ignore[no-untyped-call] # the SDK leaves it unannotated
        self._watch = asyncio.create_task(self._watch_connection())

    async def close(self) -> None:
        """Take in nothing more."""
        if self._watch:
            self._watch.cancel()
        await self._handler.close_async()  # type: ignore[no-untyped-call] # as above

    async def is_connected(self) -> bool:
        """Tell whether events can arrive."""
        return await self._handler.client.is_connected()

    async def _watch_connection(self) -> None:
        """Help the client over what it does not notice: it would try an address that has expired for ever.

        An address from apps.connections.open serves once and for half a minute; without one, the client asks anew.
        """
        missed, current = 0, await self._handler.client.session_id()
        while True:
            await asyncio.sleep(self._ping)
            is_connected = await self.is_connected()
            if is_connected and (now := await self._handler.client.session_id()) != current:
                current = now
                self._replaced()
            missed = 0 if is_connected else missed + 1
            if missed == STUCK:
                log.warning("slack socket lost", hint="Confab keeps trying; look at the network and Slack's status.")
                self._handler.client.wss_uri = None
                missed = 0
