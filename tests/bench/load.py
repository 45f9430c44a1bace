"""Confab under as much load as this machine carries, for a while: `make load`.

One process serves both platforms. So many questions are under way on each at all times, a part of them in running
threads; whenever one is answered, the next is asked. The sandbox, whose rate limits are off, takes its share of the
machine. What is over is deleted there, as a real workspace's threads are archived in the end.
"""

import asyncio
import os
import re
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox, serve
from tests.bench.__main__ import Contestant
from tests.support.stages import DiscordStage, SlackStage, Stage, Thread

TAG = re.compile(r"question-\d+")
EXCHANGES = 4  # in a thread, before it is deleted
PATIENCE = 60.0  # seconds after the last question; what is not answered by then is lost
WARM = 0.2  # of the time; memory is compared from there on
GROWTH = 1.1  # up to which memory counts as flat
SLOWEST = 1.0  # seconds, for the 99th percentile of the acknowledgements


@dataclass(slots=True)
class Load:
    """What is under way on one platform, and what came of all that was asked there."""

    stage: Stage
    at_once: int
    asked: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    places: dict[str, Thread] = field(default_factory=dict)
    ages: Counter[Thread] = field(default_factory=Counter)
    again: deque[Thread] = field(default_factory=deque)
    over: deque[Thread] = field(default_factory=deque)

    async def hold(self, until: float) -> None:
        """Ask until a time of the monotonic clock, then wait for what is still to be answered."""
        with self.stage.watch() as changes:
            while (open_ := len(self.places)) or time.monotonic() < until:
                if open_ < self.at_once and time.monotonic() < until:
                    await self._ask()
                else:
                    patience = max(until, time.monotonic()) - time.monotonic() + PATIENCE
                    self._take(await asyncio.wait_for(changes.get(), patience))
                while not changes.empty():
                    self._take(changes.get_nowait())

    async def _ask(self) -> None:
        tag = f"question-{self.asked}"
        self.asked += 1
        thread = self.again.popleft() if self.asked % 4 and self.again else None
        self.places[tag] = await self.stage.ask(self.asked, tag, thread)

    def _take(self, change: Any) -> None:
        """Count an answer as it is posted; a thread is used again some times."""
        tags = TAG.findall(self.stage.said(change))
        if not tags or change.kind != "posted":
            return
        self.answers[tags[0]] += 1
        thread = self.places.pop(tags[0], None)
        if thread:
            self.ages[thread] += 1
            (self.again if self.ages[thread] < EXCHANGES else self.over).append(thread)

    @property
    def lost(self) -> int:
        """How many questions were never answered."""
        return self.asked - len(self.answers)

    @property
    def twice(self) -> int:
        """How many were answered more than once."""
        return sum(times > 1 for times in self.answers.values())


@click.command()
@click.option("--minutes", default=10.0, show_default=True, help="How long the load is held.")
@click.option("--at-once", default=32, show_default=True, help="Questions under way at a time, on each platform.")
def main(minutes: float, at_once: int) -> None:
    """Hold the highest load that this machine carries, and print how Confab bears it."""
    sys.exit(asyncio.run(run(minutes * 60, at_once)))


async def run(seconds: float, at_once: int) -> int:
    """Print the figures; return the exit status."""
    async with serve() as sandbox:
        sandbox.model.delay_first, sandbox.model.tokens_per_second = 0.0, None
        sandbox.model.talk = _answer
        loads = [Load(SlackStage(sandbox), at_once), Load(DiscordStage(sandbox, threads=True), at_once)]
        with tempfile.TemporaryDirectory() as folder:
            async with _bot(sandbox, [load.stage for load in loads], Path(folder)) as bot:
                memory = await _held(sandbox, bot, loads, seconds)
        return _told(sandbox, loads, memory, seconds)


