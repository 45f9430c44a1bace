"""Where recordings are looked into and cut: in a process of its own for each, where one that is made to harm ends."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.fair_slots import Owner, PersonSlots
from core.voice.audio_info import AudioInfo
from core.voice.errors import NoteUnplayable

AT_ONCE = 2  # recordings that are worked on at a time, of one person one: each takes a processor
SECONDS = 300.0  # for one answer of the process
ROOT = Path(__file__).parents[2]
PROGRAM = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from core.voice.probe import main; main()"


@dataclass(frozen=True, slots=True)
class AudioPart:
    """A part of a recording as a file, `seconds` long; its first `overlap` seconds are the last of the part before."""

    path: Path
    overlap: float = 0.0
    seconds: float = 0.0


class AudioProcess:
    """One recording's process."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def inspect(self, path: Path, longest: float) -> AudioInfo:
        """Return what a file is; raise NoteUnplayable where it holds no sound.

        What lasts more than `longest` seconds is measured and not listened to.
        """
        async for answer in self._answers({"do": "look", "path": str(path), "longest": longest}):
            return AudioInfo(**answer)
        raise NoteUnplayable("no answer")

    async def split(self, path: Path, folder: Path, longest: float, *, copied: bool) -> AsyncIterator[AudioPart]:
        """Write a recording as parts of at most `longest` seconds; yield each once it is whole."""
        job = {"do": "cut", "path": str(path), "folder": str(folder), "longest": longest, "copied": copied}
        async for answer in self._answers(job):
            if "done" in answer:
                return
            yield AudioPart(Path(answer["part"]), answer["again"], answer["seconds"])

    async def _answers(self, job: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Yield the answers to a job; raise NoteUnplayable where it fails, or the process is gone or too slow."""
        if self._process.stdin is None or self._process.stdout is None:
            raise NoteUnplayable("no process")
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        while True:
            try:
                async with asyncio.timeout(SECONDS):
                    line = await self._process.stdout.readline()
            except TimeoutError:
                raise NoteUnplayable("it took too long") from None
            answer = json.loads(line) if line else {"fault": "the process ended"}
            if "fault" in answer:
                raise NoteUnplayable(answer["fault"])
            yield answer


class AudioWorker:
    """Gives each recording a process, which is started while the file comes in: loading FFmpeg takes its time."""

    def __init__(self) -> None:
        self._slots = PersonSlots(AT_ONCE, each=1)
        self._spare: asyncio.Task[Process] | None = None

    def warm(self) -> None:
        """See that a process is there, or on its way, for a recording that is to come."""
        if self._spare is None or (self._spare.done() and self._spare.result().returncode is not None):
            self._spare = asyncio.create_task(_start_process())

    @asynccontextmanager
    async def open_process(self, owner: Owner) -> AsyncGenerator[AudioProcess, None]:
        """Give the process of one of a person's recordings, once it is their turn; it ends with the block."""
        async with self._slots.hold_slot(owner):
            process = await self._take_process()
            try:
                yield AudioProcess(process)
            finally:
                await _end_process(process)

    async def close(self) -> None:
        """End the process that waits."""
        if self._spare:
            await _end_process(await self._spare)
            self._spare = None

    async def _take_process(self) -> Process:
        self.warm()
        spare, self._spare = self._spare, None
        assert spare is not None  # noqa: S101 - warm() has just seen to it
        try:
            return await asyncio.shield(spare)
        except asyncio.CancelledError:
            self._spare = self._spare or spare
            raise


async def _start_process() -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-c", PROGRAM, str(os.getpid())), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}
    )


async def _end_process(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
