"""What cannot be stored or read back stops only itself: it is set aside as failed, and everything else goes on."""

import math
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.messages import Author, Entry, Message
from core.storage.connection import Connection
from core.storage.errors import StatementRefused
from core.storage.store import Store
from core.storage.timeline import TimelineReader
from tests.support.database import change
from tests.support.examples import KEY, message

HALF = "\ud83d"  # of a surrogate pair, as JavaScript cuts an emoji in two
UNSTORABLE = {
    "half a surrogate pair": replace(message(1), text=f"hi {HALF}"),
    "one in a name": replace(message(1), author=Author("U1", f"Ada {HALF}")),
    "one in an id": replace(message(1), author=Author(f"U{HALF}", "Ada")),
    "one in a key": replace(message(1), key=replace(KEY, thread=HALF)),
    "no time": replace(message(1), sent_at=math.nan),
    "one in what is quoted": replace(message(1), others=(HALF,)),
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Return an empty store."""
    store = Store(tmp_path / "confab.db")
    yield store
    await store.close()


def failed(folder: Path) -> list[tuple[str, str]]:
    """Return what `turns --failed` lists: each one's message and error."""
    reader = TimelineReader(folder / "confab.db")
    found = [(each.message_id, each.error) for each in reader.unfinished_turns(failed=True)]
    reader.close()
    return found


@pytest.mark.parametrize("odd", UNSTORABLE.values(), ids=UNSTORABLE)
async def test_a_message_that_no_row_can_hold_is_set_aside(store: Store, tmp_path: Path, odd: Message) -> None:
    """It is listed as failed, a redelivery of it is known, and the next one is taken in and claimed."""
    assert not await store.add_message(odd, if_joined=False)
    assert not await store.add_message(odd, if_joined=False)
    assert failed(tmp_path) == [("1.0", "Unreadable")]
    assert await store.add_message(message(2), if_joined=False)
    turn = await store.claim_turn(KEY)
    assert turn
    assert turn.message.id == "2.0"


@pytest.mark.parametrize("payload", [None, "", "{", "[]", '{"id": 1}', "\ufffd", '{"text": "\\ud83d"}'])
async def test_a_row_that_cannot_be_read_back_fails_alone(store: Store, tmp_path: Path, payload: str | None) -> None:
    """The next one of its conversation is claimed in its place."""
    await store.add_message(message(1), if_joined=False)
    await store.add_message(message(2), if_joined=False)
    change(tmp_path / "confab.db", "UPDATE turns SET payload = ? WHERE message_id = '1.0'", payload)
    turn = await store.claim_turn(KEY)
    assert turn
    assert turn.message.id == "2.0"
    assert failed(tmp_path) == [("1.0", "Unreadable")]


async def test_an_unreadable_row_behind_a_turn_does_not_stop_it(store: Store, tmp_path: Path) -> None:
    """Neither where the next author is looked up, nor where a message is deleted or edited, nor at the end."""
    await store.add_message(message(1), if_joined=False)
    await store.add_message(message(2), if_joined=False)
    turn = await store.claim_turn(KEY)
    assert turn
    change(tmp_path / "confab.db", "UPDATE turns SET payload = '{', answer = '{'")
    assert not await store.next_is_same_author(turn)
    assert await store.finish_turn(turn, [Entry("user", "q", Author("U1", "Ada"), "1.0", 1.0)], "done", {})
    assert await store.add_edit(message(2, "better put"))
    edit = await store.claim_turn(KEY)
    assert edit
    await store.edit_message(edit, message(2, "better put"), "better put")
    assert await store.finish_turn(edit, [], "done", {})
    again = await store.claim_turn(KEY)
    assert again
    assert (again.message.text, again.kept) == ("better put", None)


async def test_a_step_that_cannot_be_read_is_shown_as_that(store: Store, tmp_path: Path) -> None:
    """And the others of the timeline as ever."""
    await store.add_message(message(1), if_joined=False)
    turn = await store.claim_turn(KEY)
    assert turn
    await store.release_turn(turn, "ValueError")
    change(tmp_path / "confab.db", "INSERT INTO steps (turn_id, name, at, detail) VALUES (?, 'odd', 0, '{')", turn.id)
    reader = TimelineReader(tmp_path / "confab.db")
    (timeline,) = reader.find_turns("1.0")
    reader.close()
    assert [(each.what, each.detail) for each in timeline.events if each.what in {"odd", "troubled"}] == [
        ("odd", "unreadable"),
        ("troubled", "ValueError"),
    ]


async def test_what_the_model_said_is_kept_even_with_half_a_character(store: Store) -> None:
    """The rest of it is whole, and the turn ends."""
    await store.add_message(message(1), if_joined=False)
    turn = await store.claim_turn(KEY)
    assert turn
    entries = [
        Entry("user", f"q {HALF}", Author("U1", f"Ada{HALF}"), "1.0", 1.0),
        Entry("assistant", f"fine {HALF}", None, "1.5", 1.5),
    ]
    assert await store.finish_turn(turn, entries, "done", {"error": HALF})
    assert [entry.text for entry in (await store.read_history(KEY, 4)).history.entries] == ["q \ufffd", "fine \ufffd"]


@given(st.text(st.characters(), max_size=20))
def test_any_text_comes_back_valid_and_what_was_valid_as_it_was(text: str) -> None:
    """Half a surrogate pair is the one thing that no database holds."""
    with TemporaryDirectory() as folder, closing(Connection(Path(folder) / "x.db")) as connection:
        ((found,),) = connection.execute("SELECT ?", (text,))
    found.encode()
    assert found == text or any("\ud800" <= character <= "\udfff" for character in text)


def test_bytes_that_are_no_text_are_read_with_a_mark_in_their_place(tmp_path: Path) -> None:
    """A damaged row is shown, and stops nobody."""
    with closing(Connection(tmp_path / "x.db")) as connection:
        assert connection.execute("SELECT CAST(x'6869ff' AS TEXT)") == [("hi\ufffd",)]


@pytest.mark.parametrize("value", [object(), 2**70])
def test_a_value_of_no_type_that_a_row_holds_is_refused_as_ours(tmp_path: Path, value: object) -> None:
    """SQLite's own errors stay behind the connection."""
    with closing(Connection(tmp_path / "x.db")) as connection, pytest.raises(StatementRefused):
        connection.execute("SELECT ?", (value,))
