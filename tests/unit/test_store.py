"""The inbox keeps what was acknowledged, once, and hands it out in order."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.messages import Attachment, Author, ConversationKey, Deletion, Entry, Message, ToolCall, Turn
from core.storage.connection import Connection
from core.storage.errors import DatabaseBusy
from core.storage.history import read_history
from core.storage.store import Store
from core.storage.timeline import reopen_turn
from core.storage.tool_calls import insert_calls
from core.tool_calls import CallRecord
from tests.support.database import dump
from tests.support.examples import KEY, in_thread, message


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Return an empty store."""
    store = Store(tmp_path / "confab.db")
    yield store
    await store.close()


async def claimed(store: Store, thread: str = KEY.thread) -> Turn:
    """Claim a conversation's next turn, which must be there."""
    turn = await store.claim_turn(in_thread(thread))
    assert turn
    return turn


def said(text: str, message_id: str, role: str = "user") -> Entry:
    """Return one line of a history."""
    if role == "user":
        return Entry("user", text, Author("U1", "Ada"), message_id, 1.0)
    return Entry("assistant", text, None, message_id, 1.0)


async def history(store: Store, key: ConversationKey, most: int) -> list[Entry]:
    """Return the newest entries of a conversation."""
    return list((await store.read_history(key, most)).history.entries)


async def test_a_message_is_taken_in_once_however_often_it_comes(store: Store) -> None:
    """The second insert of the same place finds the first."""
    assert await store.add_message(message(1), if_joined=False)
    assert not await store.add_message(replace(message(1), text="again"), if_joined=False)
    assert (await claimed(store)).message.text == "question 1"
    assert await store.add_message(message(1, key=replace(KEY, channel="C2")), if_joined=False)


async def test_a_follow_up_is_taken_in_only_where_the_bot_takes_part(store: Store) -> None:
    """Strangers' threads stay theirs."""
    assert not await store.add_message(message(2), if_joined=True)
    await store.add_message(message(1), if_joined=False)
    assert await store.add_message(message(2), if_joined=True)


async def test_what_was_said_before_the_bot_came_is_no_follow_up_however_late_it_is_heard(store: Store) -> None:
    """A platform that reads after a gap may hear of things in any order."""
    await store.add_message(message(100), if_joined=False)
    assert not await store.add_message(message(50), if_joined=True)
    assert await store.add_message(message(150), if_joined=True)


async def test_what_was_said_just_before_the_bot_came_is_no_follow_up_either(store: Store) -> None:
    """Only of what the bot posted itself is the time uncertain by some seconds: of a question that began a thread."""
    await store.add_message(message(100), if_joined=False)
    assert not await store.add_message(message(98), if_joined=True)
    await store.add_message(message(200, key=in_thread("200.0")), if_joined=False)
    assert await store.add_message(message(198, key=in_thread("200.0")), if_joined=True)


async def test_a_thread_whose_only_question_was_deleted_is_not_joined(store: Store) -> None:
    """A question that was taken back leaves no trace."""
    await store.add_message(message(1), if_joined=False)
    await store.delete_message(Deletion("slack", "T1", "C1", "1.0"))
    assert await store.claim_turn(KEY) is None
    assert not await store.add_message(message(2), if_joined=True)


async def test_a_message_comes_back_as_it_was_put(store: Store) -> None:
    """Everything about it survives the file, attachments included."""
    file = Attachment("F1", "näme.ogg", "audio/ogg", "https://x/y", 12, 1.5, is_voice_note=True)
    whole = replace(message(1, "Grüße 🙂"), attachments=(file,), follow_up=True)
    await store.add_message(whole, if_joined=False)
    assert (await claimed(store)).message == whole


