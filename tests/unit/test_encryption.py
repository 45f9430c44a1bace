"""The database as ciphertext on its disk: begun, taken over, copied, put back and given another key."""

import os
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.messages import Author, ConversationKey, Message
from core.storage.backup import CopyRefused, back_up, rekey, restore
from core.storage.connection import Connection
from core.storage.encryption import is_plain
from core.storage.errors import DatabaseBusy, StatementRefused, StorageUnavailable
from core.storage.inspection import inspect_database
from core.storage.sealing import Sealer, add_key, keys_path
from core.storage.settings import StorageSettings
from core.storage.store import Store
from core.storage.timeline import TimelineReader
from tests.support.command import start_command

CANARY = "canary-in-the-coal-mine"
KEY, OTHER = "0f" * 32, "a1" * 32
PHRASE = "a phrase with 'quotes' and \u00fcmlauts"  # it takes SQLCipher a moment at each opening


async def stored(path: Path, key: str, *ids: str) -> Store:
    """Return a store that holds messages with the canary in each."""
    store = Store(path, key)
    for each in ids:
        place = ConversationKey("slack", "T1", "C1", each)
        said = Message(each, place, Author("U1", "ada"), f"{CANARY} {each}", 1.0, addressed=True)
        await store.add_message(said, if_joined=False)
    return store


def known(path: Path, key: str) -> list[str]:
    """Return the ids of the messages that a database holds."""
    with closing(TimelineReader(path, key)) as records:
        return sorted(each.message_id for each in records.unfinished_turns(failed=False))


def leaks(folder: Path) -> list[str]:
    """Return the names of the files in which the canary can be read."""
    return sorted(path.name for path in folder.iterdir() if CANARY.encode() in path.read_bytes())


def modes(folder: Path) -> set[int]:
    """Return who may do what with the files of a folder."""
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


@pytest.mark.parametrize("key", [KEY, pytest.param(PHRASE, marks=pytest.mark.prove)])
async def test_nothing_that_is_said_can_be_read_in_any_file(tmp_path: Path, key: str) -> None:
    """The file, its log, a copy and what is put back, while it is open and after; each is its owner's alone."""
    path = tmp_path / "confab.db"
    store = await stored(path, key, "1", "2")
    assert leaks(tmp_path) == []
    back_up(path, tmp_path / "copy.db", key)
    assert leaks(tmp_path) == []
    await store.close()
    path.unlink()
    restore(tmp_path / "copy.db", path, key)
    assert known(path, key) == ["1", "2"]
    assert leaks(tmp_path) == []
    assert inspect_database(path, key).fault == ""
    assert modes(tmp_path) == {0o600}


async def test_a_database_in_plain_text_is_taken_over_at_the_first_start_with_a_key(tmp_path: Path) -> None:
    """With all that it holds, and nothing of it is left beside; afterwards only the key opens it."""
    path = tmp_path / "confab.db"
    await (await stored(path, "", "1")).close()
    back_up(path, tmp_path / "copy.db")
    assert is_plain(path)
    assert leaks(tmp_path) == ["confab.db", "copy.db"]
    store = await stored(path, KEY, "2")
    assert known(path, KEY) == ["1", "2"]
    await store.close()
    assert not is_plain(path)
    assert leaks(tmp_path) == ["copy.db"]
    restore(tmp_path / "copy.db", path, KEY)
    await (await stored(path, KEY, "3")).close()
    assert known(path, KEY) == ["1", "3"]
    assert "confab.db" not in leaks(tmp_path)


async def test_another_key_is_a_sentence_and_changes_nothing(tmp_path: Path) -> None:
    """For the bot, a copy, and what only reads; so is none at all."""
    path = tmp_path / "confab.db"
    await (await stored(path, KEY, "1")).close()
    before = path.read_bytes()
    for key in (OTHER, KEY[:-2] + "00"):
        for wrong in (
            partial(Store, path, key),
            partial(TimelineReader, path, key),
            partial(back_up, path, tmp_path / "copy.db", key),
            partial(rekey, path, key, "new"),
        ):
            with pytest.raises(SettingsError, match="CONFAB_DATABASE_KEY does not open"):
                wrong()
    with closing(Connection(path)) as connection, pytest.raises((StatementRefused, StorageUnavailable)):
        connection.execute("SELECT 1 FROM turns")
    assert path.read_bytes() == before
    assert not (tmp_path / ".confab.db.partial").exists()


@pytest.mark.parametrize(("old", "new"), [(KEY, OTHER), (PHRASE, KEY), ("", KEY), (KEY, "")])
async def test_a_database_gets_another_key(tmp_path: Path, old: str, new: str) -> None:
    """All that it holds is under the new one, which may be none; never while a bot runs on it."""
    path = tmp_path / "confab.db"
    store = await stored(path, old, "1", "2")
    with pytest.raises(DatabaseBusy):
        rekey(path, old, new)
    await store.close()
    rekey(path, old, new)
    assert known(path, new) == ["1", "2"]
    assert is_plain(path) == (not new)
    if new:
        with pytest.raises(SettingsError):
            known(path, old or OTHER)
        assert leaks(tmp_path) == []
    await (await stored(path, new, "3")).close()
    assert known(path, new) == ["1", "2", "3"]
    with pytest.raises(CopyRefused):
        rekey(tmp_path / "nothing.db", old, new)


