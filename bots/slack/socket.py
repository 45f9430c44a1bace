"""Socket Mode, and the watch over it."""

import asyncio

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp

log = structlog.get_logger()

PING = 5.0  # seconds between two pings; the client gives a socket up when no answer came for half as long
STUCK = 3  # pings without a socket after which the address is asked for anew


class Socket:
    """Slack's events over a websocket that is replaced when it dies."""

    def __init__(self, app: AsyncApp, app_token: str, ping: float = PING) -> None:
        self._ping = ping
        self._handler = AsyncSocketModeHandler(app, app_token, ping_interval=ping)
        self._watch: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect; raises SlackApiError where Slack refuses the token."""
        await self._handler.connect_async()  # type: ignore[no-untyped-call] # the SDK leaves it unannotated
        self._watch = asyncio.create_task(self._watching())

    async def close(self) -> None:
        """Take in nothing more."""
        if self._watch:
            self._watch.cancel()
        await self._handler.close_async()  # type: ignore[no-untyped-call] # as above

    async def connected(self) -> bool:
        """Tell whether events can arrive."""
        return await self._handler.client.is_connected()

    async def _watching(self) -> None:
        """Help the client over what it does not notice: it would try an address that has expired for ever.

        An address from apps.connections.open serves once and for half a minute; without one, the client asks anew.
        """
        missed = 0
        while True:
            await asyncio.sleep(self._ping)
            missed = 0 if await self.connected() else missed + 1
            if missed == STUCK:
                log.warning("slack socket lost", hint="Confab keeps trying; look at the network and Slack's status.")
                self._handler.client.wss_uri = None
                missed = 0