@given(st.permutations(range(1, 7)))
@settings(max_examples=20, deadline=None)
async def test_turns_are_claimed_in_the_order_in_which_they_were_written(order: list[int]) -> None:
    """Events may arrive in any order; the platform's own clock decides."""
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "confab.db")
        for number in order:
            await store.add_message(message(number), if_joined=False)
        asked = []
        while turn := await store.claim_turn(KEY):
            asked.append(turn.message.id)
            await store.finish_turn(turn, [], "done", {})
        await store.close()
    assert asked == [f"{number}.0" for number in sorted(order)]


async def test_a_turn_that_was_given_back_is_claimed_again_before_the_next(store: Store) -> None:
    """A failed attempt does not let a later message overtake."""
    await store.add_message(message(1), if_joined=False)
    await store.add_message(message(2), if_joined=False)
    turn = await claimed(store)
    await store.release_turn(turn, "Broken")
    again = await claimed(store)
    assert (again.id, again.attempts, again.fence) == (turn.id, 2, 2)


async def test_whoever_lost_a_turn_to_another_claim_writes_nothing(store: Store) -> None:
    """The fence of the older claim is refused."""
    await store.add_message(message(1), if_joined=False)
    lost = await claimed(store)
    await claimed(store)
    assert not await store.finish_turn(lost, [said("answer", "2.0", "assistant")], "done", {})
    assert await history(store, KEY, 10) == []


async def test_history_holds_the_newest_entries_oldest_first(store: Store) -> None:
    """A long thread costs no more than what is asked for."""
    for number in range(1, 4):
        await store.add_message(message(number), if_joined=False)
        turn = await claimed(store)
        entries = [said(f"q{number}", f"{number}.0"), said(f"a{number}", f"{number}.5", "assistant")]
        assert await store.finish_turn(turn, entries, "done", {})
    assert [entry.text for entry in await history(store, KEY, 4)] == ["q2", "a2", "q3", "a3"]
    assert await history(store, in_thread("9.0"), 4) == []


async def test_parts_that_are_visible_come_with_the_next_claim(store: Store) -> None:
    """A restart goes on in the messages that stand there already."""
    await store.add_message(message(1), if_joined=False)
    turn = await claimed(store)
    await store.save_posted_part(turn, 0, "1.1")
    await store.save_posted_part(turn, 1, "1.2")
    assert (await claimed(store)).posted == ("1.1", "1.2")


async def edit(store: Store, now: Message) -> bool:
    """Take an edit in, and do its turn as a worker does; return whether there was anything to change."""
    if not await store.add_edit(now):
        return False
    turn = await claimed(store)
    assert turn.message.command == "edit"
    await store.edit_message(turn, now, now.text)
    return await store.finish_turn(turn, [], "done", {})


async def test_an_edit_changes_the_waiting_question(store: Store) -> None:
    """What is asked is what stands there when its turn comes."""
    await store.add_message(message(1), if_joined=False)
    assert await edit(store, message(1, "better put"))
    assert (await claimed(store)).message.text == "better put"


async def test_an_edit_changes_a_question_that_failed_and_may_be_asked_again(store: Store, tmp_path: Path) -> None:
    """Nobody is answered about what no longer stands there."""
    await store.add_message(message(1), if_joined=False)
    turn = await claimed(store)
    await store.finish_turn(turn, [], "failed", {})
    assert await edit(store, message(1, "better put"))
    assert reopen_turn(tmp_path / "confab.db", turn.id)
    assert (await claimed(store)).message.text == "better put"


async def test_an_edit_while_the_answer_is_made_stands_in_the_history(store: Store) -> None:
    """The next turn reads the question as it is now."""
    await store.add_message(message(1), if_joined=False)
    turn = await claimed(store)
    await edit(store, message(1, "better put"))
    await store.finish_turn(turn, [said("question 1", "1.0"), said("answer", "1.5", "assistant")], "done", {})
    assert [entry.text for entry in await history(store, KEY, 4)] == ["better put", "answer"]


