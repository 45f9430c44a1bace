"""What a voice note costs beside a bare script: from the event to the model's call, without the transcriber's time."""

import asyncio
import os
import statistics
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.sandbox.openai.sound import SoundRequest
from deploy.sandbox.wire.server import Sandbox
from tests.support.sound_files import repeated

LOOK_EVERY = 0.01  # seconds


@dataclass(slots=True)
class Figures:
    """Own times in milliseconds, the memory held at rest, and the most that was held at a time, in MiB."""

    rest: float = 0.0
    own: list[float] = field(default_factory=list)
    memory: float = 0.0


@dataclass(frozen=True, slots=True)
class Compared:
    """Both, for notes of one length."""

    bare: Figures
    confab: Figures

    def __str__(self) -> str:
        """Return one line of the bench."""
        bare, confab = statistics.median(self.bare.own), statistics.median(self.confab.own)
        memory = self.confab.memory / self.bare.memory
        return (
            f"own time {confab:.0f} / {bare:.0f} ms = {confab / bare:.1f}, "
            f"peak memory {self.confab.memory:.0f} / {self.bare.memory:.0f} MiB = {memory:.1f}, "
            f"which is {self.confab.memory - self.confab.rest:.0f} MiB more than before the first"
        )


async def compare(sandbox: Sandbox, bot: int, seconds: float, times: int) -> Compared:
    """Send notes of so many seconds to the bot, whose process id is `bot`, and have the bare script do the same.

    Each note differs a little from the others, since the same one is not paid twice. The first is not counted.
    """
    notes = [repeated("weather.ogg", seconds + number * 2.4) for number in range(times + 1)]
    bare, confab = await _bare(sandbox, notes), await _confab(sandbox, bot, notes, seconds)
    return Compared(bare, confab)


async def _confab(sandbox: Sandbox, bot: int, notes: Sequence[bytes], seconds: float) -> Figures:
    figures, channel = Figures(_resident(bot)), sandbox.workspace.direct("U0ADA1234")
    for note in notes:
        heard, calls = len(sandbox.model.sounds.requests), len(sandbox.model.requests)
        length = round(seconds * 1000)
        file = await sandbox.workspace.upload("audio_message.ogg", note, "audio/ogg", duration_ms=length)
        watching = asyncio.create_task(_watch(bot, figures))
        said = time.monotonic()
        await sandbox.workspace.say(channel, "", files=[file])
        await sandbox.model.until(lambda calls=calls: len(sandbox.model.requests) > calls, 300.0)  # type: ignore[misc]
        took = sandbox.model.requests[calls].at - said
        watching.cancel()
        figures.own.append((took - busy(sandbox.model.sounds.requests[heard:])) * 1000)
    return Figures(figures.rest, figures.own[1:], figures.memory)


async def _bare(sandbox: Sandbox, notes: Sequence[bytes]) -> Figures:
    figures, workspace = Figures(), sandbox.workspace
    environment = {"SLACK_BOT_TOKEN": workspace.bot_token, "OPENAI_BASE_URL": sandbox.openai_base_url}
    command = (sys.executable, "-m", "tests.bench.bare_listener")
    environment["PATH"] = os.environ["PATH"]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdin=PIPE, stdout=PIPE)
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("no pipes")
    for note in notes:
        heard = len(sandbox.model.sounds.requests)
        file = workspace.files[await workspace.upload("audio_message.ogg", note, "audio/ogg")]
        watching = asyncio.create_task(_watch(process.pid, figures))
        process.stdin.write(f"{file.as_json(workspace.files_base)['url_private_download']}\n".encode())
        took = float(await process.stdout.readline())
        watching.cancel()
        figures.own.append((took - busy(sandbox.model.sounds.requests[heard:])) * 1000)
    process.stdin.close()
    await process.wait()
    return Figures(figures.rest, figures.own[1:], figures.memory)


def busy(requests: Sequence[SoundRequest]) -> float:
    """Return for how many seconds the transcriber was at work, on one request or on several at once."""
    total = until = 0.0
    for request in sorted(requests, key=lambda each: each.at):
        done = request.done_at or time.monotonic()
        total += max(0.0, done - max(request.at, until))
        until = max(until, done)
    return total


async def _watch(pid: int, figures: Figures) -> None:
    """Note the most memory that a process and its children hold together."""
    while True:
        figures.memory = max(figures.memory, sum(_resident(each) for each in (pid, *_children(pid))))
        await asyncio.sleep(LOOK_EVERY)


def _children(pid: int) -> list[int]:
    """Return a process's children, without one that is only just being made: that still shares its parent's memory."""
    found = _read(pid, f"task/{pid}/children").split()
    return [int(child) for child in found if _read(int(child), "cmdline") != _read(pid, "cmdline")]


def _resident(pid: int) -> float:
    status = _read(pid, "status")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024 if "VmRSS:" in status else 0.0


def _read(pid: int, name: str) -> str:
    """Return what the system tells of a process; nothing of one that is gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8")
    except OSError:
        return ""
