"""Slots: never more than there are, none lost, and each channel in its turn."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fair_slots import FairSlots, PersonSlots
from core.messages import ConversationKey
from core.storage.connection import Connection
from core.storage.knowledge import NewSource, claim_source, insert_source
from core.turn_settings import TurnSettings
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Setup, running
from tests.support.database import prepare_database
from tests.support.room import answers, mention


def channel(number: int) -> tuple[str, str]:
    """Return the `number`th channel."""
    return "slack", f"C{number}"


async def test_a_busy_channel_does_not_starve_another() -> None:
    """A hundred wait in one channel; who comes last, from another, is next but one."""
    slots, order = FairSlots(1), []

    async def answer(number: int) -> None:
        await slots.take_slot(channel(number))
        order.append(number)
        await asyncio.sleep(0)
        slots.release_slot()

    tasks = [asyncio.create_task(answer(number)) for number in [1] * 100 + [2]]
    await asyncio.gather(*tasks)
    assert order.index(2) <= 2


@given(st.integers(1, 3), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=30))
async def test_no_slot_is_lost_and_none_is_given_twice(most: int, visits: list[tuple[int, int, bool]]) -> None:
    """Whoever comes, stays for a while, or is cancelled while waiting or while answering."""
    slots, busy = FairSlots(most), 0

    async def visit(number: int, turns: int) -> None:
        nonlocal busy
        await slots.take_slot(channel(number))
        busy += 1
        try:
            assert busy <= most
            for _ in range(turns):
                await asyncio.sleep(0)
        finally:
            busy -= 1
            slots.release_slot()

    tasks = []
    for number, turns, cancelled in visits:
        tasks.append(asyncio.create_task(visit(number, turns)))
        await asyncio.sleep(0)
        if cancelled:
            tasks[len(tasks) // 2].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(result is None or isinstance(result, asyncio.CancelledError) for result in results)
    async with asyncio.timeout(30):
        for _ in range(most):
            await slots.take_slot(channel(0))


@pytest.mark.parametrize(("most", "each"), [(3, 1), (8, 3), (2, 1), (16, 4)])
async def test_a_persons_many_files_keep_nobody_else_waiting(most: int, each: int) -> None:
    """A hundred of theirs never end; another's are begun at once, and so are those of the same name elsewhere."""
    slots, begun = PersonSlots(most, each), []

    async def work(owner: tuple[str, str]) -> None:
        async with slots.hold_slot(owner):
            begun.append(owner)
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(work(("T1", "U1"))) for _ in range(100)]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(work(owner)) for owner in (("T1", "U2"), ("T2", "U1"))[: most - each]]
    await asyncio.sleep(0)
    assert begun == [("T1", "U1")] * each + [("T1", "U2"), ("T2", "U1")][: most - each]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(30):
        for number in range(most):
            await slots.hold_slot(("T1", str(number))).__aenter__()


def test_people_take_turns_at_having_their_files_read(tmp_path: Path) -> None:
    """A thousand of one person's come one by one, between those of all others."""
    prepare_database(tmp_path / "confab.db")
    with closing(Connection(tmp_path / "confab.db", "")) as connection:
        names = ["ada"] * 6 + ["grace", "linus", "grace"]
        for number, name in enumerate(names):
            connection.begin()
            key = ConversationKey("slack", "T1", "C1", "")
            insert_source(connection, NewSource(key, str(number), "", "file", "a.txt", name, 0.0, "{}"))
            connection.commit()
        last, order = ("", "", ""), []
        while source := claim_source(connection, last):
            last = ("slack", "T1", source.author_id)
            order.append(source.author_id)
    assert order == ["ada", "grace", "linus", "ada", "grace", *["ada"] * 4]


async def test_one_persons_questions_leave_others_half_of_the_slots(sandbox: Sandbox, tmp_path: Path) -> None:
    """Also in the same channel; theirs wait until one of theirs is answered."""
    never = asyncio.Event()
    held = Reply(hold=never, pieces=("so far", " and whole"))
    sandbox.model.talk = lambda body: Reply("hello") if "grace asks" in str(body) else held
    setup = Setup(limits=TurnSettings(concurrency=4))
    async with running(sandbox, tmp_path / "confab.db", setup):
        for number in range(20):
            await sandbox.workspace.say((GENERAL, "C0RANDOM1")[number % 2], mention(f"ada {number}"), "U0ADA1234")
        await sandbox.workspace.until(lambda: len(sandbox.model.requests) >= 2)
        asked = await sandbox.workspace.say(GENERAL, mention("grace asks"), "U0GRACE12")
        await sandbox.workspace.until(lambda: answers(sandbox, asked) == ["hello"])
        assert len(sandbox.model.requests) == 3
