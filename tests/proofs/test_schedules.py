"""Redelivery, reordering, disconnects, edits, deletions, crashes, faults, in any order: the promise holds after each.

`make prove` runs ten thousand such schedules.
"""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.proofs.schedules.clock import simulated
from tests.proofs.schedules.life import Life
from tests.proofs.schedules.promise import SCHEDULES, WORLDS, broken, new_database
from tests.proofs.schedules.schedule import Action
from tests.proofs.schedules.world import World

FEW = 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the databases are."""
    return tmp_path_factory.mktemp("schedules")


@pytest.fixture(scope="module")
def new(folder: Path) -> bytes:
    """Return a new database."""
    return new_database(folder / "new.db")


@given(SCHEDULES, WORLDS)
@settings(max_examples=FEW)
def test_the_promise_holds_whatever_happens(new: bytes, folder: Path, schedule: Sequence[Action], world: World) -> None:
    """Every message to the bot is answered once, refused visibly, or listed as failed or uncertain."""
    assert broken(new, folder / "schedule.db", schedule, world) == []


def test_a_stop_that_arrives_late_ends_nothing_that_was_asked_after_it(new: bytes, tmp_path: Path) -> None:
    """As after a gap, when what was missed is caught up with beside what is said now."""
    path, world = tmp_path / "confab.db", World(random.Random(1), 0.0)
    path.write_bytes(new)
    simulated(_late_stop(path, world))
    said, done = (" ".join(post.text for post in world.marked(turn)) for turn in world.turns())
    assert said.split() == world.answers["question-0002"][0].split()
    assert done.startswith("_Stopped")


async def _late_stop(path: Path, world: World) -> None:
    stop = world.say("t", "stop", addressed=True)
    question = world.say("t", "", addressed=True)
    life = Life(world, path)
    await life.intake.receive(question)
    await asyncio.sleep(2.0)
    await life.intake.receive(stop)
    await asyncio.sleep(600.0)
    await life.die()
