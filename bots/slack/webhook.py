"""Slack's events, slash commands and shortcuts over HTTP, for where Socket Mode is not to be."""

import json
from urllib.parse import parse_qs

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
    """Return the route on which Slack delivers its events, and whatever else people set off."""

    async def events(request: web.Request) -> web.Response:
        if not _is_readable(await request.text(), request.content_type):
            log.warning("event refused", reason="the body is neither JSON nor a form of Slack's")
            return web.Response(status=400)
        response = await slack.async_dispatch(await to_bolt_request(request))
        if response.status != 200:
            log.warning("event refused", status=response.status, reason=REASONS.get(response.status, "see above"))
        return await to_aiohttp_response(response)

    return web.post(EVENTS, events)


def _is_readable(body: str, content_type: str) -> bool:
    """Whether Bolt can read a body: JSON, or a form that is a command or holds JSON (Slack docs, Slash commands)."""
    if content_type != "application/x-www-form-urlencoded":
        return _is_json(body)
    form = parse_qs(body)
    return "command" in form or _is_json(form.get("payload", [""])[0])


def _is_json(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
