"""The property: whatever happens, in whatever order, the promise holds."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st
from structlog.testing import capture_logs

from core.storage.store import Store
from tests.proofs.schedules.clock import simulated
from tests.proofs.schedules.schedule import Action, Schedule, actions
from tests.proofs.schedules.verdict import broken_promises
from tests.proofs.schedules.world import World

SCHEDULES = st.lists(actions(), min_size=1, max_size=25)
WORLDS = st.builds(
    lambda seed, trouble: World(random.Random(seed), trouble),
    st.integers(min_value=0, max_value=2**32),
    st.sampled_from([0.0, 0.0, 0.01, 0.05]),
)


def new_database(path: Path) -> bytes:
    """Return a new database as a file's content; `path` is where it may be made."""
    asyncio.run(_make(path))
    return path.read_bytes()


async def _make(path: Path) -> None:
    await Store(path).close()


def broken(new: bytes, path: Path, schedule: Sequence[Action], world: World) -> list[str]:
    """Let a schedule happen in a world, on a new database at `path`; return how the promise is broken."""
    path.write_bytes(new)
    with capture_logs():
        simulated(Schedule(world, path).happen(schedule))
    return broken_promises(world, path)
