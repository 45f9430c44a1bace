"""The database is copied while the bot writes to it, and put back: what was said and asked then is there again."""

import asyncio
import stat
import time
from pathlib import Path

import pytest

from core.storage.backup import CopyRefused, back_up, restore
from core.storage.database import hold_lock
from core.storage.errors import DatabaseBusy, StorageUnavailable
from core.storage.inspection import inspect_database
from core.storage.store import Store
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL
from tests.support.database import change, column, dump, leave_in_log
from tests.support.examples import message
from tests.support.room import answered, answers, ask, mention, prompt
from tests.unit.test_operator_commands import told
from tests.unit.test_process import process


async def made(folder: Path, *numbers: int) -> Path:
    """Return a database that nobody has open, with these messages waiting in it."""
    store = Store(folder / "confab.db")
    for number in numbers:
        await store.add_message(message(number), if_joined=False)
    await store.close()
    return folder / "confab.db"


def damage(path: Path) -> None:
    """Write over pages in the middle of a file."""
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 20)


def lose_database(folder: Path) -> None:
    """Remove the file and all that lies beside it."""
    for lost in folder.glob("confab.db*"):
        lost.unlink()


def copies(folder: Path) -> list[str]:
    """Return the names of copies, and of what was left of making one."""
    return sorted(each.name for each in folder.iterdir() if "copy" in each.name or "partial" in each.name)


def waiting(path: Path) -> list[str]:
    """Return the ids of the messages in a database."""
    return column(path, "SELECT message_id FROM turns ORDER BY seq")


async def test_the_drill_a_copy_of_a_running_bot_brings_it_back_after_its_disk_was_lost(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """It remembers what was said before the copy, and answers once what was asked after it."""
    async with process(sandbox, tmp_path):
        sandbox.model.script.append(Reply("The bridge is two kilometres long."))
        thread = await ask(sandbox, "how long is the bridge?")
        hold = asyncio.Event()
        sandbox.model.script.append(Reply(pieces=("so", " far"), hold=hold))
        other = await sandbox.workspace.say(GENERAL, mention("and the tunnel?"))
        await sandbox.workspace.until(lambda: answers(sandbox, other) == ["so"])
        assert "whole copy" in await told(tmp_path, "backup", str(tmp_path / "copy.db"))
        assert "in use" in await told(tmp_path, "restore", str(tmp_path / "copy.db"), status=1)
        hold.set()
        await sandbox.workspace.until(lambda: answers(sandbox, other) == ["so far"])
    lose_database(tmp_path)
    assert "is what" in await told(tmp_path, "restore", str(tmp_path / "copy.db"))
    async with process(sandbox, tmp_path):
        await sandbox.workspace.say(GENERAL, "and the road?", thread_ts=thread)
        await answered(sandbox, thread, 2)
        asked = next(each for each in map(prompt, sandbox.model.requests) if "and the road?" in each[-1])
        assert any("two kilometres" in text for text in asked)
        assert len(answers(sandbox, other)) == 1


async def test_a_copy_is_one_whole_file_that_its_owner_alone_may_read(tmp_path: Path) -> None:
    """With all that was committed, whatever is still in the log beside the file; and the time is remembered."""
    path = await made(tmp_path, 1, 2)
    store = Store(path)
    await store.add_message(message(3), if_joined=False)
    back_up(path, tmp_path / "copy.db")
    await store.close()
    assert waiting(tmp_path / "copy.db") == waiting(path)
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert copies(tmp_path) == ["copy.db"]
    assert time.time() - inspect_database(path).backed_up_at < 600


async def test_a_copy_replaces_an_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    """Not the database itself, and no file of anybody's."""
    path = await made(tmp_path, 1)
    (tmp_path / "letter").write_text("Dear Ada")
    change(tmp_path / "songs.db", "CREATE TABLE songs (name TEXT)")
    for _ in range(2):
        back_up(path, tmp_path / "copy.db")
    for other in ("letter", "songs.db", "confab.db"):
        with pytest.raises(CopyRefused):
            back_up(path, tmp_path / other)
    assert (tmp_path / "letter").read_text() == "Dear Ada"


async def test_what_is_put_back_is_checked_first(tmp_path: Path) -> None:
    """A file that is damaged, another program's, of a newer version or not there changes nothing."""
    path = await made(tmp_path, 1)
    for name in ("damaged.db", "newer.db"):
        back_up(path, tmp_path / name)
    damage(tmp_path / "damaged.db")
    step = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('confab', 'm999_unknown', '2030')"
    change(tmp_path / "newer.db", step)
    change(tmp_path / "songs.db", "CREATE TABLE songs (name TEXT)")
    (tmp_path / "letter.db").write_text("Dear Ada")
    before = path.read_bytes()
    for name, why in (
        ("damaged.db", "damaged"),
        ("newer.db", "newer"),
        ("songs.db", "no database of"),
        ("gone.db", "read"),
    ):
        with pytest.raises(CopyRefused, match=why):
            restore(tmp_path / name, path)
    for name in ("letter.db", "confab.db"):
        with pytest.raises(CopyRefused):
            restore(tmp_path / name, path)
    assert path.read_bytes() == before


async def test_a_database_in_use_is_neither_replaced_nor_damaged(tmp_path: Path) -> None:
    """Only one process holds it."""
    path = await made(tmp_path, 1)
    back_up(path, tmp_path / "copy.db")
    with hold_lock(path), pytest.raises(DatabaseBusy):
        restore(tmp_path / "copy.db", path)


@pytest.mark.parametrize("is_damaged", [False, True])
async def test_what_stood_there_before_is_kept_beside_it(tmp_path: Path, is_damaged: bool) -> None:
    """With what was in its log, which is read into no other file; a damaged one is replaced as well."""
    path = await made(tmp_path, 1)
    back_up(path, tmp_path / "copy.db")
    leave_in_log(path, "UPDATE turns SET thread = 'changed'")
    if is_damaged:
        damage(path)
    kept = restore(tmp_path / "copy.db", path)
    assert kept
    assert dump(path) == dump(tmp_path / "copy.db")
    assert is_damaged or column(kept, "SELECT thread FROM turns") == ["changed"]


async def test_a_copy_that_does_not_fit_leaves_the_earlier_one(tmp_path: Path) -> None:
    """And nothing half-done beside it."""
    path = await made(tmp_path, 1)
    back_up(path, tmp_path / "copy.db")
    before = (tmp_path / "copy.db").read_bytes()
    damage(path)
    with pytest.raises((CopyRefused, StorageUnavailable)):
        back_up(path, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_bytes() == before
    assert copies(tmp_path) == ["copy.db"]


async def test_the_commands_say_in_a_sentence_why_nothing_was_done(tmp_path: Path) -> None:
    """A folder that is not there, and a file that is not there."""
    await made(tmp_path, 1)
    assert "was not copied" in await told(tmp_path, "backup", str(tmp_path / "nowhere" / "copy.db"), status=1)
    said = await told(tmp_path, "restore", str(tmp_path / "gone.db"), status=1)
    assert "is as it was" in said
    assert "Traceback" not in said


async def test_what_was_kept_in_the_same_second_is_kept(tmp_path: Path) -> None:
    """Each former database has a name of its own."""
    path, copy = await made(tmp_path, 1), tmp_path / "copy.db"
    back_up(path, copy)
    change(path, "UPDATE turns SET message_id = 'former'")
    kept = [restore(copy, path) for _ in range(3)]
    assert len(set(kept)) == 3
    assert [waiting(each) for each in kept if each] == [["former"], ["1.0"], ["1.0"]]
