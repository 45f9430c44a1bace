"""One MCP server as a source of tools: reached by either protocol, listed anew when it says so, and called."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import httpx2
import mcp_types as types
from mcp import Client, MCPError
from pydantic import TypeAdapter

from core.tools.mcp.results import describe_tool, format_result
from core.tools.mcp.servers import McpServer
from core.tools.mcp.stdio import ServerProcess, Streams
from core.tools.mcp.streamable_http import open_http_streams
from core.tools.sources.source import REPORTED, Offer, SourceFailed
from core.tools.tool import Arguments, CallContext, Tool, ToolFailed, ToolResult

CONNECTING = 60.0  # seconds: a command may have to fetch its program first
LISTING = 30.0  # seconds for one page of tools
NOT_BEFORE = 1.0  # seconds between two listings
LISTED_AGAIN = 60.0  # seconds until a server is asked again, which tells as well whether it is there
RETURNING = 10.0  # seconds that a call waits for a server that has just gone
MOST_PAGES = 20
MOST_TOOLS = 128  # of one server (OpenAI API reference, `tools`: of one request)
MOST_ROUNDS = 10  # in which a server says that it is not done yet
LONGEST_WORDS = 300  # characters of what it said last that are told
PAUSE = 0.25  # seconds between two of them
KEY = "Idempotency-Key"
WHO = types.Implementation(name="confab", version="0.1.0")
SESSION_GONE = "Session terminated"  # what the package makes of status 404

GONE = "its server is not there just now"
BROKEN = "the connection to its server broke"
MAYBE = "the connection to its server broke: it may have happened"
ASKS_BACK = "it asks for more than its arguments, which nobody here can answer"
NOT_DONE = "it was not done after several rounds"

Answer = types.CallToolResult | types.InputRequiredResult
ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)


class McpSource:
    """A server's tools, offered while it is there."""

    def __init__(self, server: McpServer, environ: Mapping[str, str], returning: float = RETURNING) -> None:
        """`environ` is what a program is given a little of; `returning` is how long a call waits for it, in seconds."""
        self._returning = returning
        self._server = server
        self._environ = environ
        self._client: Client | None = None
        self._reached = asyncio.Event()
        self._is_lost = False
        self._is_called = False  # since it was reached
        self._status = 0  # with which it refused us last
        self._told = asyncio.Event()  # that something has changed

    @property
    def name(self) -> str:
        """What the names of its tools begin with."""
        return self._server.name

    async def hold_open(self, offer: Offer) -> None:
        """Reach the server, offer its tools, and go on until it is gone; raises SourceFailed."""
        process, self._status, self._is_called = ServerProcess(), 0, False
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(CONNECTING):
                    client = await stack.enter_async_context(self._make_client(process))
                self._client, self._is_lost = client, False
                while not self._is_lost:
                    self._told.clear()
                    await offer(await self._list_tools(client))
                    self._reached.set()
                    await _wait_at_most(self._told, LISTED_AGAIN)
                    await asyncio.sleep(0 if self._is_lost else NOT_BEFORE)  # whatever pace the server sets
        except Exception as error:  # noqa: BLE001 - whatever keeps a server from answering, it is asked again later
            why = _reason_of(error) if not self._status else f"it answers with status {self._status}"
            raise SourceFailed(self._with_words(why, process)) from None
        finally:
            self._client = None
            self._reached.clear()
        raise SourceFailed(self._with_words("it has ended", process))

    def _with_words(self, why: str, process: ServerProcess) -> str:
        """Return why a server is not there, with what it said last; after a call that may be what people said."""
        last = " ".join(self._server.hide_secrets(process.last_words).split())[-LONGEST_WORDS:]
        return f"{why}; it said last: {last}" if last and not self._is_called else why

    def _make_client(self, process: ServerProcess) -> Client:
        streams = self._open_streams(process)
        return Client(
            streams, message_handler=self._take_notice, client_info=WHO, cache=None, read_timeout_seconds=LISTING
        )

    @asynccontextmanager
    async def _open_streams(self, process: ServerProcess) -> AsyncIterator[Streams]:
        opened = (
            process.open_streams(self._server, self._environ, self._lose)
            if self._server.command
            else open_http_streams(self._server, self._note_refusal)
        )
        async with opened as streams:
            yield streams

    def _note_refusal(self, status: int) -> None:
        self._status = status

    async def _take_notice(self, message: object) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._told.set()

    def _lose(self) -> None:
        """Have the connection be made anew."""
        self._is_lost = True
        self._reached.clear()
        self._told.set()

    async def _list_tools(self, client: Client) -> list[Tool]:
        """Return the tools that the server has and the operator wants, in the server's order."""
        found: list[Tool] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            wanted = (each for each in page.tools if self._server.wants_tool(each.name))
            described = (describe_tool(self._server, each, partial(self.call_tool, each)) for each in wanted)
            found += filter(None, described)
            cursor = page.next_cursor
            if not cursor or len(found) >= MOST_TOOLS:
                break
        return found[:MOST_TOOLS]

    async def call_tool(self, told: types.Tool, arguments: Arguments, context: CallContext) -> ToolResult:
        """Return what a call gives, the server's name as its source; raises ToolFailed.

        A server that has forgotten us, as after its own restart, has done nothing: it is reached and called anew.
        """
        client = await self._reach_client()
        try:
            return await self._call_through(client, told.name, arguments, context)
        except MCPError as error:
            if error.message != SESSION_GONE:
                return self._failure_of(error, told)
        self._lose()
        try:
            return await self._call_through(await self._reach_client(), told.name, arguments, context)
        except MCPError as error:
            return self._failure_of(error, told)

    async def _reach_client(self) -> Client:
        await _wait_at_most(self._reached, self._returning)
        if self._client is None or self._is_lost:
            raise ToolFailed(GONE)
        return self._client

    async def _call_through(self, client: Client, name: str, arguments: Arguments, context: CallContext) -> ToolResult:
        state: str | None = None
        self._is_called = True
        for _ in range(MOST_ROUNDS):
            answer = await client.session.send_request(_request(name, arguments, context, state), ANSWER)
            if isinstance(answer, types.CallToolResult):
                return ToolResult(format_result(answer), self.name)
            if answer.input_requests:
                raise ToolFailed(ASKS_BACK)
            state = answer.request_state
            await asyncio.sleep(PAUSE)
        raise ToolFailed(NOT_DONE)

    def _failure_of(self, error: MCPError, told: types.Tool) -> ToolResult:
        """Return what the server says of a call that it refused; raises ToolFailed where it said nothing."""
        if error.code not in {types.CONNECTION_CLOSED, types.REQUEST_TIMEOUT}:
            return ToolResult(f"{REPORTED}{error.message}", self.name)
        hints = told.annotations or types.ToolAnnotations()
        raise ToolFailed(BROKEN if hints.read_only_hint else MAYBE)


def _request(name: str, arguments: Arguments, context: CallContext, state: str | None) -> types.CallToolRequest:
    meta: Any = {KEY: context.idempotency_key}
    params = types.CallToolRequestParams(name=name, arguments=dict(arguments), request_state=state, _meta=meta)
    return types.CallToolRequest(params=params)


async def _wait_at_most(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _reason_of(error: BaseException) -> str:
    """Return why a server cannot be reached."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    match error:
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            return "nothing answers at its url"
        case TimeoutError():
            return f"it did not answer within {CONNECTING:g} seconds"
        case MCPError(code=types.CONNECTION_CLOSED):
            return "it has ended"
        case MCPError():
            return f"it refuses ({error.code})"
    return f"the connection failed ({type(error).__name__})"
