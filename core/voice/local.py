"""Speech to text on this machine, with faster-whisper: in processes of its own, which end with us."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from core.errors import EndpointFailing, ModelSilent
from core.fair_slots import PersonSlots
from core.llm.settings import TranscriptionSettings
from core.llm.transcript_text import words_of_segments
from core.llm.transcriptions import Task
from core.spending.charge import Charge
from core.spending.meter import Meter, ModelCall
from core.spending.price_book import THIS_MACHINE

log = structlog.get_logger()

TASKS = {"transcriptions": "transcribe", "translations": "translate"}
AT_ONCE = 2  # recordings at a time, each in a process that holds the model
LONGEST_ANSWER = 4 * 1024 * 1024  # bytes of one recording's segments
ENGLISH_ONLY = "Set CONFAB_LOCAL_WHISPER to a multilingual model, without .en in its name, for other languages."
ROOT = Path(__file__).parents[2]
PROGRAM = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from core.voice.local_worker import main; main()"


class LocalWhisper:
    """One model, given by its name or its folder; it is loaded with the first recording, which takes its time.

    `environment` is all that the processes are given of ours: where models lie; `program` is what they run.
    """

    def __init__(
        self,
        settings: TranscriptionSettings,
        environment: Mapping[str, str],
        program: str = PROGRAM,
        meter: Meter | None = None,
    ) -> None:
        self._meter = meter or Meter()
        self.name = f"faster-whisper {settings.local_whisper}"
        self._settings = settings
        self._environment = environment
        self._program = program
        self._slots = PersonSlots(AT_ONCE, AT_ONCE)  # people take turns
        self._idle: list[asyncio.Task[Process]] = []
        self._has_warned = False

    async def transcribe(self, path: Path, task: Task, charge: Charge) -> str:
        """Return what is said in a file; raise EndpointFailing where the model fails, ModelSilent where it is slow.

        The time in which others are listened to does not count.
        """
        measured = self._meter.measure(charge, ModelCall(self.name, THIS_MACHINE))
        async with self._slots.hold_slot((charge.payer.workspace, charge.payer.person)):
            try:
                async with asyncio.timeout(self._settings.timeout), measured:
                    return await self._transcribe(path, task)
            except TimeoutError:
                raise ModelSilent("no transcript in time") from None

    async def close(self) -> None:
        """End the processes that wait."""
        idle, self._idle = self._idle, []
        for loading in idle:
            if loading.done() and not loading.cancelled() and not loading.exception():
                await _end(loading.result())
            loading.cancel()
        await asyncio.gather(*idle, return_exceptions=True)

    async def _transcribe(self, path: Path, task: Task) -> str:
        loading = self._idle.pop() if self._idle else asyncio.create_task(self._load())
        try:
            process = await asyncio.shield(loading)
        except asyncio.CancelledError:
            self._idle.append(loading)  # the next one has the use of it
            raise
        try:
            hints = {"language": self._settings.language, "prompt": self._settings.prompt}
            found = await _ask(process, {"path": str(path), "task": TASKS[task], **hints})
        except BaseException:
            await _end(process)
            raise
        self._idle.append(loading)
        return words_of_segments(found["segments"])

    async def _load(self) -> Process:
        """Return a process that has loaded the model."""
        threads = str(max(1, (os.cpu_count() or 1) // AT_ONCE))
        arguments = ("-I", "-c", self._program, str(os.getpid()), self._settings.local_whisper, threads)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=self._environment,
            limit=LONGEST_ANSWER,
        )
        try:
            ready = await _read(process)
        except BaseException:
            await _end(process)
            raise
        if not ready["multilingual"] and not self._has_warned:
            self._has_warned = True
            log.warning("transcriber knows English only", model=self._settings.local_whisper, hint=ENGLISH_ONLY)
        return process


async def _ask(process: Process, job: dict[str, Any]) -> dict[str, Any]:
    if process.stdin is None:
        raise EndpointFailing("no process")
    process.stdin.write(json.dumps(job).encode() + b"\n")
    return await _read(process)


async def _read(process: Process) -> dict[str, Any]:
    """Return the next answer; raise EndpointFailing for a fault, or where the process is gone."""
    try:
        line = await process.stdout.readline() if process.stdout else b""
    except ValueError:
        raise EndpointFailing("a transcript without an end") from None
    found: dict[str, Any] = json.loads(line) if line else {"fault": "the process ended"}
    if "fault" in found:
        raise EndpointFailing(found["fault"])
    return found


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
