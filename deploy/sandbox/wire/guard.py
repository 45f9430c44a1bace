"""Keeps the sandbox to itself: no other web page may drive its APIs or its page, or bring a script into it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from yarl import URL

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
REFUSALS = {400: web.HTTPBadRequest, 403: web.HTTPForbidden, 404: web.HTTPNotFound, 504: web.HTTPGatewayTimeout}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def refusal(status: int, why: str) -> web.HTTPException:
    """Return what to raise: an answer with this status and a sentence that the page shows."""
    return REFUSALS[status](text=json.dumps({"error": why}), content_type="application/json")


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the call's JSON object, or refuse."""
    try:
        asked = await request.json()
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise refusal(400, "The body is not a JSON object.")
    return asked


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve what a bot, a person's own tool or the page itself asks for, and refuse every other web page's request."""
    if not from_here(request):
        raise refusal(403, "This address serves its own page, and what runs on this machine.")
    return await handler(request)


def from_here(request: web.Request) -> bool:
    """Say whether a request was meant for a loopback address and comes from no other web page.

    The Host tells a rebound name (DNS rebinding) from ours; browsers add an Origin to every request that changes
    something and to websockets, and Sec-Fetch-Site to all (Fetch standard, Fetch Metadata).
    """
    if named(request.host) not in LOOPBACK:
        return False
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return False
    return request.headers.get("Origin") in (None, f"http://{request.host}")


def named(host: str) -> str:
    """Return the name in a Host header, without its port; empty where it is none."""
    try:
        return URL(f"http://{host}").host or ""
    except ValueError:
        return ""


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; frame-src http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy under which the page's own files work, and nothing that stands in a message."""