def _answer(body: Mapping[str, Any]) -> Reply:
    tags = TAG.findall(str(body["messages"][-1]["content"]))
    return Reply(f"Answer to {tags[-1] if tags else 'nothing'}. " + "The team decided to ship on Friday. " * 3)


@asynccontextmanager
async def _bot(sandbox: Sandbox, stages: list[Stage], folder: Path) -> AsyncIterator[Contestant]:
    """Run a bot on both platforms until the block ends."""
    environment = {
        "PATH": os.environ["PATH"],
        "OPENAI_BASE_URL": sandbox.openai_base_url,
        "OPENAI_API_KEY": "sk-load",
        "OPENAI_MODEL": "stand-in",
        "CONFAB_MODERATION": "off",  # the stand-in that checks would take its part of the machine
        "CONFAB_DATABASE": str(folder / "confab.db"),
        **{name: value for stage in stages for name, value in stage.environment().items()},
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bots", env=environment, stderr=DEVNULL)
    for stage in stages:
        await stage.present(1)
    yield Contestant("confab", process.pid)
    process.terminate()
    await process.wait()


async def _held(sandbox: Sandbox, bot: Contestant, loads: list[Load], seconds: float) -> list[float]:
    """Hold the load, and tell how it goes; return the memory, in MiB, at even intervals."""
    begun, memory = time.monotonic(), list[float]()
    holding = asyncio.gather(*(load.hold(begun + seconds) for load in loads), return_exceptions=True)
    while not holding.done():
        await asyncio.wait((holding,), timeout=seconds / 40)
        await _tidy(sandbox, loads)
        if time.monotonic() - begun < seconds:
            memory.append(bot.memory())
        if len(memory) % 4 == 0:
            answered = sum(len(load.answers) for load in loads)
            passed = time.monotonic() - begun
            click.echo(f"  {passed:4.0f} s: {answered} answers, {answered / passed:.0f} a second, {memory[-1]:.0f} MiB")
    for fault in holding.result():
        if fault:
            click.echo(f"FAULT {type(fault).__name__}: {fault}")
    return memory


async def _tidy(sandbox: Sandbox, loads: list[Load]) -> None:
    """Delete what is over, which would slow the sandbox down."""
    sandbox.model.requests.clear()
    slack, discord = loads
    while slack.over:
        room, root = slack.over.popleft()
        channel = sandbox.workspace.channels[room]
        for ts in [*channel.threads.pop(root, {}), root]:
            channel.posts.pop(ts, None)
    while discord.over:
        room, thread = discord.over.popleft()
        sandbox.guild.channels[room].posts.pop(thread, None)
        await sandbox.guild.delete_channel(thread)


def _told(sandbox: Sandbox, loads: list[Load], memory: list[float], seconds: float) -> int:
    """Print the figures, and return 1 where one of them is not as promised."""
    held = min(_told_of(load, seconds) for load in loads)
    waits = sorted(sandbox.workspace.courier.acknowledged_after)
    slowest = waits[int(len(waits) * 0.99)]
    click.echo(
        f"Acknowledgements of the last {len(waits)} events in Slack: half within {statistics.median(waits) * 1000:.0f} "
        f"ms, 99 of 100 within {slowest * 1000:.0f} ms, all within {waits[-1] * 1000:.0f} ms; "
        f"{len(sandbox.workspace.courier.given_up)} given up"
    )
    warm = memory[int(len(memory) * WARM) :]
    first, last = statistics.median(warm[:5]), statistics.median(warm[-5:])
    click.echo(f"Memory: {first:.0f} MiB after a fifth of the time, {last:.0f} MiB in the end")
    return 0 if held and slowest < SLOWEST and last < first * GROWTH else 1


def _told_of(load: Load, seconds: float) -> bool:
    click.echo(
        f"{load.stage.name}: {load.asked} questions in {seconds:.0f} s, {load.asked / seconds:.1f} a second: "
        f"{load.lost} lost, {load.twice} answered twice"
    )
    return not load.lost and not load.twice


if __name__ == "__main__":
    main()