def test_a_key_comes_from_the_setting_a_file_or_a_command(tmp_path: Path) -> None:
    """Its first line, without what stands around it; one that cannot be had is a sentence without the key in it."""
    (tmp_path / "key").write_text(f" {PHRASE}\nsecond line\n", encoding="utf-8")
    (tmp_path / "empty").write_text("\n")
    assert StorageSettings().read_key() == ""
    assert StorageSettings(key=PHRASE).read_key() == PHRASE
    assert "quotes" not in repr(StorageSettings(key=PHRASE))
    assert StorageSettings(key_file=str(tmp_path / "key")).read_key() == PHRASE
    assert StorageSettings(key_command=f"cat {tmp_path / 'key'}").read_key() == PHRASE
    for settings in (
        StorageSettings(key_file=str(tmp_path / "nothing")),
        StorageSettings(key_file=str(tmp_path / "empty")),
        StorageSettings(key_file=str(tmp_path)),
        StorageSettings(key_command="false"),
        StorageSettings(key_command="'"),
        StorageSettings(key_command=str(tmp_path / "nothing")),
    ):
        with pytest.raises(SettingsError):
            settings.read_key()
    given = {"CONFAB_DATABASE_KEY": "a", "CONFAB_DATABASE_KEY_FILE": "b"}
    assert len(StorageSettings.find_faults(given)) == 1


async def told(folder: Path, *arguments: str, status: int = 0, **environ: str) -> str:
    """Run a command of Confab's on the database of a folder; return what it says."""
    place = {"PATH": os.environ["PATH"], "HOME": str(folder), "CONFAB_DATABASE": str(folder / "confab.db")}
    process = await start_command(*arguments, environ={**place, **environ})
    said = b"".join(await process.communicate()).decode()
    assert process.returncode == status, said
    return said


async def test_the_commands_ask_for_the_key_where_the_bot_does(tmp_path: Path) -> None:
    """And a start with a wrong one ends with status 78, since another start would not help."""
    await (await stored(tmp_path / "confab.db", KEY, "1")).close()
    new = tmp_path / "new"
    new.write_text(f"{OTHER}\n")
    assert "new key" in await told(tmp_path, "rekey", str(new), CONFAB_DATABASE_KEY=KEY)
    assert "T1/C1/1" in await told(tmp_path, "turns", CONFAB_DATABASE_KEY_FILE=str(new))
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}
    said = await told(tmp_path, "run", CONFAB_DATABASE_KEY=KEY, status=78, **tokens)
    assert "CONFAB_DATABASE_KEY does not open" in said
    assert KEY not in said


async def test_what_answers_a_command_is_in_no_file_as_it_is(tmp_path: Path) -> None:
    """Nor in a copy. Whoever claims the turn has it, under the key before as well; without the key, nothing."""
    path, place = tmp_path / "confab.db", ConversationKey("slack", "T1", "C1", "1")
    store = Store(path)
    said = Message("1", place, Author("U1", "ada"), "hi", 1.0, addressed=True, handle=f"https://{CANARY}\ud83d")
    await store.add_message(said, if_joined=False)
    back_up(path, tmp_path / "copy.db")
    assert leaks(tmp_path) == []
    for _ in range(2):
        await store.recover_conversations()
        turn = await store.claim_turn(place)
        assert turn
        assert turn.message == said
        await store.close()
        rekey(path, "", "")
        store = Store(path)
    await store.recover_conversations()
    turn = await store.claim_turn(place)
    assert turn
    assert not turn.message.handle
    assert modes(tmp_path) == {0o600}
    await store.close()


@pytest.mark.parametrize("harm", ["", "none", "0011 zz", "0011 00", "\xff"])
def test_what_cannot_be_opened_is_nothing(tmp_path: Path, harm: str) -> None:
    """A changed value, or keys of another kind; what was never sealed stays as it is."""
    sealer = Sealer(tmp_path / "confab.db")
    sealed = sealer.seal("secret")
    assert sealer.open_sealed(sealed) == "secret"
    assert sealer.seal("secret") != sealed
    assert sealer.seal(sealed) == sealed
    kind, name, rest = sealed.split(":")
    broken = (f"{name}:{rest[:-8]}AAAA{rest[-4:]}", f"other:{rest}", f"{name}:", "", "a:b:c")
    assert [sealer.open_sealed(f"{kind}:{changed}") for changed in broken] == [""] * len(broken)
    assert (sealer.open_sealed("{}"), sealer.open_sealed(""), sealer.seal("")) == ("{}", "", "")
    keys_path(tmp_path / "confab.db").write_text(harm, encoding="latin-1")
    assert not Sealer(tmp_path / "confab.db").open_sealed(sealed)
    assert len(add_key(keys_path(tmp_path / "confab.db"))) == 1


async def test_without_room_for_a_key_nothing_is_taken_for_stored(tmp_path: Path) -> None:
    """Nor anything acknowledged: it is as if the database could not be written to, and what is edited waits as well."""
    store, place = Store(tmp_path / "confab.db"), ConversationKey("slack", "T1", "C1", "1")
    said = Message("1", place, Author("U1", "ada"), "hi", 1.0, addressed=True, handle="token")
    keys_path(tmp_path / "confab.db").mkdir()
    for adding in (store.add_message(said, if_joined=False), store.add_edit(said)):
        with pytest.raises(StorageUnavailable):
            await adding
    await store.close()
