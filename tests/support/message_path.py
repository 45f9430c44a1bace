"""The way of one message through the code: which modules it crosses while it is answered, in their order."""

import asyncio
import sys
import tempfile
import threading
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


class Trace:
    """Notes each module of bots/ and core/ that a function of is called, once, in the order in which that happens."""

    def __init__(self) -> None:
        self.modules: dict[str, None] = {}

    def note(self, frame: FrameType, event: str, _: object) -> None:
        """Take one event of `sys.setprofile`."""
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(OURS):
            self.modules.setdefault(str(Path(path).relative_to(ROOT).with_suffix("")).replace("/", "."))


async def trace_message() -> list[str]:
    """Return the modules that one mention in Slack crosses, from its event to the last row that is kept of it."""
    trace = Trace()
    threading.setprofile(trace.note)  # for the database's thread, which begins below
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with serve() as sandbox, running(sandbox, Path(folder, "confab.db"), Setup(moderation=Moderated())):
                await ask(sandbox, "what comes first is read and imported now")
                await asyncio.sleep(SETTLED)
                trace.modules.clear()
                sys.setprofile(trace.note)
                await ask(sandbox, "hello")
                await asyncio.sleep(SETTLED)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return list(trace.modules)


def count_returns(modules: list[str]) -> int:
    """Return how often the way comes back into a folder that it has left."""
    rooms = [room for room, _ in groupby(modules, key=lambda module: module.rpartition(".")[0])]
    return len(rooms) - len(set(rooms))


def main() -> None:
    """Print the way, and how long and winding it is."""
    modules = asyncio.run(trace_message())
    print(f"modules one message crosses: {len(modules)}; returns to rooms it has left: {count_returns(modules)}")  # noqa: T201 - it is run to be read
    print("  " + " ".join(modules))  # noqa: T201 - the same


if __name__ == "__main__":
    main()
