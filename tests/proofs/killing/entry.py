"""The process that is to be killed: `python -m bots run`, whose database jobs are points at which it can die.

It is forked from a server that has imported what the bot imports, so that thousands of starts are cheap; what then
runs is `bots/__main__.py` from its first line, with the real SDKs. A job is a point three times: before it is handed
over, inside its transaction when all is written and nothing committed, and after the commit.
"""

import gc
import importlib
import multiprocessing
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import core.storage.store
from core.prompt.tokens import counter_for, load_vocabulary
from core.storage.connection import Connection
from core.storage.database import Database, Work
from tests.proofs.killing.points import Points

T = TypeVar("T")

# What a bot imports and reads in its first second is, once, here, for all that are forked from this process.
PLATFORMS = ("bots.discord.adapter", "bots.slack.adapter", "bots.slack.webhook")
for module in (
    *PLATFORMS,
    "bots.http",
    "bots.settings",
    "bots.voice",
    "bots.app",
    "core.tools.mcp.connection",
    "anyio._backends._asyncio",
    "certifi",
    "httpcore",
):
    importlib.import_module(module)
load_vocabulary(counter_for("stand-in"))
gc.freeze()


class MortalDatabase(Database):
    """Confab's own database, in a process that may die before, in or after each of its jobs."""

    def __init__(self, points: Points, path: Path, key: str = "") -> None:
        super().__init__(path, key)
        self._points = points

    async def run(self, work: Work[T]) -> T:
        """Do the work as ever."""
        name = _name(work)
        self._pass(f"{name}: before")
        result = await super().run(self._mortal(name, work))
        self._pass(f"{name}: committed")
        return result

    def send(self, work: Work[object]) -> None:
        """Do the work as ever, a little later: with the commit of what comes next, as a rule."""
        name = _name(work)
        self._pass(f"{name}: before")
        super().send(self._mortal(name, work))

    def _mortal(self, name: str, work: Work[T]) -> Work[T]:
        def mortal(connection: Connection) -> T:
            result = work(connection)
            self._pass(f"{name}: written, not committed")
            return result

        return mortal

    def _pass(self, name: str) -> None:
        if self._points.dies_at(name):
            os.kill(os.getpid(), signal.SIGKILL)


def live(environ: Mapping[str, str], deadly: str, record: Path, log: Path) -> None:
    """Run the bot in this process with these settings, noting its points in the file `record`, its log in `log`."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.clear()
    os.environ.update(environ)
    _write_to(log, sys.stdout.fileno(), sys.stderr.fileno())
    noted = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    points = Points(deadly, lambda point: _note(noted, point))
    vars(core.storage.store)["Database"] = partial(MortalDatabase, points)  # the store makes one, in one place
    sys.argv = ["bots", "run"]
    runpy.run_module("bots", run_name="__main__", alter_sys=True)


def _name(work: object) -> str:
    return str(getattr(work, "__qualname__", "job")).removesuffix(".<locals>.<lambda>")


def _end_with_parent() -> None:
    """End where whoever runs the tests has ended: nobody else would."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _note(file: int, point: str) -> None:
    os.write(file, f"{time.monotonic():.6f} {point}\n".encode())


def _write_to(log: Path, *outputs: int) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for output in outputs:
        os.dup2(file, output)
    os.close(file)
