"""An MCP server that is run here and spoken to over its pipes: one message a line, within a bound."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage

from core.tools.mcp.servers import McpServer

LONGEST_MESSAGE = 4 * 1024 * 1024  # bytes
LONGEST_WORDS = 4_096  # characters of what it said last on stderr
GRACE = 2.0  # seconds to end by itself once its input is closed
ROOT = Path(__file__).parents[3]
PROGRAM = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from core.tools.mcp.launcher import main; main()"
# All that it is given of our environment: where programs and its own files lie, and how people write here.
GIVEN = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "LANG", "LC_ALL", "TZ")

Incoming = SessionMessage | Exception
Streams = tuple[Any, Any]  # one to read and one to write, as the package takes them; it keeps their type to itself


class ServerProcess:
    """A process that serves; `last_words` is the end of what it wrote to stderr."""

    def __init__(self) -> None:
        self.last_words = ""

    @asynccontextmanager
    async def open_streams(
        self, server: McpServer, environ: Mapping[str, str], on_end: Callable[[], None]
    ) -> AsyncIterator[Streams]:
        """Start a server, and give what it says and what it is told; it ends with the block, and with the bot.

        What it says ends where a message exceeds the bound; then `on_end` is called. Raises OSError where nothing can
        be started.
        """
        process = await _start_process(server, environ)
        said, read_stream = anyio.create_memory_object_stream[Incoming](0)
        write_stream, told = anyio.create_memory_object_stream[SessionMessage](0)
        reading = asyncio.create_task(_read_messages(process, said))
        reading.add_done_callback(lambda _: on_end())
        talking = [
            reading,
            asyncio.create_task(_write_messages(process, told, said)),
            asyncio.create_task(self._read_words(process)),
        ]
        try:
            yield read_stream, write_stream
        finally:
            with anyio.CancelScope(shield=True):
                await _end_process(process)
            for task in talking:
                task.cancel()
            await asyncio.gather(*talking, return_exceptions=True)
            for stream in (said, read_stream, write_stream, told):
                stream.close()

    async def _read_words(self, process: Process) -> None:
        while process.stderr and (piece := await process.stderr.read(4_096)):
            self.last_words = (self.last_words + piece.decode(errors="replace"))[-LONGEST_WORDS:]


async def _start_process(server: McpServer, environ: Mapping[str, str]) -> Process:
    given = {name: environ[name] for name in GIVEN if name in environ}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-c", PROGRAM, str(os.getpid()), server.command, *server.args),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={**given, **server.env},
        cwd=server.cwd,
        limit=LONGEST_MESSAGE,
        start_new_session=True,
    )


async def _read_messages(process: Process, said: MemoryObjectSendStream[Incoming]) -> None:
    """Pass each line on that is a message, until there are no more, or one is too long."""
    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError, ValueError, ConnectionError):
        while process.stdout and (line := await process.stdout.readline()):
            if message := _parse_message(line):
                await said.send(message)
    said.close()


async def _write_messages(
    process: Process, told: MemoryObjectReceiveStream[SessionMessage], said: MemoryObjectSendStream[Incoming]
) -> None:
    with suppress(anyio.ClosedResourceError, OSError):
        async for each in told:
            if process.stdin:
                process.stdin.write(each.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                await process.stdin.drain()
        return
    said.close()  # it may live on, and would never answer


def _parse_message(line: bytes) -> SessionMessage | None:
    """Return a message; a line that is none, as of a server that prints, is left out."""
    try:
        return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError:
        return None


async def _end_process(process: Process) -> None:
    """Close its input, and end all of it where it goes on."""
    if process.stdin:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), GRACE)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
