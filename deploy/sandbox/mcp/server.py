"""The pretend MCP server over HTTP, in both ways in which they are spoken to, and as strict as the specification.

Since 2026-07-28 each request says its version, and there are no sessions; before, a handshake opens one, and a request
without it is answered with 404.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from deploy.sandbox.mcp.tasks import Called, Json, TaskList, describe_tools

MODERN = "2026-07-28"
HANDSHAKE = "2025-11-25"
VERSION = "io.modelcontextprotocol/protocolVersion"
KEY = "Idempotency-Key"
INFO = {"name": "tasks", "version": "1"}
NOT_FOUND, INVALID, REFUSED_VERSION = -32601, -32602, -32022  # JSON-RPC 2.0, and MCP's own


@dataclass(slots=True)
class TaskServer:
    """The server's state. With `is_old` it knows the handshake alone; `broken` is a status that everything gets.

    With `compresses` its answers are compressed, asked for or not; while there is a `hold` that is not set, calls of
    tools are done and not answered.
    """

    tasks: TaskList = field(default_factory=TaskList)
    tools: list[Json] = field(default_factory=describe_tools)
    is_old: bool = False
    broken: int = 0
    compresses: bool = False
    hold: asyncio.Event | None = None
    sessions: set[str] = field(default_factory=set)

    def routes(self, path: str = "/mcp") -> list[web.RouteDef]:
        """Return the routes under which it is served."""
        return [web.post(path, self.answer), web.delete(path, self.end_session), web.get(path, refuse_stream)]

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one message."""
        response = await self._answer_plain(request)
        if self.hold and (await request.json()).get("method") == "tools/call":
            await self.hold.wait()
        if self.compresses:
            response.enable_compression(web.ContentCoding.gzip)
        return response

    async def _answer_plain(self, request: web.Request) -> web.Response:
        if self.broken:
            return web.Response(status=self.broken)
        message: Json = await request.json()
        method, params = str(message.get("method")), message.get("params") or {}
        modern = request.headers.get("MCP-Protocol-Version") == MODERN
        if modern and not self.is_old:
            return self._answer_modern(request, message, params)
        if method == "initialize":
            return self._open_session(message)
        if request.headers.get("Mcp-Session-Id") not in self.sessions:
            return web.Response(status=404 if "Mcp-Session-Id" in request.headers else 400)
        if method.startswith("notifications/"):
            return web.Response(status=202)
        return self._reply(message, lambda: self._do(method, params))

    async def end_session(self, request: web.Request) -> web.Response:
        """Forget a session."""
        self.sessions.discard(request.headers.get("Mcp-Session-Id", ""))
        return web.Response(status=204)

    def _answer_modern(self, request: web.Request, message: Json, params: Json) -> web.Response:
        method, meta = str(message.get("method")), params.get("_meta") or {}
        if meta.get(VERSION) != MODERN or request.headers.get("Mcp-Method") != method:
            return reply_error(message, INVALID, "the request does not say its version and method twice alike")
        if method == "tools/call" and request.headers.get("Mcp-Name") != params.get("name"):
            return reply_error(message, INVALID, "the header Mcp-Name is not the tool's")
        if method == "server/discover":
            told = {"supportedVersions": [MODERN], "capabilities": {"tools": {}}}
            return self._reply(message, lambda: told | LASTING)
        return self._reply(message, lambda: self._do(method, params) | LASTING)

    def _open_session(self, message: Json) -> web.Response:
        session = uuid.uuid4().hex
        self.sessions.add(session)
        told = {"protocolVersion": HANDSHAKE, "capabilities": {"tools": {}}, "serverInfo": INFO}
        response = self._reply(message, lambda: told)
        response.headers["Mcp-Session-Id"] = session
        return response

    def _do(self, method: str, params: Json) -> Json:
        if method == "tools/list":
            return {"tools": self.tools}
        if method != "tools/call":
            raise LookupError(method)
        key = str((params.get("_meta") or {}).get(KEY, ""))
        called = Called(str(params["name"]), dict(params.get("arguments") or {}), key)
        try:
            return {"content": [{"type": "text", "text": self.tasks.call(called)}]}
        except LookupError:
            return {"content": [{"type": "text", "text": "There is no such task."}], "isError": True}

    def _reply(self, message: Json, work: Callable[[], Json]) -> web.Response:
        try:
            return web.json_response({"jsonrpc": "2.0", "id": message.get("id"), "result": work()})
        except LookupError:
            return reply_error(message, NOT_FOUND, "Method not found")


LASTING: Json = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}


def reply_error(message: Json, code: int, why: str) -> web.Response:
    """Return an error as JSON-RPC has it."""
    error = {"code": code, "message": why}
    return web.json_response({"jsonrpc": "2.0", "id": message.get("id"), "error": error}, status=400)


async def refuse_stream(_: web.Request) -> web.Response:
    """There is nothing that this server says unasked."""
    return web.Response(status=405)
