"""Slots: never more than there are, none lost, and each channel in its turn."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fair_slots import FairSlots, PersonSlots


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
