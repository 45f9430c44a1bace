"""A database of an earlier version is taken over as it is: nothing that waits, was said or is remembered is lost."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.messages import Deletion
from core.storage.store import Store
from tests.support.database import change, load, rows
from tests.support.examples import KEY, message

OLDER = Path(__file__).parents[1] / "support" / "version_8.sql"  # made by the migrations up to the eighth

SAID_BY_ANOTHER = (
    "INSERT INTO entries (platform, workspace, channel, thread, turn_id, role, text, author_id, message_id, sent_at) "
    "SELECT platform, workspace, channel, thread, turn_id, role, text, ?, '9.0', sent_at FROM entries "
    "WHERE role = 'user'"
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Return a store on a database of an earlier version."""
    load(tmp_path / "confab.db", OLDER.read_text())
    store = Store(tmp_path / "confab.db")
    yield store
    await store.close()


async def test_what_an_earlier_version_left_open_is_claimed_in_order(store: Store) -> None:
    """The one that it was answering comes first; what it was told to do and asked about is known of each."""
    assert await store.recover_conversations() == [KEY]
    claimed = []
    while turn := await store.claim_turn(KEY):
        claimed.append((turn.message.id, turn.attempts, turn.message.command, turn.message.about))
        assert await store.finish_turn(turn, [], "done", {})
    assert claimed == [("2.0", 2, "", ""), ("3.0", 1, "", "1.0"), ("4.0", 1, "stop", "")]


async def test_the_columns_are_filled_from_what_stood_in_json(store: Store, tmp_path: Path) -> None:
    """Where the message is gone, they are empty."""
    assert store
    found = rows(tmp_path / "confab.db", "SELECT message_id, command, about FROM turns ORDER BY seq")
    assert found == [("1.0", "", ""), ("2.0", "", ""), ("3.0", "", "1.0"), ("4.0", "stop", "")]


async def test_a_deletion_finds_what_quotes_a_message_in_an_older_row(store: Store) -> None:
    """And takes what was said in it, with its picture."""
    await store.delete_message(Deletion("slack", "T1", "C1", "1.0"))
    await store.recover_conversations()
    assert [entry.text for entry in (await store.read_history(KEY, 10)).history.entries] == []
    turn = await store.claim_turn(KEY)
    assert turn
    assert turn.message.id == "2.0"
    await store.finish_turn(turn, [], "done", {})
    after = await store.claim_turn(KEY)
    assert after
    assert after.message.id == "4.0"


@pytest.mark.parametrize("others", [0, 1])
async def test_whether_more_than_one_had_spoken_is_seen_in_what_was_said(tmp_path: Path, others: int) -> None:
    """So that names stay told where they were."""
    load(tmp_path / "confab.db", OLDER.read_text())
    for number in range(others):
        change(tmp_path / "confab.db", SAID_BY_ANOTHER, f"U{number + 7}")
    store = Store(tmp_path / "confab.db")
    assert (await store.read_history(KEY, 10)).history.is_shared == bool(others)
    await store.close()


async def test_what_was_said_and_summarised_before_is_remembered(store: Store) -> None:
    """With its picture, its summary, and what the last prompt's length taught; and a redelivery is still known."""
    found = await store.read_history(KEY, 10)
    assert [entry.text for entry in found.history.entries] == ["How long is the bridge?", "Two kilometres."]
    assert [image.content for image in found.history.entries[0].images] == ["aGVsbG8="]
    assert (found.history.summary, found.ratio.counted, found.ratio.reported) == (
        "Ada asked about the bridge.",
        100,
        120,
    )
    assert await store.read_state("slack/T1") == "1700000000000100"
    assert await store.violations_since(["question"], 0.0) == [("slack", "U1", "abcd1234", 1.0, True)]
    assert not await store.add_message(message(1), if_joined=False)
