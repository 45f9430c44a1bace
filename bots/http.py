"""Health, and Slack's HTTP events, on one port."""

import json
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp

log = structlog.get_logger()

EVENTS = "/slack/events"
LARGEST = 1024 * 1024  # bytes; an event of Slack's is a few kilobytes
REASONS = {
    401: "its signature is not Slack's, or it is older than five minutes",
    404: "it is no event",
    500: "it could not be stored",
}


def application(ready: Callable[[], Awaitable[bool]], slack: AsyncApp | None) -> web.Application:
    """Return the web application: `/health`, and `/slack/events` where Slack is to deliver over HTTP."""
    app = web.Application(client_max_size=LARGEST)
    app.router.add_get("/health", _health(ready))
    if slack:
        app.router.add_post(EVENTS, _events(slack))
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


def _events(slack: AsyncApp) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def events(request: web.Request) -> web.Response:
        if not _is_json(await request.text()):
            log.warning("event refused", reason="the body is not JSON")
            return web.Response(status=400)
        response = await slack.async_dispatch(await to_bolt_request(request))
        if response.status != 200:
            log.warning("event refused", status=response.status, reason=REASONS.get(response.status, "see above"))
        return await to_aiohttp_response(response)

    return events


def _is_json(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
