"""What a crash leaves is taken up where it stands: parts that were posted and not noted, and what nobody can tell."""

import asyncio
from pathlib import Path

import pytest

from core.commands import FULL
from core.errors import AnswerCutByLength, GaveUp, Uncertain
from core.messages import Deletion
from core.storage.store import Store
from core.worker import MOST_ENDS
from deploy.sandbox.discord.nonces import Nonces
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.roster import GENERAL
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.contract.platform_room import Room, Said, answered, settled, told
from tests.support.database import change, column, wait_for_column

LONG = "\n\n".join(f"Paragraph {number}. {'Word after word. ' * 30}" for number in range(12))


async def cut_short(room: Room, text: str, parts: int = 1) -> Said:
    """Kill the bot in the midst of an answer of which so many parts can be seen."""
    room.model.script.append(Reply(pieces=(text, " and whole"), hold=asyncio.Event()))
    said = await room.say(f"{room.mention('the bot')} tell me")
    await answered(room, said, parts)
    await room.leave()
    return said


def forget_the_last_part(folder: Path, sandbox: Sandbox) -> None:
    """Make it as if the bot had died before it noted its last post, and Discord had forgotten the nonce since."""
    last = "DELETE FROM steps WHERE seq = (SELECT max(seq) FROM steps WHERE name = 'posted')"
    change(folder / "confab.db", last)
    sandbox.guild.nonces = Nonces()


def kept(folder: Path) -> list[str | None]:
    """Return the texts of the answers that are kept, turn by turn."""
    return column(folder / "confab.db", "SELECT json_extract(answer, '$.text') FROM turns ORDER BY seq")


def states(folder: Path) -> list[str]:
    """Return how the turns ended, in order."""
    return column(folder / "confab.db", "SELECT state FROM turns ORDER BY seq")


async def test_a_part_that_was_posted_and_not_noted_is_found_and_finished(
    room: Room, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The first words stand there; nothing is posted beside them."""
    said = await cut_short(room, "so far")
    forget_the_last_part(tmp_path, sandbox)
    room.model.script.append(Reply("something else, and whole"))
    await room.join()
    await room.until(lambda: room.answers(said) == ["something else, and whole"])
    await settled(room)
    assert room.answers(said) == ["something else, and whole"]


async def test_a_part_that_the_new_answer_does_not_need_is_taken_away(
    room: Room, sandbox: Sandbox, tmp_path: Path
) -> None:
    """No half of an older answer stays below a shorter one."""
    said = await cut_short(room, LONG, parts=2)
    forget_the_last_part(tmp_path, sandbox)
    room.model.script.append(Reply("short"))
    await room.join()
    await room.until(lambda: room.answers(said) == ["short"])


async def test_where_nobody_can_tell_it_is_said_and_nothing_is_posted_twice(
    room: Room, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The channel can no longer be read: the person is told, and the operator finds a state of its own."""
    said = await cut_short(room, "so far")
    forget_the_last_part(tmp_path, sandbox)
    sandbox.workspace.scopes.discard("channels:history")
    await sandbox.guild.permit(GENERAL, deny=Permission.READ_MESSAGE_HISTORY)
    await room.join()
    told = await answered(room, said, 2)
    assert told[0] == "so far"
    assert Uncertain.notice in told[1]
    assert len(room.model.requests) == 1
    await settled(room)
    await room.leave()
    assert states(tmp_path)[0] == "uncertain"


@pytest.mark.parametrize("told", ["Wed, 21 Oct 2026 07:28:00 GMT", "", "soon", "nan"])
async def test_a_wait_that_is_no_number_of_seconds_is_a_short_one(sandbox: Sandbox, room: Room, told: str) -> None:
    """What stands between Slack and the bot may say anything; the answer is given all the same."""
    sandbox.workspace.faults.retry_after = told or "-"
    room.limit("post", 0.5)
    said = await room.say(f"{room.mention('the bot')} hi")
    assert len(await answered(room, said)) == 1


async def test_a_question_in_whose_midst_the_bot_ends_again_and_again_is_given_up(room: Room, tmp_path: Path) -> None:
    """Its person is told, and others' questions go on."""
    said = await cut_short(room, "so far")
    change(tmp_path / "confab.db", "UPDATE turns SET attempts = ?", MOST_ENDS)
    for _ in range(MOST_ENDS - 1):
        change(tmp_path / "confab.db", "INSERT INTO steps (turn_id, name, at) SELECT id, 'ended', 0 FROM turns")
    await room.join()
    await room.until(lambda: any(GaveUp.notice in text for text in room.answers(said)))
    assert len(room.model.requests) == 1
    await settled(room)
    assert states(tmp_path)[0] == "failed"


async def test_an_answer_that_was_made_is_not_paid_again(room: Room, tmp_path: Path) -> None:
    """It was there when the bot died over its last edit: the next start shows it, and asks nobody."""
    said = await cut_short(room, "so far")
    change(tmp_path / "confab.db", "UPDATE turns SET answer = ?", '{"text": "so far and whole", "usage": null}')
    await room.join()
    await room.until(lambda: room.answers(said) == ["so far and whole"])
    await room.go_on(said, "and?")
    await answered(room, said, 2)
    assert len(room.model.requests) == 2
    assert told(room, 1)[1] == "so far and whole"


async def test_an_answer_that_reached_its_limit_is_not_paid_again_either(room: Room, tmp_path: Path) -> None:
    """The platform takes no post for a time, and the bot dies meanwhile: what was said, and why it ends, comes then."""
    room.limit("post", 4.0)
    room.model.script.append(Reply("as long as it may be", finish="length"))
    said = await room.say(f"{room.mention('the bot')} hi")
    await wait_for_column(tmp_path / "confab.db", "SELECT answer FROM turns", any)
    await room.leave()
    await room.join()
    (answer,) = await answered(room, said)
    assert answer.startswith("as long as it may be")
    assert AnswerCutByLength.notice in answer
    assert len(room.model.requests) == 1


async def test_a_whole_answer_is_kept_until_it_is_shown(room: Room, tmp_path: Path) -> None:
    """While the platform refuses the post for a time; once it is shown, the copy goes."""
    room.limit("post", 4.0)
    room.model.script.append(Reply("kept"))
    said = await room.say(f"{room.mention('the bot')} hi")
    await wait_for_column(tmp_path / "confab.db", "SELECT answer FROM turns", any)
    assert kept(tmp_path) == ["kept"]
    await answered(room, said)
    await settled(room)
    assert None in kept(tmp_path)


async def test_a_question_deleted_while_the_bot_was_down_leaves_no_half_answer(room: Room, tmp_path: Path) -> None:
    """Its deletion is heard before its turn is taken up again: what stood there is taken away."""
    said = await cut_short(room, "so far")
    store = Store(tmp_path / "confab.db")
    key = (await store.recover_conversations())[0]
    await store.delete_message(Deletion(key.platform, key.workspace, key.channel, said.id))
    await store.close()
    await room.join()
    await room.until(lambda: room.answers(said) == [])
    await settled(room)
    await room.leave()
    assert states(tmp_path)[0] == "cancelled"


async def refused(folder: Path, number: int) -> None:
    """Wait until so many turns are refused."""
    async with asyncio.timeout(60):
        while states(folder).count("refused") != number:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)