async def test_a_later_edit_takes_the_place_of_one_that_is_under_way(store: Store) -> None:
    """Whoever is about the first one writes nothing more."""
    await store.add_message(message(1), if_joined=False)
    await store.finish_turn(await claimed(store), [said("q", "1.0")], "done", {})
    await store.add_edit(message(1, "first"))
    first = await claimed(store)
    await store.add_edit(message(1, "second"))
    await store.edit_message(first, message(1, "first"), "first")
    assert not await store.finish_turn(first, [], "done", {})
    second = await claimed(store)
    await store.edit_message(second, message(1, "second"), second.message.text)
    assert await store.finish_turn(second, [], "done", {})
    assert [entry.text for entry in await history(store, KEY, 4)] == ["second"]


async def test_an_edit_that_waits_goes_with_its_message(store: Store) -> None:
    """A deletion leaves nothing of it to be done, or to be shown."""
    await store.add_message(message(1), if_joined=False)
    await store.finish_turn(await claimed(store), [said("q", "1.0")], "done", {})
    await store.add_edit(message(1, "changed"))
    await store.delete_message(Deletion("slack", "T1", "C1", "1.0"))
    assert await store.claim_turn(KEY) is None
    assert await history(store, KEY, 4) == []


async def test_nothing_of_an_edit_is_left_once_its_turn_is_over(store: Store, tmp_path: Path) -> None:
    """It changed the question while that was answered; the history has it from there on."""
    await store.add_message(message(1), if_joined=False)
    turn = await claimed(store)
    await store.run(lambda db: db.execute("UPDATE turns SET edited = 'the launch code'"))
    assert await store.finish_turn(turn, [said("q", "1.0")], "done", {})
    await store.delete_message(Deletion("slack", "T1", "C1", "1.0"))
    assert "the launch code" not in dump(tmp_path / "confab.db")


async def test_an_app_is_known_as_one_later(store: Store) -> None:
    """What it posts is nobody's word."""
    feed = Entry("user", "new!", Author("B1", "Feed", is_bot=True), "0.5", 0.5)
    await store.save_earlier(KEY, [feed, said("q", "1.0")], 1.0)
    assert [bool(entry.author and entry.author.is_bot) for entry in await history(store, KEY, 4)] == [True, False]


async def test_what_failed_is_forgotten_with_its_conversation(store: Store, tmp_path: Path) -> None:
    """With what its tools returned; it is not answered again after that."""
    await store.add_message(message(1, "the launch code"), if_joined=False)
    turn = await claimed(store)
    call = CallRecord(0, 0, ToolCall("c", "reader", '{"url": "x"}'), "running", "a finding of note", "a.example")
    assert await store.run(lambda db: insert_calls(db, turn, [call]))
    assert await store.finish_turn(turn, [], "failed", {})
    assert "a finding of note" in dump(tmp_path / "confab.db")
    await store.delete_conversation(KEY)
    left = dump(tmp_path / "confab.db")
    assert not any(text in left for text in ("the launch code", "a finding of note", "a.example"))


async def test_a_repetition_is_known_before_the_queue_is_found_full(store: Store) -> None:
    """What waits already is not turned away; what is new is, and so it is after a restart, as rows are counted."""
    for number in (1, 2):
        assert await store.admit_message(message(number), if_joined=False, most=2) == "added"
    assert await store.admit_message(message(1), if_joined=False, most=2) == "ignored"
    assert await store.admit_message(message(3), if_joined=False, most=2) == "full"
    assert await store.admit_message(message(3), if_joined=False, most=None) == "added"


async def test_an_edit_and_a_deletion_reach_the_history(store: Store) -> None:
    """What a person changes or takes away, later prompts see changed or not at all."""
    await store.add_message(message(1), if_joined=False)
    await store.finish_turn(await claimed(store), [said("q", "1.0"), said("a", "1.5", "assistant")], "done", {})
    assert await edit(store, message(1, "changed"))
    assert (await history(store, KEY, 4))[0].text == "changed"
    await store.delete_message(Deletion("slack", "T1", "C1", "1.0"))
    assert await history(store, KEY, 4) == []  # an answer whose question is gone misleads
    assert not await edit(store, message(1, "too late"))


