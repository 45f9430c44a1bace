"""The door of the API: who calls, how often, and with what, then the route itself."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web

from deploy.sandbox.discord.guild import Call, Guild
from deploy.sandbox.discord.limits import Rate, on_request, too_fast
from deploy.sandbox.discord.posts import Attachment
from deploy.sandbox.discord.refused import Problem, Refused, invalid_form
from deploy.sandbox.wire.door import answer_under_faults

BASE = "/discord/api/v10"
MOST_BYTES = 25 * 1024 * 1024  # of a request. Discord docs, Uploading Files


@dataclass(slots=True)
class Asked:
    """One call: what its path names, its query, its JSON body, and the files beside it by their number."""

    path: dict[str, str]
    query: dict[str, str]
    body: Any = None
    files: dict[int, Attachment] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Any]:
        """The body where it has to be an object. Raises Refused where it is none."""
        if not isinstance(self.body, dict):
            raise invalid_form({"_": Problem("DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")})
        return self.body


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the API. `major` names the part of its path that has rate limits of its own.

    `open` is one that needs no token: what its path holds is secret enough. `run` gives the JSON answer, None for an
    empty one.
    """

    name: str
    method: str
    path: str
    run: Callable[[Guild, Asked], Any]
    rate: Rate
    major: str = ""
    open: bool = False


class Api:
    """Serves the routes of one guild."""

    def __init__(self, guild: Guild) -> None:
        self._guild = guild

    def serving(self, route: Route) -> web.AbstractRouteDef:
        """Return a route of the server."""

        async def serve(request: web.Request) -> web.StreamResponse:
            return await self._serve(route, request)

        return web.route(route.method, BASE + route.path, serve)

    async def unknown(self, request: web.Request) -> web.StreamResponse:
        """Answer what is no route."""
        await request.read()
        return _answer(404, {"message": "404: Not Found", "code": 0}, {})

    async def _serve(self, route: Route, request: web.Request) -> web.StreamResponse:
        """Answer one call, or do to it what the faults ask for."""
        asked = Asked(dict(request.match_info), dict(request.query))
        answer = partial(self._answer, route, request, asked)
        fail = partial(self._fail, route, request, asked)
        return await answer_under_faults(self._guild.faults, route.name, request, answer, fail)

    def _fail(self, route: Route, request: web.Request, asked: Asked, status: int) -> web.Response:
        self._record(route, request, asked, status)
        return web.Response(status=status or 503, text="upstream connect error")

    async def _answer(self, route: Route, request: web.Request, asked: Asked) -> web.Response:
        if self._guild.limits.banned:
            return web.Response(status=429, text="error code: 1015")  # Cloudflare's own, with no Via
        headers: dict[str, str] = {}
        try:
            self._admit(route, request.headers.get("Authorization", ""))
            headers = self._slow_down(route, asked)
            await _read(request, asked, self._guild)
            answer = route.run(self._guild, asked)
            self._record(route, request, asked, 200, 0)
            return _answer(200, answer, headers) if answer is not None else web.Response(status=204, headers=headers)
        except Refused as refusal:
            self._record(route, request, asked, refusal.status, refusal.code)
            return _answer(refusal.status, refusal.body, headers | refusal.headers)

    def _admit(self, route: Route, authorization: str) -> None:
        if not route.open and authorization != f"Bot {self._guild.token}":
            raise Refused(0, "401: Unauthorized", 401)

    def _slow_down(self, route: Route, asked: Asked) -> dict[str, str]:
        wait = self._guild.faults.limited_for(route.name)
        if wait > 0:
            raise too_fast(wait, bucket=route.name, everywhere=self._guild.faults.limits_all)
        if not route.open:
            self._guild.limits.take_any()
        headers = self._guild.limits.take(route.name, asked.path.get(route.major, ""), route.rate)
        if code := self._guild.faults.code(route.name):
            raise on_request(code, self._guild.faults.code_wait)
        return headers

    def _record(self, route: Route, request: web.Request, asked: Asked, status: int, code: int = 0) -> None:
        body = asked.body if isinstance(asked.body, dict) else {}
        self._guild.calls.append(Call(route.name, request.path, asked.query, body, status, code, time.monotonic()))
        if status in (401, 403, 429):
            self._guild.limits.count_invalid()
        self._guild.changes.wake()


def _answer(status: int, body: Any, headers: dict[str, str]) -> web.Response:
    # Exactly this media type: discord.py takes one with a charset for text.
    content = json.dumps(body, separators=(",", ":")).encode()
    return web.Response(status=status, body=content, content_type="application/json", headers=headers)


async def _read(request: web.Request, asked: Asked, guild: Guild) -> None:
    """Read the body: JSON, or a form whose `payload_json` is the body and whose other parts are files."""
    if (request.content_length or 0) > MOST_BYTES:
        raise Refused(40005)
    if not request.content_type.startswith("multipart/"):
        asked.body = _json(await request.text()) if request.can_read_body else None
        return
    form = await request.post()
    told = form.get("payload_json", "{}")  # bytes where the part names a content type of its own
    asked.body = _json(told.decode() if isinstance(told, bytes | bytearray) else str(told))
    for name, part in form.items():
        if isinstance(part, web.FileField):
            number = int("".join(filter(str.isdigit, name)) or 0)
            asked.files[number] = guild.attach(part.filename, part.file.read(), part.content_type)


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        raise Refused(50109) from None