async def test_too_many_questions_are_refused_with_one_sentence(room: Room, tmp_path: Path) -> None:
    """What waits already is answered all the same; nothing is refused without a word."""
    await room.leave()
    await room.join(queue=2)
    hold = asyncio.Event()
    room.model.script.append(Reply(pieces=("so far", " and whole"), hold=hold))
    said = await room.say(f"{room.mention('the bot')} tell me")
    await answered(room, said)
    for number in range(4):
        await room.go_on(said, f"question {number}")
    await refused(tmp_path, 2)  # of the third, the sentence waits
    hold.set()
    await answered(room, said, 3)
    await settled(room)
    assert [FULL in answer for answer in room.answers(said)].count(True) == 1
    assert len(room.answers(said)) == 3
    await refused(tmp_path, 3)  # the sentence is seen before its row is finished


async def test_whoever_loses_a_turn_falls_silent_and_the_other_holder_answers_it(room: Room, tmp_path: Path) -> None:
    """Nothing of the lost attempt is kept, nobody is told of a failure, and the thread shows one answer in the end."""
    database, over = tmp_path / "confab.db", asyncio.Event()
    room.model.script.append(Reply(pieces=("so far", f" {LONG}"), hold=over))
    said = await room.say(f"{room.mention('the bot')} tell me")
    await answered(room, said, 1)
    async with asyncio.timeout(30):
        while not column(database, "SELECT name FROM steps"):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)
    change(database, "UPDATE turns SET fence = fence + 1, leased_by = 'another', leased_until = 1e12")
    over.set()
    await room.until(lambda: len(room.answers(said)) > 1)  # a post is fenced by no database
    await settled(room)
    (turn,) = column(database, "SELECT id FROM turns WHERE leased_by = 'another' AND state = 'open'")
    assert column(database, "SELECT text FROM entries WHERE turn_id = ?", turn) == []
    assert column(database, "SELECT name FROM steps WHERE turn_id = ?", turn) == ["posted"]
    await room.leave()
    room.model.script.append(Reply("whole"))
    await room.join()
    await room.until(lambda: room.answers(said) == ["whole"])
    async with asyncio.timeout(30):
        while column(database, "SELECT state FROM turns WHERE id = ?", turn) != ["done"]:  # noqa: ASYNC110 - nor now
            await asyncio.sleep(0.02)
