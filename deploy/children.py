"""Processes that are started together and end together."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

GRACE = 15.0  # seconds for a child to end by itself


class Died(Exception):
    """A child ended that should have gone on; its text says which, and how."""


class Children:
    """Starts processes, waits for the first to die, and in the end stops all, the last started first."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._replaced = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._running.values()):
            await stop_process(process)

    async def start(self, name: str, command: Sequence[str], environ: Mapping[str, str]) -> asyncio.subprocess.Process:
        """Start a process. It gets a session of its own, so that Ctrl-C reaches it only through us, in order."""
        return await self._spawn(name, command, environ, None)

    async def restart(self, name: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """End a process and start another in its place, of which nobody who waits for a death hears."""
        old = self._running.pop(name)
        self._replaced.set()
        await stop_process(old)
        await self.start(name, command, environ)
        self._replaced.set()

    async def first_line(self, name: str, command: Sequence[str], environ: Mapping[str, str]) -> str:
        """Start a process and return the first line that it prints; Died if it ends without one."""
        process = await self._spawn(name, command, environ, asyncio.subprocess.PIPE)
        line = (await process.stdout.readline()).decode().strip() if process.stdout else ""
        if not line:
            raise Died(farewell(name, await process.wait()))
        return line

    async def _spawn(
        self, name: str, command: Sequence[str], environ: Mapping[str, str], stdout: int | None
    ) -> asyncio.subprocess.Process:
        nothing = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *command, env=environ, stdin=nothing, stdout=stdout, start_new_session=True
        )
        self._running[name] = process
        return process

    async def death(self) -> None:
        """Wait until one of them ends, and raise Died; one that was replaced has not."""
        while True:
            self._replaced.clear()
            waiting: dict[asyncio.Task[Any], str] = {
                asyncio.create_task(process.wait()): name for name, process in self._running.items()
            }
            replaced = asyncio.create_task(self._replaced.wait())
            try:
                done, _ = await asyncio.wait([*waiting, replaced], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (*waiting, replaced):
                    task.cancel()
            if replaced not in done:
                first = done.pop()
                raise Died(farewell(waiting[first], first.result()))


async def stop_process(process: asyncio.subprocess.Process) -> None:
    """Ask a process to end, and make it if it does not."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), GRACE)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def farewell(name: str, status: int) -> str:
    """Say how a child ended; its own last words are on the terminal already."""
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    return f"{name} {how}, so everything stops. What it said last stands above."
