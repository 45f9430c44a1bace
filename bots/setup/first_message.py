"""Runs the bot until somebody writes to it, and tells that this was heard and answered."""

import asyncio
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from bots.setup.terminal import say
from core.errors import SettingsError
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.timeline import Timeline, TimelineReader, running_process

BOT = ("-m", "bots", "run")
LISTENING = "confab is listening"  # what the bot logs once it can hear
LAST_LINES = 12  # of its log, told where it ends
LOOK_EVERY = 0.5  # seconds
PATIENCE = 900.0  # seconds for somebody to write
GRACE = 30.0  # seconds for the bot to end
OPEN = "open"  # a turn that is not over


async def show_first_message(
    environ: Mapping[str, str], database: Path, patience: float = PATIENCE, key: str = ""
) -> bool:
    """Start the bot, wait for a message, and say what became of it; False where none came, or it was not answered.

    The bot is stopped in the end. `patience` is in seconds.
    """
    if running_process(database) is not None:
        say("Confab runs already: restart it, so that it reads what was written.")
        return True
    say("Confab is starting, to hear a first message …")
    since = time.time()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *BOT, env=environ, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, start_new_session=True
    )
    lines: deque[str] = deque(maxlen=LAST_LINES)
    following = asyncio.create_task(_follow(process, lines))
    watching = asyncio.create_task(_watch(partial(_first_turn, database, key, since), patience))
    try:
        await asyncio.wait({following, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            return watching.result()
        say("\n".join(["Confab ended. What it said last:", *(f"  {line}" for line in lines)]))
        return False
    finally:
        watching.cancel()
        await _stop(process)
        following.cancel()
        await asyncio.gather(following, watching, return_exceptions=True)


async def _follow(process: Process, lines: deque[str]) -> None:
    """Read the bot's log to its end, and say when it listens."""
    while process.stdout and (line := await process.stdout.readline()):
        text = line.decode(errors="replace").rstrip()
        lines.append(text)
        if LISTENING in text:
            say("It is on. Mention it in a channel, or write to it directly: @Confab hello. (Ctrl-C ends the waiting.)")


async def _watch(first_turn: Callable[[], Timeline | None], patience: float) -> bool:
    """Say that a message was heard, and then whether it was answered."""
    try:
        async with asyncio.timeout(patience):
            heard = None
            while heard is None or heard.state == OPEN:
                await asyncio.sleep(LOOK_EVERY)
                found = await asyncio.to_thread(first_turn)
                if found and not heard:
                    say(f"Heard: a message in {found.key.channel} on {found.key.platform}. It is being answered …")
                heard = found
    except TimeoutError:
        say("No message came that was answered. `python -m bots doctor` looks for what is in the way.")
        return False
    return _tell_end(heard)


def _first_turn(database: Path, key: str, since: float) -> Timeline | None:
    """Return the first turn of this run; None where there is none yet, or the file cannot be read just now."""
    try:
        with closing(TimelineReader(database, key)) as records:
            return next(iter(records.turns_since(since)), None)
    except (StorageUnavailable, StatementRefused, SettingsError):
        return None


def _tell_end(turn: Timeline) -> bool:
    took = turn.events[-1].at - next(event.at for event in turn.events if event.what == "received")
    if turn.state == "done" and not turn.error:
        say(f"Answered, after {took:.1f} seconds. All is well.")
        return True
    say(f"It was not answered ({turn.error or turn.state}): `python -m bots why {turn.id[:8]}` tells more.")
    return False


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), GRACE)
    except TimeoutError:
        process.kill()
        await process.wait()
