"""Health, and what platforms deliver over HTTP, on one port."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog
from aiohttp import web

from bots.metrics import EventLoopLag, format_metrics

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.Response]]
LARGEST = 1024 * 1024  # bytes; an event of Slack's is a few kilobytes


@dataclass(frozen=True, slots=True)
class Health:
    """Asks each platform whether events can arrive, and the store what keeps it from storing them, if anything does."""

    ready: Sequence[Callable[[], Awaitable[bool]]]
    trouble: Callable[[], Awaitable[str]]

    async def is_ready(self) -> bool:
        """Tell whether events can arrive from every platform."""
        return all([await each() for each in self.ready])


def build_application(health: Health, lag: EventLoopLag, routes: Iterable[web.RouteDef] = ()) -> web.Application:
    """Return the web application: `/health`, `/metrics`, and the routes of platforms that deliver over HTTP."""
    app = web.Application(client_max_size=LARGEST)
    app.router.add_get("/health", _health(health))
    app.router.add_get("/metrics", _metrics(health, lag))
    app.add_routes(routes)
    return app


async def open_port(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Open the port and return the runner, to be cleaned up by the caller; logs the port that it got."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    log.info("http on", port=runner.addresses[0][1])
    return runner


def _health(health: Health) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        is_ready, trouble = await health.is_ready(), await health.trouble()
        status = 200 if is_ready and not trouble else 503
        return web.json_response({"ready": status == 200, "database": trouble or "ok"}, status=status)

    return answer


def _metrics(health: Health, lag: EventLoopLag) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        gauges = {
            "ready": ("Whether events can arrive from every platform.", float(await health.is_ready())),
            "database_writable": ("Whether messages can be stored.", float(not await health.trouble())),
            "event_loop_lag_seconds": ("How late the event loop was at the worst, in a minute or two.", lag.seconds),
        }
        return web.Response(text=format_metrics(gauges), content_type="text/plain")

    return answer