async def test_a_question_deleted_while_it_is_answered_leaves_nothing(store: Store) -> None:
    """The answer to it is not kept either."""
    await store.add_message(message(1), if_joined=False)
    turn = await claimed(store)
    await store.delete_message(Deletion("slack", "T1", "C1", "1.0"))
    assert not await store.finish_turn(turn, [said("question 1", "1.0")], "done", {})
    assert await history(store, KEY, 4) == []


async def test_the_next_process_finds_what_was_left_open(tmp_path: Path) -> None:
    """Leases end with their process; conversations wait in the order of their oldest message."""
    first = Store(tmp_path / "confab.db")
    await first.add_message(message(1, key=in_thread("b")), if_joined=False)
    await first.add_message(message(2, key=in_thread("a")), if_joined=False)
    await claimed(first, "b")
    await first.close()
    second = Store(tmp_path / "confab.db")
    assert await second.recover_conversations() == [in_thread("b"), in_thread("a")]
    assert (await claimed(second, "b")).attempts == 2
    await second.close()


async def test_what_was_acknowledged_outlives_a_killed_process(tmp_path: Path) -> None:
    """`put` returns after the commit, so that a SIGKILL right behind it loses nothing."""
    script = (
        "import asyncio, os, signal, sys; from pathlib import Path\n"
        "from core.storage.store import Store; from tests.support.examples import message\n"
        "async def main():\n"
        "    await Store(Path(sys.argv[1])).add_message(message(1), if_joined=False)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    path = tmp_path / "confab.db"
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(path))
    assert await ended.wait() == -signal.SIGKILL
    store = Store(path)
    assert (await claimed(store)).message == message(1)
    await store.close()


async def test_a_second_process_on_the_same_file_is_refused_with_a_sentence(store: Store, tmp_path: Path) -> None:
    """Two bots on one file would answer twice."""
    assert store
    with pytest.raises(DatabaseBusy, match="CONFAB_DATABASE"):
        Store(tmp_path / "confab.db")


async def steps_of_a_recall(database: Path, entries: int) -> int:
    """Return how many steps SQLite takes to recall a conversation of so many entries."""
    store = Store(database)
    await store.save_earlier(KEY, [said("text " * 20, f"{number}", "user") for number in range(entries)], 1.0)
    await store.close()
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    connection = Connection(database)
    connection.file.set_progress_handler(step, 1)
    assert len(read_history(connection, KEY, 101).history.entries) == 101
    connection.close()
    return steps


async def test_a_long_conversation_is_recalled_in_as_many_steps_as_a_short_one(tmp_path: Path) -> None:
    """What was said long ago costs nothing."""
    short, long = [await steps_of_a_recall(tmp_path / f"{number}.db", number) for number in (200, 10_000)]
    assert short <= long <= short * 1.01


async def test_what_a_summary_is_made_from_is_this_conversations_alone(store: Store) -> None:
    """Behind one entry and up to another, the newest of them, oldest first; whatever others say meanwhile."""
    others = [
        replace(KEY, platform="discord"),
        replace(KEY, workspace="T2"),
        replace(KEY, channel="C2"),
        in_thread("2.0"),
    ]
    for number in range(1, 5):
        for place, key in enumerate((KEY, *others)):
            await store.add_message(message(number + 10 * place, key=key), if_joined=False)
            turn = await store.claim_turn(key)
            assert turn
            await store.finish_turn(turn, [said(f"{key} {number}", f"{number}.0")], "done", {})
    own = (await store.read_history(KEY, 10)).history.entries
    assert [entry.text for entry in own] == [f"{KEY} {number}" for number in range(1, 5)]
    assert await store.entries_between(KEY, own[0].seq, own[2].seq, 10) == list(own[1:3])
    assert await store.entries_between(KEY, 0, own[3].seq, 2) == list(own[2:])
