"""The official MCP servers, which none of us wrote: over their pipes and over HTTP, end to end."""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.openai.model import Reply
from deploy.sandbox.openai.wanted import Wanted
from deploy.sandbox.wire.server import Sandbox
from tests.support.mcp_servers import servers_file
from tests.support.room import answers, ask
from tests.unit.test_process import process

EVERYTHING = ["-y", "@modelcontextprotocol/server-everything"]
NODE = pytest.mark.skipif(not shutil.which("npx"), reason="node is not here")
TIME = pytest.mark.skipif(not find_spec("mcp_server_time"), reason="`make prove` installs mcp-server-time")
pytestmark = pytest.mark.prove


@pytest.fixture
async def everything() -> AsyncIterator[str]:
    """Serve server-everything over HTTP; return its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    nothing = asyncio.subprocess.DEVNULL
    server = await asyncio.create_subprocess_exec(
        *("npx", *EVERYTHING, "streamableHttp"),
        env={**os.environ, "PORT": str(port)},
        stdout=nothing,
        stderr=nothing,
        start_new_session=True,
    )
    yield f"http://127.0.0.1:{port}/mcp"
    os.killpg(server.pid, 9)
    await server.wait()


async def results_of(sandbox: Sandbox, folder: Path, servers: Mapping[str, Any], *calls: Wanted) -> list[str]:
    """Let a bot with these servers call tools once they are offered; return what they gave."""
    async with process(sandbox, folder, CONFAB_MCP=servers_file(folder, servers), HOME=os.environ["HOME"]):
        async with asyncio.timeout(180):
            while True:  # a server may have to be fetched first
                await ask(sandbox, "hello")
                offered = {each["function"]["name"] for each in sandbox.model.requests[-1].body["tools"]}
                if {call.name for call in calls} <= offered:
                    break
                await asyncio.sleep(1)
        sandbox.model.script += [Reply(calls=calls), Reply("I have looked.")]
        thread = await ask(sandbox, "look")
        await sandbox.workspace.until(lambda: "I have looked." in answers(sandbox, thread)[-1])
    return [each["content"] for each in sandbox.model.requests[-1].messages if each["role"] == "tool"]


@TIME
async def test_the_server_for_time_speaks_without_a_handshake(sandbox: Sandbox, tmp_path: Path) -> None:
    """As the protocol of 2026-07-28 has it."""
    servers = {"clock": {"command": sys.executable, "args": ["-m", "mcp_server_time"]}}
    asked = Wanted("clock__convert_time", {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"})
    (told,) = await results_of(sandbox, tmp_path, servers, asked)
    assert "21:00" in told


@NODE
async def test_the_server_with_everything_is_called_over_its_pipes(sandbox: Sandbox, tmp_path: Path) -> None:
    """What it returns beside text is named; of our environment it is given little."""
    servers = {"all": {"command": "npx", "args": EVERYTHING}}
    calls = (Wanted("all__get-sum", {"a": 17, "b": 23}), Wanted("all__get-tiny-image"), Wanted("all__get-env"))
    told = await results_of(sandbox, tmp_path, servers, *calls)
    assert "40" in told[0]
    assert "[image, image/png, not shown]" in told[1]
    assert sandbox.workspace.bot_token not in told[2]


@NODE
async def test_the_server_with_everything_is_called_over_http(
    sandbox: Sandbox, everything: str, tmp_path: Path
) -> None:
    """Whenever it is there: the bot started before it did."""
    (told,) = await results_of(sandbox, tmp_path, {"all": {"url": everything}}, Wanted("all__echo", {"message": "hi"}))
    assert "Echo: hi" in told
