"""When what was missed is read again, and how far the mark moves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bots.backfill import Backfill
from bots.state import PlatformState
from core.storage.store import Store

FAR = 1e6  # seconds: no test waits for it


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[PlatformState]:
    """Return the rows of a platform in a database of their own."""
    store = Store(tmp_path / "s.db")
    yield PlatformState("slack", store)
    await store.close()


class Reader:
    """Hears what was missed: each call returns or raises the next of what it is given, the last again and again."""

    def __init__(self, *results: int | Exception | None) -> None:
        self.results = list(results)
        self.marks: list[int] = []
        self.called = asyncio.Semaphore(0)

    async def read(self, mark: int) -> int | None:
        """Note from which mark was read."""
        self.marks.append(mark)
        self.called.release()
        result = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        if isinstance(result, Exception):
            raise result
        return result


async def mark_is(state: PlatformState, number: int) -> None:
    """Wait until the mark has moved to a number."""
    async with asyncio.timeout(30):
        while int(await state.read_state("slack/T1") or 0) != number:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("failure", [None, OSError("the network is down")])
async def test_a_catch_up_that_failed_leaves_the_mark_and_is_made_again(
    state: PlatformState, failure: Exception | None
) -> None:
    """From the same mark, until it is complete."""
    reader = Reader(failure, failure, 90)
    backfill = Backfill("slack/T1", state, reader.read, 10, steady=FAR, pause=0.01)
    await backfill.set_first_mark(50)
    backfill.begin_catch_up()
    await mark_is(state, 90)
    backfill.close()
    assert reader.marks == [50, 50, 50]


async def test_after_a_silence_something_may_be_missed(state: PlatformState) -> None:
    """A platform may have stopped to send without a word."""
    reader = Reader(60)
    backfill = Backfill("slack/T1", state, reader.read, 10, silence=0.0, steady=0.01)
    await backfill.set_first_mark(50)
    backfill.begin_moving()
    async with asyncio.timeout(30):
        await reader.called.acquire()
    await mark_is(state, 60)
    backfill.close()


async def test_while_something_comes_nothing_is_read_and_the_mark_follows(state: PlatformState) -> None:
    """A little behind it, as some may still wait for the disk."""
    reader = Reader(1_000)
    backfill = Backfill("slack/T1", state, reader.read, 10, silence=FAR, steady=0.01)
    await backfill.set_first_mark(50)
    backfill.begin_moving()
    backfill.note_received(200)
    await mark_is(state, 190)
    backfill.note_received(150)  # late, and no step back
    backfill.note_received(300)
    await mark_is(state, 290)
    backfill.close()
    assert not reader.marks


async def test_what_is_missed_while_it_reads_is_read_after_it(state: PlatformState) -> None:
    """A connection that was lost in the midst of a catch-up leaves a gap of its own."""
    reader = Reader(60, 70)
    backfill = Backfill("slack/T1", state, reader.read, 10, steady=FAR)
    await backfill.set_first_mark(50)
    backfill.begin_catch_up()
    async with asyncio.timeout(30):
        await reader.called.acquire()
        backfill.begin_catch_up()
    await mark_is(state, 70)
    backfill.close()
    assert reader.marks == [50, 60]
