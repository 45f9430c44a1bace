"""What a crash leaves is taken up where it stands: parts that were posted and not noted, and what nobody can tell."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.errors import Uncertain
from deploy.sandbox.discord.nonces import Nonces
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.roster import GENERAL
from deploy.sandbox.model import Reply
from deploy.sandbox.server import Sandbox
from tests.contract import Room, Said, answered, settled

LONG = "\n\n".join(f"Paragraph {number}. {'Word after word. ' * 30}" for number in range(12))


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the bot's file, which nobody else has open now."""
    with closing(sqlite3.connect(folder / "confab.db")) as connection, connection:
        yield connection


async def cut_short(room: Room, text: str, parts: int = 1) -> Said:
    """Kill the bot in the midst of an answer of which so many parts can be seen."""
    room.model.script.append(Reply(pieces=(text, " and whole"), hold=asyncio.Event()))
    said = await room.say(f"{room.mention('the bot')} tell me")
    await answered(room, said, parts)
    await room.leave()
    return said


def forget_the_last_part(folder: Path, sandbox: Sandbox) -> None:
    """Make it as if the bot had died before it noted its last post, and Discord had forgotten the nonce since."""
    with database(folder) as connection:
        connection.execute("DELETE FROM steps WHERE seq = (SELECT max(seq) FROM steps WHERE name = 'posted')")
    sandbox.guild.nonces = Nonces()


def states(folder: Path) -> list[str]:
    """Return how the turns ended, in order."""
    with database(folder) as connection:
        return [state for (state,) in connection.execute("SELECT state FROM turns ORDER BY seq")]


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
