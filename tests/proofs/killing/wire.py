"""The bot's calls of the sandbox, as points at which it dies: on receipt, once acted upon, and once answered."""

import re
import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tests.proofs.killing.life import Life
from tests.proofs.killing.points import Points

ID = re.compile(r"\d{9,}|(?<=webhooks/…/)[\w.=-]+")


class Wire:
    """Stands before the sandbox's server and sees every call of the life that it watches."""

    def __init__(self) -> None:
        self._life: Life | None = None
        self._points = Points("", lambda _: None)
        self.record: list[tuple[float, str]] = []

    def watch(self, life: Life, deadly: str) -> None:
        """From now on, note the points of this life, and end it at the deadly one."""
        self._life = life
        self.record = []
        self._points = Points(deadly, lambda point: self.record.append((time.monotonic(), point)))

    async def passes(self, name: str) -> bool:
        """Come by a point; return False where the bot has died there, once it is dead."""
        if self._life is None or not self._points.dies_at(name):
            return True
        await self._life.kill()
        return False

    @property
    def middleware(self) -> Middleware:
        """Return what aiohttp calls in place of each handler."""

        @web.middleware
        async def served(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.headers.get("Upgrade"):
                return await handler(request)  # it lasts as long as the connection
            return await self._served(request, handler)

        return served

    async def _served(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        call = f"{request.method} {ID.sub('…', request.path)}"
        if not await self.passes(f"{call}: received"):
            return web.Response(status=503)  # to nobody, and nothing was done
        try:
            response = await handler(request)
            if await self.passes(f"{call}: acted upon"):
                await response.prepare(request)
                await response.write_eof()
                await self.passes(f"{call}: answered")
        except ConnectionError:  # the bot went away meanwhile
            return web.Response(status=499)
        return response
