"""What platforms deliver over HTTP, and health on a port of its own; each within bounds of time and of connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from bots.connections import ConnectionLimit
from bots.http_settings import HttpSettings
from bots.metrics import EventLoopLag, format_metrics

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LARGEST = 1024 * 1024  # bytes; an event of Slack's is a few kilobytes
LINGERING = 2.0  # seconds for which what is sent after a refusal is still read, so that its sender sees the refusal


@dataclass(frozen=True, slots=True)
class Health:
    """Asks each platform whether events can arrive, and the store what keeps it from storing them, if anything does.

    `counters` gives further metrics as Prometheus reads them.
    """

    ready: Sequence[Callable[[], Awaitable[bool]]]
    trouble: Callable[[], Awaitable[str]]
    counters: Callable[[], str] = str

    async def is_ready(self) -> bool:
        """Tell whether events can arrive from every platform."""
        return all([await each() for each in self.ready])


def health_routes(health: Health, lag: EventLoopLag) -> list[web.RouteDef]:
    """Return the routes that tell how the bot is: `/health` and `/metrics`."""
    return [web.get("/health", _health(health)), web.get("/metrics", _metrics(health, lag))]


@asynccontextmanager
async def serve_routes(
    event: str, routes: Iterable[web.RouteDef], host: str, port: int, settings: HttpSettings
) -> AsyncIterator[int]:
    """Serve routes on a port of their own, give its number, and close it at the end of the block.

    The log has it as an `event`, "http on". A body is read before its handler is called.
    """
    app = web.Application(client_max_size=LARGEST, middlewares=[_body_reader(settings.timeout)])
    app.add_routes(routes)
    lingering = min(LINGERING, settings.timeout)
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=settings.timeout, lingering_time=lingering)
    await runner.setup()
    if runner.server is None:
        raise RuntimeError("aiohttp made no server")
    limit = ConnectionLimit(runner.server, settings.connections, settings.connections_per_address)
    listener = await asyncio.get_running_loop().create_server(limit.open_connection, host, port)
    number = int(listener.sockets[0].getsockname()[1])
    log.info(event, port=number)
    try:
        yield number
    finally:
        listener.close()
        await runner.cleanup()


def _body_reader(seconds: float) -> Middleware:
    """Return what reads a body within its bounds; one that is too long, too slow or broken on its way is refused."""

    @web.middleware
    async def read_body(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            async with asyncio.timeout(seconds):
                await request.read()
        except web.HTTPException:
            raise
        except TimeoutError:
            log.warning("request refused", status=408, reason=f"its body took more than {seconds:g} seconds")
            raise web.HTTPRequestTimeout from None
        except Exception as error:  # noqa: BLE001 - whatever a stranger sends is refused, in one line
            log.warning("request refused", status=400, reason=type(error).__name__)
            raise web.HTTPBadRequest from None
        return await handler(request)

    return read_body


def _health(health: Health) -> Handler:
    async def respond(_: web.Request) -> web.Response:
        is_ready, trouble = await health.is_ready(), await health.trouble()
        status = 200 if is_ready and not trouble else 503
        return web.json_response({"ready": status == 200, "database": trouble or "ok"}, status=status)

    return respond


def _metrics(health: Health, lag: EventLoopLag) -> Handler:
    async def respond(_: web.Request) -> web.Response:
        is_ready, trouble = await health.is_ready(), await health.trouble()
        text = format_metrics(lag, is_ready=is_ready, is_writable=not trouble) + health.counters()
        return web.Response(text=text, content_type="text/plain")

    return respond
