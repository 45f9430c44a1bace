"""A model's file (GGUF) served on this machine, by llama.cpp in a process of its own, which ends with us."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from core.errors import SettingsError
from core.llm.settings import ModelSettings

log = structlog.get_logger()

MAGIC = b"GGUF"  # what such a file begins with (ggml docs, gguf.md)
LOADING = 600.0  # seconds that a large model may take from a slow disk
PAUSE = 5.0  # seconds before it is started again where it ended
ROOT = Path(__file__).parents[2]
PROGRAM = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from core.llm.local_model_worker import main; main()"
NOT_INSTALLED = "it needs xllamacpp, which is not installed: .venv/bin/pip install xllamacpp."


@asynccontextmanager
async def serve_local_model(
    options: ModelSettings, environment: Mapping[str, str], program: str = PROGRAM, pause: float = PAUSE
) -> AsyncIterator[ModelSettings]:
    """Give the settings that ask the model of CONFAB_LOCAL_MODEL while it runs; without one, the settings as they are.

    `environment` is all that the process is given of ours, and `program` what it runs; `pause` is in seconds, before
    one that ended is started again. Raises SettingsError where there is no such model, or it cannot be loaded.
    """
    if not options.local_model:
        yield options
        return
    path = _find_file(options.local_model)
    server = LocalModelServer(path, environment, program)
    address = await server.start()
    running = asyncio.create_task(server.keep_running(pause))
    try:
        yield options.model_copy(
            update={"base_url": f"{address}/v1", "model": path.stem, "api_key": "", "local_model": ""}
        )
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await server.close()


class LocalModelServer:
    """One model's file and the process that serves it, at one address for good."""

    def __init__(self, path: Path, environment: Mapping[str, str], program: str) -> None:
        self._path = path
        self._environment = environment
        self._program = program
        self._port = 0
        self._process: Process | None = None

    async def start(self) -> str:
        """Load the model and return its address; raise SettingsError where that fails."""
        arguments = ("-I", "-c", self._program, str(os.getpid()), str(self._path), str(self._port))
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=self._environment
        )
        try:
            told = await _read_line(self._process)
        except BaseException:
            await self.close()
            raise
        if fault := told.get("fault"):
            await self.close()
            raise SettingsError([f"CONFAB_LOCAL_MODEL: {self._path.name} cannot be loaded: {fault}"])
        self._port = urlsplit(told["address"]).port or 0
        return told["address"]

    async def keep_running(self, pause: float) -> None:
        """Start it again whenever it ends, after a pause in seconds, until this is called off."""
        while self._process:
            status = await self._process.wait()
            log.error("local model ended", status=status, hint="It is started again. Is there room in memory?")
            await asyncio.sleep(pause)
            try:  # whatever is in the way, as a lack of room, may be gone the next time
                await self.start()
            except (SettingsError, OSError, ValueError, LookupError) as error:
                log.error("local model does not start", detail=str(error))  # noqa: TRY400 - its sentence is enough

    async def close(self) -> None:
        """End the process."""
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


def _find_file(name: str) -> Path:
    """Return the file of a model that can be served; raise SettingsError for any other."""
    path, fault = Path(name).expanduser(), ""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                fault = f"{path} is no model in the form GGUF."
    except OSError as error:
        fault = f"{path} cannot be read ({error.strerror})."
    if not fault and not find_spec("xllamacpp"):
        fault = NOT_INSTALLED
    if fault:
        raise SettingsError([f"CONFAB_LOCAL_MODEL: {fault}"])
    return path


async def _read_line(process: Process) -> Mapping[str, str]:
    """Return what the process says once it has loaded the model, or that it cannot."""
    try:
        async with asyncio.timeout(LOADING):
            line = await process.stdout.readline() if process.stdout else b""
    except TimeoutError:
        return {"fault": "it takes too long."}
    told: Mapping[str, str] = json.loads(line) if line else {"fault": "its process ended. Is there room in memory?"}
    return told
