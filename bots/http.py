"""Health, and what platforms deliver over HTTP, on one port."""

from collections.abc import Awaitable, Callable, Iterable

import structlog
from aiohttp import web

log = structlog.get_logger()

LARGEST = 1024 * 1024  # bytes; an event of Slack's is a few kilobytes


def application(ready: Callable[[], Awaitable[bool]], routes: Iterable[web.RouteDef] = ()) -> web.Application:
    """Return the web application: `/health`, and the routes of platforms that deliver over HTTP."""
    app = web.Application(client_max_size=LARGEST)
    app.router.add_get("/health", _health(ready))
    app.add_routes(routes)
    return app


async def serve(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Open the port and return the runner, to be cleaned up by the caller; logs the port that it got."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    log.info("http on", port=runner.addresses[0][1])
    return runner


def _health(ready: Callable[[], Awaitable[bool]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"ready": True}) if await ready() else web.json_response({"ready": False}, status=503)

    return health
