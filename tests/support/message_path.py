"""The way of one message through the code: which modules it crosses while it is answered, in their order.

A module is crossed where a function of it runs for the message, in its own task or in one that this begins, and calls
on into another module. What calls none (a value's module, a pattern's, a table's) is looked into on the way and come
back from at once; what only makes an object (a constructor) or tells of it (a property) does not run yet. Both are left
out of the way, and counted as touched.
"""

import asyncio
import inspect
import sys
import tempfile
import threading
from collections import defaultdict
from contextvars import ContextVar
from itertools import groupby
from pathlib import Path
from types import FrameType

from deploy.sandbox.wire.server import serve
from tests.support.bot import Setup, running
from tests.support.moderated import Moderated
from tests.support.room import ask

ROOT = Path(__file__).parents[2]
SETTLED = 1.0  # seconds, after which the last row of a turn is written
OURS = tuple(f"{ROOT / folder}/" for folder in ("bots", "core"))
BEGIN = "bots.slack.listener"  # where a message comes in
IS_ITS = ContextVar("is_its", default=False)  # whether what runs is of the message


class Trace:
    """Notes each module of bots/ and core/ in which something runs for a message, in order, and whom it calls."""

    def __init__(self) -> None:
        self.calls: dict[str, set[str]] = defaultdict(set)
        self.is_on = False

    @property
    def touched(self) -> list[str]:
        """All modules in which something ran."""
        return list(self.calls)

    @property
    def crossed(self) -> list[str]:
        """Those that called on into another."""
        return [module for module, called in self.calls.items() if called]

    def note(self, frame: FrameType, event: str, _: object) -> None:
        """Take one event of `sys.setprofile`."""
        module = _module_of(frame)
        if not self.is_on or event != "call" or not module or not self._is_of_message(module) or _is_still(frame):
            return
        _ = self.calls[module]
        caller = frame.f_back
        while caller and not _module_of(caller):
            caller = caller.f_back
        if caller and _module_of(caller) != module:
            self.calls[_module_of(caller)].add(module)

    def _is_of_message(self, module: str) -> bool:
        """Whether this runs in a task that began with the message, or in the database's thread, which has no other."""
        if module == BEGIN:
            IS_ITS.set(True)
        return IS_ITS.get() or threading.current_thread() is not threading.main_thread()


def _module_of(frame: FrameType) -> str:
    """Return the module of ours in which a frame's code stands, empty where it is none."""
    path = frame.f_code.co_filename
    return str(Path(path).relative_to(ROOT).with_suffix("")).replace("/", ".") if path.startswith(OURS) else ""


def _is_still(frame: FrameType) -> bool:
    """Whether a function only makes an object or tells of it: a constructor, another of Python's own, a property."""
    name = frame.f_code.co_name
    static = inspect.getattr_static(type(frame.f_locals.get("self")), name, None)
    return name.startswith("__") or isinstance(static, property)


async def trace_message() -> Trace:
    """Return the way that one mention in Slack takes, from its event to the last row that is kept of it."""
    trace = Trace()
    threading.setprofile(trace.note)  # for the database's thread, which begins below
    sys.setprofile(trace.note)
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with serve() as sandbox, running(sandbox, Path(folder, "confab.db"), Setup(moderation=Moderated())):
                await ask(sandbox, "what comes first is read and imported now")
                await asyncio.sleep(SETTLED)
                trace.is_on = True
                await ask(sandbox, "hello")
                await asyncio.sleep(SETTLED)
                trace.is_on = False
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return trace


def count_returns(modules: list[str]) -> int:
    """Return how often the way comes back into a folder that it has left."""
    rooms = [room for room, _ in groupby(modules, key=lambda module: module.rpartition(".")[0])]
    return len(rooms) - len(set(rooms))


def main() -> None:
    """Print the way, and how long and winding it is."""
    trace = asyncio.run(trace_message())
    crossed = trace.crossed
    print(f"modules one message crosses: {len(crossed)}; returns to rooms it has left: {count_returns(crossed)}")  # noqa: T201 - it is run to be read
    print("  " + " ".join(crossed))  # noqa: T201 - the same
    print(f"modules it touches, with those that are only looked into: {len(trace.touched)}")  # noqa: T201 - the same


if __name__ == "__main__":
    main()
