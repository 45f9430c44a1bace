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
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.sandbox.model import ModelRequest, Reply
from deploy.sandbox.server import Sandbox, serve

ROOMS = ("C0GENERAL", "C0ENGINEERING", "C0RANDOM")
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
async def contestant(name: str, sandbox: Sandbox, folder: Path) -> AsyncIterator[Contestant]:
    """Run a bot until the block ends."""
    workspace = sandbox.workspace
    environment = {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": sandbox.slack_api_url,
        "OPENAI_BASE_URL": sandbox.openai_base_url,
        "OPENAI_API_KEY": "sk-bench",
        "OPENAI_MODEL": "stand-in",
    }
    module = "tests.bare_bot"
    if name == "confab":
        module, environment["CONFAB_DATABASE"] = "bots", str(folder / f"{time.time_ns()}.db")
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, env=environment, stderr=DEVNULL)
    await workspace.until(lambda: workspace.connected == 1, 30.0)
    yield Contestant(name, process.pid)
    process.terminate()
    await process.wait()
    await workspace.until(lambda: workspace.connected == 0, 30.0)


async def turn(sandbox: Sandbox, room: str, text: str, thread: str | None = None) -> tuple[str, Turn]:
    """Ask one thing and wait for the whole answer; return the thread and what it took."""
    workspace, number = sandbox.workspace, len(sandbox.model.requests)
    with workspace.subscribe() as changes:
        asked = time.monotonic()
        ts = await workspace.say(room, f"<@{workspace.bot_user}> {text}", thread_ts=thread)
        first = 0.0
        while True:
            post = (await asyncio.wait_for(changes.get(), 30)).post
            if post is None or post.user != workspace.bot_user:
                continue
            first = first or time.monotonic()
            if post.shown.strip() == ANSWER.strip():
                return thread or ts, Turn(asked, first, time.monotonic(), sandbox.model.requests[number])


async def flood(sandbox: Sandbox, number: int, at_once: int) -> float:
    """Ask `number` things, `at_once` of them at a time; return the replies per second."""
    workspace, left, answered = sandbox.workspace, number, 0
    begun = time.monotonic()
    with workspace.subscribe() as changes:
        while answered < number:
            while left and number - left - answered < at_once:
                await workspace.say(ROOMS[left % len(ROOMS)], f"<@{workspace.bot_user}> question {left}")
                left -= 1
            post = (await asyncio.wait_for(changes.get(), 30)).post
            answered += post is not None and post.user == workspace.bot_user and post.shown.strip() == ANSWER.strip()
    return number / (time.monotonic() - begun)


def forget(sandbox: Sandbox) -> None:
    """Empty the channels, so that the sandbox does not slow down as they fill."""
    sandbox.model.requests.clear()
    for room in sandbox.workspace.channels.values():
        room.posts.clear()
        room.threads.clear()


def median(turns: Sequence[Turn]) -> float:
    """Return the median own time, in milliseconds."""
    return statistics.median(turn.own for turn in turns)


async def race(sandbox: Sandbox, folder: Path) -> dict[str, dict[str, list[float]]]:
    """Let both run in turn, three times, and return each one's figures."""
    figures: dict[str, dict[str, list[float]]] = {"bare": {}, "confab": {}}
    for _ in range(3):
        for name, found in figures.items():
            async with contestant(name, sandbox, folder) as bot:
                await flood(sandbox, 50, 8)  # a first run, not counted
                turns = [(await turn(sandbox, ROOMS[n % 3], f"question {n}"))[1] for n in range(150)]
                before = bot.cpu()
                rate = await flood(sandbox, 800, 32)
                cpu = (bot.cpu() - before) * 1000 / 800
                for key, value in (("own", median(turns)), ("rate", rate), ("cpu", cpu), ("memory", bot.memory())):
                    found.setdefault(key, []).append(value)
            forget(sandbox)
    return figures


async def long_thread(sandbox: Sandbox, folder: Path) -> tuple[float, float]:
    """Return the median own time in a thread of ten messages, and in one of a thousand, asked in turn."""
    async with contestant("confab", sandbox, folder) as bot:
        assert bot.pid
        threads = [await thread_of(sandbox, 5) for _ in range(60)]
        long_one = await thread_of(sandbox, 500)
        short: list[Turn] = []
        long: list[Turn] = []
        for thread in threads:
            short.append((await turn(sandbox, ROOMS[0], "and?", thread))[1])
            long.append((await turn(sandbox, ROOMS[0], "and?", long_one))[1])
        forget(sandbox)
        return median(short), median(long)


async def thread_of(sandbox: Sandbox, exchanges: int) -> str:
    """Hold a conversation of so many questions and answers; return its thread."""
    thread, _ = await turn(sandbox, ROOMS[0], "begin")
    for _ in range(exchanges - 1):
        await turn(sandbox, ROOMS[0], "go on", thread)
    return thread


async def growing(sandbox: Sandbox, folder: Path) -> float:
    """Return the milliseconds from the model's first token to the first text, while it streams 50 tokens a second."""
    async with contestant("confab", sandbox, folder) as bot:
        assert bot.pid
        sandbox.model.tokens_per_second = 50.0
        turns = [(await turn(sandbox, ROOMS[n % 3], f"slowly {n}"))[1] for n in range(6)]
        sandbox.model.tokens_per_second = None
        forget(sandbox)
        return max(turn.first_after_token for turn in turns)


async def conversations(sandbox: Sandbox, folder: Path, number: int) -> tuple[float, float]:
    """Return the memory after a tenth of `number` conversations, and after all of them, in MiB."""
    async with contestant("confab", sandbox, folder) as bot:
        early = 0.0
        for tenth in range(10):
            await flood(sandbox, number // 10, 32)
            forget(sandbox)
            early = early or (bot.memory() if tenth == 0 else 0.0)
        return early, bot.memory()


async def main() -> None:
    """Measure everything and print it."""
    async with serve() as sandbox:
        sandbox.workspace.limits_on = False
        sandbox.model.delay_first, sandbox.model.tokens_per_second = 0.0, None
        sandbox.model.talk = lambda _: Reply(ANSWER)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            compare(await race(sandbox, folder))
            short, long = await long_thread(sandbox, folder)
            say(f"thread of 1,000 messages against one of 10   {long:.1f} / {short:.1f} ms = {long / short:.2f}")
            say(f"first text after the model's first token     {await growing(sandbox, folder):.0f} ms at the most")
            early, late = await conversations(sandbox, folder, 10_000)
            say(f"memory after 10,000 conversations            {late:.0f} MiB, after 1,000 {early:.0f} MiB")


def compare(figures: dict[str, dict[str, list[float]]]) -> None:
    """Print each figure of both, and the ratio."""
    titles = {"rate": "replies per second", "own": "own time to final text, ms", "cpu": "CPU per reply, ms"}
    for key, title in {**titles, "memory": "memory, MiB"}.items():
        bare, confab = (statistics.median(figures[name][key]) for name in ("bare", "confab"))
        say(f"{title:<30} bare {bare:8.1f}   Confab {confab:8.1f}   ratio {confab / bare:.2f}")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
