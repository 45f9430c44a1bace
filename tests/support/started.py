"""`make run` as a process of its own, in a folder of its own."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0  # seconds; a slow machine, not a slow start


@dataclass(slots=True)
class Started:
    """The process, the lines that it has printed so far, and the page's address once it has printed that."""

    process: Process
    lines: list[str] = field(default_factory=list)

    @property
    def page(self) -> str:
        """The first address printed."""
        return next((line for line in self.lines if "://" in line), "")

    async def until(self, part: str) -> str:
        """Read lines until one holds `part`, and return it; AssertionError if the output ends before."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            async for line in self.process.stdout:
                self.lines.append(line.decode().rstrip("\n"))
                if part in self.lines[-1]:
                    return self.lines[-1]
        raise AssertionError(f"{part!r} never came: {self.lines}")

    async def end(self, number: signal.Signals | None = None) -> tuple[int, str]:
        """Send a signal if one is given, wait for the end, and return the exit status and what went to stderr."""
        if number is not None:
            self.process.send_signal(number)
        output, errors = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        self.lines += output.decode().splitlines()
        return int(self.process.returncode or 0), errors.decode()


@asynccontextmanager
async def started(folder: Path, models: Sequence[str] = (), **environ: str) -> AsyncIterator[Started]:
    """Start it in `folder` with nothing but these variables in its environment; it is stopped in the end.

    Servers of models are looked for at the addresses `models` alone, whatever else runs on this machine.
    """
    bare = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "CONFAB_SANDBOX_PORT": "0"}
    program = f"from deploy.start import main; main({tuple(models)!r})"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=folder, env={**bare, **environ}, stdout=PIPE, stderr=PIPE
    )
    run = Started(process)
    try:
        yield run
    finally:
        if process.returncode is None:
            await run.end(signal.SIGTERM)
