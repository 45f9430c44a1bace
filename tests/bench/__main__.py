"""What Confab costs beside a bare bot, as ratios: `make bench`.

Each contestant is a process of its own against the same sandbox, whose rate limits are off. The model's own time is
taken out of every latency. Absolute figures are those of this machine in this minute; the ratios are what counts.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from deploy.sandbox.openai.model import ModelRequest, Reply
from deploy.sandbox.wire.server import Sandbox, serve
from tests.bench import context as bench_context
from tests.bench import voice as bench_voice
from tests.support.stages import DiscordStage, SlackStage, Stage, Thread

ANSWER = "The team decided to ship on Friday, after the last test has passed. " * 3
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A bot as a running process."""

    name: str
    pid: int

    def cpu(self) -> float:
        """Return the seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """Return its resident memory in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange as a person sees it; times in seconds of the monotonic clock."""

    asked: float
    first_text: float
    final_text: float
    request: ModelRequest

    @property
    def own(self) -> float:
        """Its own time to the final text, in milliseconds: without the model's."""
        return (self.final_text - self.asked - (self.request.done_at or 0) + self.request.at) * 1000

    @property
    def first_after_token(self) -> float:
        """From the model's first token to the first text in the channel, in milliseconds."""
        return (self.first_text - (self.request.first_token_at or 0)) * 1000


@asynccontextmanager
async def contestant(
    name: str,
    stage: Stage,
    sandbox: Sandbox,
    folder: Path,
    database: str = "",
    settings: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Contestant]:
    """Run a bot until the block ends, on a new database where none is named; without moderation unless set so."""
    environment = {
        "PATH": os.environ["PATH"],
        "OPENAI_BASE_URL": sandbox.openai_base_url,
        "OPENAI_API_KEY": "sk-bench",
        "OPENAI_MODEL": "stand-in",
        "CONFAB_MODERATION": "off",
        **stage.environment(),
        **settings,
    }
    module = stage.bare
    if name == "confab":
        module, environment["CONFAB_DATABASE"] = "bots", str(folder / (database or f"{time.time_ns()}.db"))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, env=environment, stderr=DEVNULL)
    await stage.present(1)
    yield Contestant(name, process.pid)
    await stage.settled()
    process.terminate()
    await process.wait()
    await stage.present(0)


async def turn(stage: Stage, sandbox: Sandbox, number: int, thread: Thread | None = None) -> tuple[Thread, Turn]:
    """Ask one thing and wait for the whole answer; return the thread and what it took."""
    with stage.watch() as changes:
        calls, asked = len(sandbox.model.requests), time.monotonic()
        thread = await stage.ask(number, f"question {number}", thread)
        first = 0.0
        while (said := stage.said(await asyncio.wait_for(changes.get(), 30)).strip()) != ANSWER.strip():
            first = first or (time.monotonic() if said else 0.0)
        now = time.monotonic()
        return thread, Turn(asked, first or now, now, sandbox.model.requests[calls])


async def flood(stage: Stage, number: int, at_once: int) -> float:
    """Ask `number` things, `at_once` of them at a time; return the replies per second."""
    left, answered, begun = number, 0, time.monotonic()
    with stage.watch() as changes:
        while answered < number:
            while left and number - left - answered < at_once:
                await stage.ask(left, f"question {left}")
                left -= 1
            answered += stage.said(await asyncio.wait_for(changes.get(), 30)).strip() == ANSWER.strip()
    return number / (time.monotonic() - begun)


def forget(stage: Stage, sandbox: Sandbox) -> None:
    """Empty what fills up in the sandbox, which would slow it down."""
    sandbox.model.requests.clear()
    stage.forget()


def median(turns: Sequence[Turn]) -> float:
    """Return the median own time, in milliseconds."""
    return statistics.median(turn.own for turn in turns)


async def race(stage: Stage, sandbox: Sandbox, folder: Path) -> dict[str, dict[str, list[float]]]:
    """Let both run in turn, three times, and return each one's figures."""
    figures: dict[str, dict[str, list[float]]] = {"bare": {}, "confab": {}}
    for _ in range(3):
        for name, found in figures.items():
            async with contestant(name, stage, sandbox, folder) as bot:
                await flood(stage, 50, 8)  # a first run, not counted
                turns = [(await turn(stage, sandbox, n))[1] for n in range(150)]
                before = bot.cpu()
                rate = await flood(stage, 800, 32)
                cpu = (bot.cpu() - before) * 1000 / 800
                for key, value in (("own", median(turns)), ("rate", rate), ("cpu", cpu), ("memory", bot.memory())):
                    found.setdefault(key, []).append(value)
            forget(stage, sandbox)
    return figures


async def long_thread(stage: Stage, sandbox: Sandbox, folder: Path) -> tuple[float, float]:
    """Return the median own time in a thread of ten messages, and in one of a thousand, asked in turn."""
    async with contestant("confab", stage, sandbox, folder):
        threads = [await thread_of(stage, sandbox, 5) for _ in range(60)]
        long_one = await thread_of(stage, sandbox, 500)
        short: list[Turn] = []
        long: list[Turn] = []
        for thread in threads:
            short.append((await turn(stage, sandbox, 0, thread))[1])
            long.append((await turn(stage, sandbox, 0, long_one))[1])
        forget(stage, sandbox)
        return median(short), median(long)


