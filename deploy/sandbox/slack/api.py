"""The door of the Web API: who calls, with what right and how often, then the method itself."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from aiohttp import web

from deploy.sandbox.slack.calls import Call
from deploy.sandbox.slack.limits import POSTING, POSTING_ANYWHERE, Rate, too_fast
from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.rights import need
from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.door import answer_under_faults

Arguments = dict[str, Any]
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the Web API. `scopes`: one of them is needed; `caller`: whose token it takes."""

    run: Callable[[Workspace, Arguments], Answer]
    rate: Rate
    scopes: tuple[str, ...] = ()
    caller: Literal["bot", "app", "configuration"] = "bot"


class Api:
    """Serves `/slack/api/{method}` for one workspace."""

    def __init__(self, workspace: Workspace, methods: Mapping[str, Method]) -> None:
        self._workspace = workspace
        self._methods = methods

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, or do to it what the faults ask for."""
        name = request.match_info["method"]
        answer = partial(self._answer, request, name)
        return await answer_under_faults(self._workspace.faults, name, request, answer, self._fail)

    def _fail(self, status: int) -> web.Response:
        return web.json_response({"ok": False, "error": "service_unavailable"}, status=status or 503)

    async def _answer(self, request: web.Request, name: str) -> web.Response:
        arguments: Arguments = {}
        try:
            arguments, token = await _read(request)
            answer = self._run(name, arguments, token)
            self._record(name, arguments, "ok")
            return web.json_response(answer, headers=self._headers())
        except Refused as refusal:
            self._record(name, arguments, refusal.code)
            body = {"ok": False, "error": refusal.code, **refusal.extra}
            return web.json_response(body, status=refusal.status, headers=self._headers() | refusal.headers)

    def _run(self, name: str, arguments: Arguments, token: str) -> Answer:
        method = self._methods.get(name)
        if method is None:
            raise Refused("unknown_method", {"req_method": name})
        self._admit(method, token)
        self._slow_down(name, method.rate, str(arguments.get("channel", arguments.get("channel_id", ""))))
        return {"ok": True, **method.run(self._workspace, arguments)}

    def _admit(self, method: Method, token: str) -> None:
        workspace = self._workspace
        if not token:
            raise Refused("not_authed")
        tokens = {
            "bot": workspace.bot_token,
            "app": workspace.app_token,
            "configuration": workspace.configuration_token,
        }
        if token not in tokens.values():
            raise Refused("invalid_auth")
        if token != tokens[method.caller]:
            raise Refused("not_allowed_token_type")
        if workspace.faults.token_refused and method.caller == "bot":
            raise Refused(workspace.faults.token_refused)
        need(workspace.scopes, method.scopes)

    def _slow_down(self, name: str, rate: Rate, channel: str) -> None:
        wait = self._workspace.faults.limited_for(name)
        if wait > 0:
            refusal = too_fast(wait)
            refusal.headers["Retry-After"] = self._workspace.faults.retry_after or refusal.headers["Retry-After"]
            raise refusal
        if asked := self._workspace.faults.codes.get(name):
            raise Refused(asked.pop(0))
        self._workspace.limits.take(f"{name} {channel}" if rate.per_channel else name, rate)
        if rate is POSTING:
            self._workspace.limits.take(name, POSTING_ANYWHERE)

    def _record(self, name: str, arguments: Arguments, outcome: str) -> None:
        self._workspace.calls.append(Call(name, arguments, outcome, time.monotonic()))
        self._workspace.changes.wake()

    def _headers(self) -> dict[str, str]:
        return {"x-oauth-scopes": ",".join(sorted(self._workspace.scopes))}


async def _read(request: web.Request) -> tuple[Arguments, str]:
    """Return the arguments and the token. Both may come as JSON, as a form, or in the address."""
    arguments: Arguments = dict(request.query)
    if request.content_type == "application/json":
        arguments |= _json_object(await request.text())
    else:
        arguments |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    sent = str(arguments.pop("token", ""))
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return arguments, bearer if scheme == "Bearer" and bearer else sent


def _json_object(body: str) -> Arguments:
    if not body:
        return {}
    try:
        values = json.loads(body)
    except ValueError:
        raise Refused("invalid_json") from None
    if not isinstance(values, dict):
        raise Refused("json_not_object")
    return values
