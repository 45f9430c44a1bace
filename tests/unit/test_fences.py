"""Whoever lost a turn writes nothing more of it, and what only grows never goes back, whoever writes last."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.history import History, PromptRecord
from core.lease import held_lease
from core.messages import Author, Entry, SavedAnswer, Turn
from core.outcome import Outcome, Parts
from core.storage import turns
from core.storage.errors import TurnLost
from core.storage.store import Store
from core.token_ratio import TokenRatio
from tests.support.database import change, column, rows
from tests.support.examples import KEY, message


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Return a store in which one question waits."""
    store = Store(tmp_path / "confab.db")
    await store.add_message(message(1), if_joined=False)
    yield store
    await store.close()


async def claimed(store: Store) -> Turn:
    """Claim the conversation's next turn, which must be there."""
    turn = await store.claim_turn(KEY)
    assert turn
    return turn


async def test_a_part_of_a_turn_that_was_lost_is_not_noted_and_ends_the_attempt(store: Store, tmp_path: Path) -> None:
    """The next claim reads only what its own holder and those before have posted."""
    lost = await claimed(store)
    now = await claimed(store)
    with pytest.raises(TurnLost):
        await Parts(store, lost, Outcome()).note_posted(0, "9.9")
    await Parts(store, now, Outcome()).note_posted(0, "1.1")
    assert column(tmp_path / "confab.db", "SELECT platform_id FROM steps") == ["1.1"]


async def test_a_turn_that_was_lost_is_not_given_back_by_who_lost_it(store: Store, tmp_path: Path) -> None:
    """Neither its lease nor its error changes, and nothing stands in its timeline."""
    lost = await claimed(store)
    await claimed(store)
    before = rows(tmp_path / "confab.db", "SELECT leased_until, error FROM turns")
    assert not await store.release_turn(lost, "ValueError")
    store.save_answer(lost, SavedAnswer("stale"))
    assert not await store.renew_lease(lost)
    assert not await store.finish_turn(lost, [], "done", {})
    assert rows(tmp_path / "confab.db", "SELECT leased_until, error FROM turns") == before
    assert rows(tmp_path / "confab.db", "SELECT name FROM steps") == []
    assert column(tmp_path / "confab.db", "SELECT answer FROM turns") == [None]


async def test_a_turn_that_has_ended_takes_no_more_parts(store: Store) -> None:
    """Its fence alone would let them in."""
    turn = await claimed(store)
    assert await store.finish_turn(turn, [], "done", {})
    assert not await store.save_posted_part(turn, 0, "1.1")
    assert not await store.release_turn(turn, "ValueError")


async def test_a_lease_is_renewed_while_a_turn_is_answered(store: Store, tmp_path: Path) -> None:
    """So that no other process takes it, however long the answer is."""
    turn = await claimed(store)
    change(tmp_path / "confab.db", "UPDATE turns SET leased_until = 1.0")
    async with held_lease(store, turn, every=0.01):
        while column(tmp_path / "confab.db", "SELECT leased_until FROM turns") == [1.0]:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.01)


async def test_an_attempt_ends_where_its_turn_was_lost(store: Store) -> None:
    """It would otherwise go on paying for an answer that somebody else gives."""
    turn = await claimed(store)
    await claimed(store)
    with pytest.raises(TurnLost):
        async with held_lease(store, turn, every=0.01):
            await asyncio.sleep(60)


async def test_an_attempts_own_error_is_not_taken_for_a_lost_turn(store: Store) -> None:
    """A time-out in the midst of it stays one."""
    turn = await claimed(store)
    with pytest.raises(TimeoutError, match="its own"):
        async with held_lease(store, turn):
            raise TimeoutError("its own")


async def test_looking_again_leaves_the_leases_of_this_process(store: Store, tmp_path: Path) -> None:
    """And voids those of a process that is gone, as it is told by the file's lock."""
    await claimed(store)
    await store.recover_conversations()
    assert column(tmp_path / "confab.db", "SELECT leased_until FROM turns") != [None]
    change(tmp_path / "confab.db", "UPDATE turns SET leased_by = 'gone'")
    assert await store.claim_turn(KEY) is None
    assert await store.recover_conversations() == [KEY]
    assert await store.claim_turn(KEY)


@given(st.lists(st.integers(1, 2**62), min_size=1, max_size=8))
@settings(max_examples=20, deadline=None)
async def test_a_mark_never_goes_back(numbers: list[int]) -> None:
    """Whatever the order in which they are written; numbers count as numbers, not as text."""
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "confab.db")
        await asyncio.gather(*(store.advance_state("slack/T1", number) for number in numbers))
        assert await store.read_state("slack/T1") == str(max(numbers))
        await store.close()


async def test_a_summary_never_goes_back(store: Store) -> None:
    """One that was longer under way than a later one is dropped."""
    turn = await claimed(store)
    entry = Entry("user", "hi", Author("U1", "Ada"), "1.0", 1.0)
    assert await store.finish_turn(turn, [entry], "done", {}, PromptRecord(History((entry,)), 0, TokenRatio()))
    for text, upto in (("the first two", 2), ("the first", 1), ("the first two again", 2)):
        await store.save_summary(KEY, text, upto, 0)
    assert (await store.read_history(KEY, 10)).history.summary == "the first two"
    changed = replace(message(1), text="changed")
    assert await store.add_edit(changed)
    await store.edit_message(await claimed(store), changed, "changed")
    found = await store.read_history(KEY, 10)
    await store.save_summary(KEY, "made anew", 1, found.version)
    assert (await store.read_history(KEY, 10)).history.summary == "made anew"


def test_a_lease_is_renewed_at_a_third_of_its_length() -> None:
    """Two renewals may fail before it ends."""
    assert held_lease.__wrapped__.__defaults__ == (turns.LEASE / 3,)  # type: ignore[attr-defined]
