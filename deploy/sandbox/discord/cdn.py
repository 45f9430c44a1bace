"""The addresses of attachments: signed, and good for a day (Discord docs, Signed Attachment CDN URLs)."""

import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import quote

from aiohttp import web

from deploy.sandbox.discord.posts import Attachment

LIFE = 24 * 3600  # seconds
_KEY = b"signs nothing outside this sandbox"


def signed(base: str, channel: str, attachment: Attachment, issued: float) -> str:
    """Return the address of an attachment, good for a day from `issued`, in seconds since 1970."""
    path = f"{channel}/{attachment.id}/{attachment.name}"
    began, ends = f"{int(issued):x}", f"{int(issued) + LIFE:x}"
    return f"{base}/{quote(path)}?ex={ends}&is={began}&hm={_signature(path, ends, began)}&"


def _signature(path: str, ends: str, began: str) -> str:
    return hmac.new(_KEY, f"{path} {ends} {began}".encode(), hashlib.sha256).hexdigest()


def holds(path: str, query: dict[str, str], now: float) -> bool:
    """Say whether an address was signed here and is still good."""
    ends, began = query.get("ex", ""), query.get("is", "")
    if not hmac.compare_digest(_signature(path, ends, began), query.get("hm", "")):
        return False
    return int(ends, 16) > now


def routes(find: Callable[[str], Attachment | None], expired: Callable[[], bool]) -> list[web.AbstractRouteDef]:
    """Return the route that serves attachments; `find` gives one by its id, `expired` says that none is to be had."""

    async def send(request: web.Request) -> web.Response:
        place = request.match_info
        path = f"{place['channel']}/{place['attachment']}/{place['name']}"
        found = find(place["attachment"])
        if found is None or expired() or not holds(path, dict(request.query), time.time()):
            return web.Response(status=404, text="This content is no longer available.")
        found.fetched += 1
        return web.Response(body=found.content, content_type=found.media_type or "application/octet-stream")

    return [web.get("/discord/cdn/attachments/{channel}/{attachment}/{name}", send)]
