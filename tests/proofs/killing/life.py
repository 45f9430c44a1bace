"""One process of the bot, from its start to its end, which the operating system tells."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.proofs.killing import entry

PATIENCE = 30.0  # seconds for an orderly end
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([entry.__name__])


class Life:
    """A bot that runs. `over` is done when the process has ended, with its exit code, below 0 for a signal's."""

    def __init__(self, environ: Mapping[str, str], deadly: str, folder: Path) -> None:
        """Start it; it dies at the point `deadly`, and notes its points and its log in files in the folder."""
        self._record = folder / "points.txt"
        self._record.unlink(missing_ok=True)
        self._process = CONTEXT.Process(
            target=entry.live, args=(environ, deadly, self._record, folder / "log.txt"), daemon=True
        )
        self._process.start()
        self._loop = asyncio.get_running_loop()
        self.over: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(self._process.sentinel, self._ended)

    async def kill(self) -> None:
        """Kill it, and return once it is dead."""
        self._signal(signal.SIGKILL)
        await asyncio.shield(self.over)

    async def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self._signal(signal.SIGTERM)
        return await asyncio.wait_for(asyncio.shield(self.over), PATIENCE)

    def points(self) -> list[tuple[float, str]]:
        """Return the points of its own that it came by, each with its time (seconds of the monotonic clock)."""
        lines = self._record.read_text().splitlines() if self._record.exists() else []
        return [(float(at), point) for at, _, point in (line.partition(" ") for line in lines)]

    def _signal(self, number: signal.Signals) -> None:
        if not self.over.done() and self._process.pid:
            with suppress(ProcessLookupError):  # it has ended, and we have not heard of it yet
                os.kill(self._process.pid, number)

    def _ended(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._process.join()
        self.over.set_result(self._process.exitcode or 0)
