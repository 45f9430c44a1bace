"""Slack's events over HTTP, for where Socket Mode is not to be."""

import json

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp

log = structlog.get_logger()

EVENTS = "/slack/events"
REASONS = {
    401: "its signature is not Slack's, or it is older than five minutes",
    404: "it is no event",
    500: "it could not be stored",
}


def events_route(slack: AsyncApp) -> web.RouteDef:
    """Return the route on which Slack delivers its events."""

    async def events(request: web.Request) -> web.Response:
        if not _is_json(await request.text()):
            log.warning("event refused", reason="the body is not JSON")
            return web.Response(status=400)
        response = await slack.async_dispatch(await to_bolt_request(request))
        if response.status != 200:
            log.warning("event refused", status=response.status, reason=REASONS.get(response.status, "see above"))
        return await to_aiohttp_response(response)

    return web.post(EVENTS, events)


def _is_json(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
