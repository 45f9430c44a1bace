"""MCP servers for tests: one over HTTP that can be gone, and a program over its pipes that does as it is told."""

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from core.tools.mcp.servers import McpServer
from deploy.sandbox.mcp.server import TaskServer

# Speaks the handshake; its tools stand in a file, and what one returns is made by its name.
PROGRAM = """
import json, os, subprocess, sys, time
def say(answer):
    print(json.dumps({"jsonrpc": "2.0", **answer}), flush=True)
print("not a message", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    number, method, params = asked.get("id"), asked.get("method"), asked.get("params") or {}
    if method == "initialize":
        say({"id": number, "result": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                                      "serverInfo": {"name": "program", "version": "1"}}})
    elif method == "tools/list":
        say({"id": number, "result": {"tools": json.load(open(sys.argv[1]))}})
    elif method == "tools/call":
        name, arguments = params["name"], params.get("arguments") or {}
        if name == "exit":
            sys.exit("I am leaving")
        if name == "hang":
            time.sleep(600)
        if name == "environment":
            text = json.dumps(dict(os.environ))
        elif name == "child":
            text = str(subprocess.Popen(["sleep", "600"]).pid)
        elif name == "long":
            text = "x" * int(arguments["length"])
        elif name == "change":
            json.dump(arguments["tools"], open(sys.argv[1], "w"))
            say({"method": "notifications/tools/list_changed"})
            text = "changed"
        else:
            text = json.dumps([arguments, params.get("_meta")])
        say({"id": number, "result": {"content": [{"type": "text", "text": text}]}})
    elif number is not None:
        say({"id": number, "error": {"code": -32601, "message": "Method not found"}})
"""


def tool(name: str, about: str = "Does something.", **hints: bool) -> dict[str, Any]:
    """Return a tool as `tools/list` tells of it."""
    return {"name": name, "description": about, "inputSchema": {"type": "object"}, "annotations": hints}


def program(folder: Path, *tools: dict[str, Any], name: str = "program", **further: Any) -> McpServer:
    """Return a server that is run here and has these tools."""
    listed = folder / f"{name}.json"
    listed.write_text(json.dumps(tools))
    return McpServer(name=name, command=sys.executable, args=("-I", "-c", PROGRAM, str(listed)), **further)


def servers_file(folder: Path, servers: Mapping[str, object]) -> str:
    """Return the path of a file of the usual form."""
    path = folder / "mcp.json"
    path.write_text(json.dumps({"mcpServers": servers}))
    return str(path)


@asynccontextmanager
async def serving(server: TaskServer, port: int = 0) -> AsyncIterator[str]:
    """Serve over HTTP until the block ends, at the address that is given."""
    app = web.Application()
    app.add_routes(server.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"
    finally:
        await runner.cleanup()
