"""Slack's events, slash commands and shortcuts over HTTP, for where Socket Mode is not to be."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from urllib.parse import parse_qs

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_app import AsyncApp

from bots.slack.bolt_request import read_bolt_request

log = structlog.get_logger()

EVENTS = "/slack/events"
OLDEST = 300.0  # seconds by which a signature may be old (Slack docs, Verifying requests)
NOT_SLACKS = "its signature is not Slack's, or it is older than five minutes"
NO_EVENT = "the body is neither JSON nor a form of Slack's"
REASONS = {401: NOT_SLACKS, 404: "it is no event", 500: "it could not be stored"}


def events_route(slack: AsyncApp, signing_secret: str) -> web.RouteDef:
    """Return the route on which Slack delivers its events, and whatever else people set off.

    Nothing of a request is parsed before the signature of its bytes has been found to be Slack's.
    """

    async def events(request: web.Request) -> web.Response:
        body = await request.read()
        if not is_signed(body, request.headers, signing_secret):
            log.warning("event refused", status=401, reason=NOT_SLACKS)
            return web.Response(status=401)
        text = body.decode(errors="replace")
        if not _is_readable(text, request.headers.get("Content-Type", "")):
            log.warning("event refused", status=400, reason=NO_EVENT)
            return web.Response(status=400)
        heard = read_bolt_request(text, request.headers, "http")
        if heard is None:
            return web.Response()
        response = await slack.async_dispatch(heard)
        if response.status != 200:
            log.warning("event refused", status=response.status, reason=REASONS.get(response.status, "see above"))
        return await to_aiohttp_response(response)

    return web.post(EVENTS, events)


def is_signed(body: bytes, headers: Mapping[str, str], signing_secret: str) -> bool:
    """Whether Slack signed these bytes within the last five minutes (Slack docs, Verifying requests from Slack)."""
    stamp, signature = headers.get("X-Slack-Request-Timestamp", ""), headers.get("X-Slack-Signature", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12) or abs(time.time() - int(stamp)) > OLDEST:
        return False
    expected = _signature_of(body, stamp, signing_secret)
    return hmac.compare_digest(expected.encode(), signature.encode(errors="replace"))


def sign_request(body: bytes, signing_secret: str) -> dict[str, str]:
    """Return the headers with which Slack would send this body now."""
    stamp = str(int(time.time()))
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": _signature_of(body, stamp, signing_secret)}


def _signature_of(body: bytes, stamp: str, signing_secret: str) -> str:
    digest = hmac.new(signing_secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return f"v0={digest}"


def _is_readable(body: str, content_type: str) -> bool:
    """Whether Bolt can read a body: JSON, or a form that is a command or holds JSON (Slack docs, Slash commands)."""
    if not content_type.startswith("application/x-www-form-urlencoded"):
        return _is_json(body)
    form = parse_qs(body)
    return "command" in form or _is_json(form.get("payload", [""])[0])


def _is_json(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False