async def thread_of(stage: Stage, sandbox: Sandbox, exchanges: int) -> Thread:
    """Hold a conversation of so many questions and answers; return its thread."""
    thread, _ = await turn(stage, sandbox, 0)
    for number in range(1, exchanges):
        await turn(stage, sandbox, number, thread)
    return thread


async def growing(stage: Stage, sandbox: Sandbox, folder: Path) -> float:
    """Return the milliseconds from the model's first token to the first text, while it streams 50 tokens a second."""
    async with contestant("confab", stage, sandbox, folder):
        sandbox.model.tokens_per_second = 50.0
        turns = [(await turn(stage, sandbox, n))[1] for n in range(6)]
        sandbox.model.tokens_per_second = None
        forget(stage, sandbox)
        return max(turn.first_after_token for turn in turns)


async def conversations(stage: Stage, sandbox: Sandbox, folder: Path, number: int) -> tuple[float, float]:
    """Return the memory after a tenth of `number` conversations, and after all of them, in MiB."""
    async with contestant("confab", stage, sandbox, folder) as bot:
        seen = []
        for _ in range(10):
            await flood(stage, number // 10, 32)
            forget(stage, sandbox)
            seen.append(bot.memory())
        return seen[0], seen[-1]


async def thread_memory(stage: Stage, sandbox: Sandbox, folder: Path, messages: int) -> float:
    """Return the memory after 50 questions in a thread of so many messages, in MiB."""
    name = f"{messages}.db"
    async with contestant("confab", stage, sandbox, folder, name):
        thread, _ = await turn(stage, sandbox, 0)
    await bench_context.lengthen(sandbox, folder / name, thread, messages)
    async with contestant("confab", stage, sandbox, folder, name) as bot:
        for number in range(50):
            await turn(stage, sandbox, number, thread)
        forget(stage, sandbox)
        return bot.memory()


async def voice_notes(stage: Stage, sandbox: Sandbox, folder: Path) -> None:
    """Print what a short and a long voice note cost."""
    sandbox.model.sounds.prose = "We ship on Friday."
    async with contestant("confab", stage, sandbox, folder) as bot:
        say(f"A voice note of 30 s: {await bench_voice.compare(sandbox, bot.pid, 30.0, 9)}")
        say(f"A voice note of 60 min: {await bench_voice.compare(sandbox, bot.pid, 3600.0, 2)}")
    forget(stage, sandbox)


async def main() -> None:
    """Measure everything and print it."""
    async with serve() as sandbox:
        sandbox.model.delay_first, sandbox.model.tokens_per_second = 0.0, None
        sandbox.model.talk = lambda _: Reply(ANSWER)
        with tempfile.TemporaryDirectory() as name:
            slack, folder = SlackStage(sandbox), Path(name)
            for stage in (slack, DiscordStage(sandbox, threads=True), DiscordStage(sandbox, threads=False)):
                compare(stage, await race(stage, sandbox, folder))
                say(f"  first text after the first token   {await growing(stage, sandbox, folder):.0f} ms at the most")
            short, long = await long_thread(slack, sandbox, folder)
            say(f"A thread of 1,000 messages against one of 10: {long:.1f} / {short:.1f} ms = {long / short:.2f}")
            short, long = await bench_context.turn_times(sandbox, folder)
            say(f"A thread of 10,000 messages against one of 10: {long:.1f} / {short:.1f} ms = {long / short:.2f}")
            sandbox.model.talk = lambda _: Reply(ANSWER)
            small, large = [await thread_memory(slack, sandbox, folder, messages) for messages in (10, 10_000)]
            say(f"Memory with a thread of 10,000 messages against one of 10: {large:.1f} / {small:.1f} MiB")
            await voice_notes(slack, sandbox, folder)
            share = await bench_context.prefix(sandbox, folder)
            say(f"Of 200 prompts in a full window, {share:.0%} of the tokens stand in the beginning of the one before")
            ours, theirs = bench_context.counting()
            say(f"Counting 1 MB of mixed text against tiktoken: {ours:.0f} / {theirs:.0f} ms = {ours / theirs:.2f}")
            say(f"Importing what counts: {bench_context.importing():.1f} ms")
            sandbox.model.talk = lambda _: Reply(ANSWER)
            early, late = await conversations(slack, sandbox, folder, 10_000)
            say(f"Memory after 10,000 conversations: {late:.0f} MiB; after 1,000: {early:.0f} MiB")


def compare(stage: Stage, figures: dict[str, dict[str, list[float]]]) -> None:
    """Print each figure of both, and the ratio."""
    say(f"Confab in {stage.name} beside a bare bot")
    titles = {"rate": "replies per second", "own": "own time to final text, ms", "cpu": "CPU per reply, ms"}
    for key, title in {**titles, "memory": "memory, MiB"}.items():
        bare, confab = (statistics.median(figures[name][key]) for name in ("bare", "confab"))
        say(f"  {title:<28} bare {bare:7.1f}   Confab {confab:7.1f}   ratio {confab / bare:.2f}")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
