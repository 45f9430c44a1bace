"""Forgetting outside of the chat: by the clock, on the command line, and in copies that are put back."""

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bots.privacy_commands import audit, export, forget
from core.messages import Author, Entry, Message
from core.policy import ChannelSettings, ConversationSettings, Scope
from core.privacy.hold import LegalHold
from core.privacy.keeper import Keeper
from core.storage.backup import back_up, restore
from core.storage.connection import Connection
from core.storage.settings import StorageSettings
from core.storage.store import Store
from tests.support.database import column, dump
from tests.support.examples import KEY

CANARY = "canary-11c0de"
ADA, BO = Author("U7ADA", "Zoraida"), Author("U8BO", "Bo")
DAY = 86_400.0


async def ask(store: Store, number: int, author: Author, text: str, age: float = 0.0, channel: str = "C1") -> None:
    """Have a question answered with its own words, so many seconds ago."""
    key, at = replace(KEY, channel=channel, thread=f"{number}.0"), time.time() - age
    message = Message(f"{number}.0", key, author, text, at, addressed=True)
    await store.add_message(message, if_joined=False)
    turn = await store.claim_turn(key)
    assert turn
    said = [
        Entry("user", text, author, message.id, at),
        Entry("assistant", f"you said {text}", None, f"{number}.5", at),
    ]
    await store.save_posted_part(turn, 0, f"{number}.5")
    await store.finish_turn(turn, said, "done", {})


def run(command: object, path: Path, *arguments: str) -> tuple[int, str]:
    """Return the status and the output of an operator's command."""
    done = CliRunner().invoke(command, arguments, obj=StorageSettings(database=str(path)))  # type: ignore[arg-type]
    return done.exit_code, done.output


def leaks(folder: Path, *words: str) -> list[str]:
    """Return the files in which one of these words can be read."""
    return sorted(each.name for each in folder.iterdir() if any(word.encode() in each.read_bytes() for word in words))


@pytest.mark.parametrize("key", ["", "0f" * 32], ids=["plain", "encrypted"])
async def test_a_copy_that_is_put_back_has_forgotten_whom_the_database_had(tmp_path: Path, key: str) -> None:
    """Whoever was forgotten after the copy was made; who was not is there, and the file beside knows no names."""
    path, copy = tmp_path / "confab.db", tmp_path / "copy.db"
    store = Store(path, key)
    await ask(store, 1, ADA, CANARY)
    await ask(store, 2, BO, "kept")
    back_up(path, copy, key)
    await store.close()
    given = StorageSettings(database=str(path), key=key)
    done = CliRunner().invoke(forget, ["--user", "slack:T1:U7ADA"], obj=given)
    assert done.exit_code == 0, done.output
    assert "lines of conversations" in done.output
    path.unlink()  # as a disk that breaks: the file of tombstones is what is left
    restore(copy, path, key)
    copy.unlink()
    assert leaks(tmp_path, CANARY, ADA.id, ADA.name) == []
    with closing(Connection(path, key)) as connection:
        texts = [text for (text,) in connection.execute("SELECT text FROM entries")]
    assert texts == ["kept", "you said kept"]


async def test_a_database_that_was_put_back_by_hand_forgets_at_the_start(tmp_path: Path) -> None:
    """As its tombstones lie beside it."""
    path = tmp_path / "confab.db"
    store = Store(path)
    await ask(store, 1, ADA, CANARY)
    await store.close()
    old = path.read_bytes()
    assert run(forget, path, "--user", "slack:T1:U7ADA")[0] == 0
    path.write_bytes(old)
    assert CANARY in dump(path)
    store = Store(path)
    keeper = Keeper(store, path, ConversationSettings(), LegalHold())
    await keeper.begin()
    await keeper.look()
    assert CANARY not in dump(path)
    await store.close()
    assert leaks(tmp_path, CANARY, ADA.id) == []


async def test_what_is_past_its_days_goes_by_the_clock_and_by_channel(tmp_path: Path) -> None:
    """Text, answers and questions; what is younger stays, as does what a channel keeps for longer."""
    path = tmp_path / "confab.db"
    store = Store(path)
    await ask(store, 1, ADA, f"old {CANARY}", age=3 * DAY)
    await ask(store, 2, ADA, "young", age=0.5 * DAY)
    await ask(store, 3, ADA, "old, but kept here", age=3 * DAY, channel="C2")
    await ask(store, 4, ADA, f"young, but not kept here {CANARY}", age=0.5 * DAY, channel="C3")
    channels = {"slack:C2": ChannelSettings(retention_days=30), "C3": ChannelSettings(retention_days=0.1)}
    settings = ConversationSettings(retention_days=1, channels=channels)
    keeper = Keeper(store, path, settings, LegalHold())
    await keeper.begin()
    await keeper.look()
    assert column(path, "SELECT text FROM entries WHERE role = 'user' ORDER BY seq") == ["young", "old, but kept here"]
    await store.close()
    assert leaks(tmp_path, CANARY) == []


@pytest.mark.parametrize(
    ("channels", "kept"),
    [
        ({"workspace:T1": 1.0}, ["young 2", "young 4"]),
        ({"workspace:T2": 1.0}, ["old 1", "young 2", "old 3", "young 4"]),
        ({"workspace:T1": 1.0, "C1": 30.0}, ["old 1", "young 2", "young 4"]),
        ({"workspace:T1": None, "slack:C1": 1.0}, ["young 2", "old 3", "young 4"]),
        ({"C1": 30.0, "slack:T1:C1": 1.0}, ["young 2", "old 3", "young 4"]),
        ({"slack:C1": 1.0, "slack:T2:C1": 30.0}, ["young 2", "old 3", "young 4"]),
    ],
)
async def test_the_closest_name_of_a_place_says_for_how_long(
    tmp_path: Path, channels: dict[str, float | None], kept: list[str]
) -> None:
    """A channel before its workspace, and the longer name of a channel before the shorter one."""
    path = tmp_path / "confab.db"
    store = Store(path)
    for number, (word, channel) in enumerate((("old", "C1"), ("young", "C1"), ("old", "C2"), ("young", "C2")), start=1):
        await ask(store, number, ADA, f"{word} {number}", age=(3 if word == "old" else 0.5) * DAY, channel=channel)
    own = {name: ChannelSettings(retention_days=days) for name, days in channels.items()}
    await Keeper(store, path, ConversationSettings(channels=own), LegalHold()).look()
    assert column(path, "SELECT text FROM entries WHERE role = 'user' ORDER BY seq") == kept
    await store.close()


async def test_of_a_channel_the_last_messages_stay(tmp_path: Path) -> None:
    """As many as are to; what is older goes with all that belongs to it, and another channel keeps its own number."""
    path = tmp_path / "confab.db"
    store = Store(path)
    for number in range(1, 5):
        await ask(store, number, ADA, f"{CANARY if number < 3 else 'kept'} {number}", age=(5 - number) * 60)
    await ask(store, 5, ADA, "kept elsewhere", age=9 * DAY, channel="C2")
    own = {"C2": ChannelSettings(retention_messages=100)}
    keeper = Keeper(store, path, ConversationSettings(retention_messages=4, channels=own), LegalHold())
    await keeper.look()
    kept = ["kept 3", "kept 4", "kept elsewhere"]
    assert column(path, "SELECT text FROM entries WHERE role = 'user' ORDER BY seq") == kept
    await keeper.look()
    assert len(column(path, "SELECT 1 FROM entries")) == 6
    await store.close()
    assert leaks(tmp_path, CANARY) == []


async def test_under_a_hold_the_clock_erases_nothing_of_it(tmp_path: Path) -> None:
    """Of a channel, nothing there; of a person, nothing anywhere."""
    path = tmp_path / "confab.db"
    store = Store(path)
    await ask(store, 1, ADA, "held", age=3 * DAY)
    await ask(store, 2, ADA, "not held", age=3 * DAY, channel="C2")
    settings = ConversationSettings(retention_days=1)
    await Keeper(store, path, settings, LegalHold(["user:U7ADA"])).begin()
    assert len(column(path, "SELECT 1 FROM entries")) == 4
    await Keeper(store, path, settings, LegalHold(["channel:C1"])).begin()
    assert column(path, "SELECT text FROM entries WHERE role = 'user'") == ["held"]
    await store.close()


@pytest.mark.parametrize(
    "scope", ["true", "user:U7ADA", "workspace:T1", "channel:C1", "slack:T1:U7ADA", "slack:C1", "T1"]
)
async def test_the_operator_erases_nothing_under_a_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    """And is told so; whoever is not in its scope goes."""
    path = tmp_path / "confab.db"
    store = Store(path)
    await ask(store, 1, ADA, CANARY)
    await store.close()
    monkeypatch.setenv("CONFAB_LEGAL_HOLD", scope)
    status, told = run(forget, path, "--user", "slack:T1:U7ADA")
    assert status == 1
    assert "legal hold" in told
    monkeypatch.setenv("CONFAB_LEGAL_HOLD", "user:U9, channel:C9, workspace:T9, slack:T1:U9")
    assert run(forget, path, "--user", "slack:T1:U7ADA")[0] == 0
    assert leaks(tmp_path, CANARY) == []


async def test_the_audit_says_what_was_done_and_to_whom_only_to_who_asks_for_them(tmp_path: Path) -> None:
    """People stand there as keyed hashes, and no row is ever changed or deleted."""
    path = tmp_path / "confab.db"
    store = Store(path)
    await ask(store, 1, ADA, CANARY)
    await store.close()
    assert CANARY in run(export, path, "--user", "slack:T1:U7ADA")[1]
    run(forget, path, "--user", "slack:T1:U7ADA")
    assert "{}" in run(export, path, "--user", "slack:T1:U7ADA")[1]
    told = run(audit, path, "--user", "slack:T1:U7ADA", "--csv")[1]
    assert told.count("exported a person") == 2
    assert told.count("forgot a person") == 1
    assert ADA.id not in dump(path)
    assert "forgot" not in run(audit, path, "--user", "slack:T1:U8BO")[1]
    with closing(Connection(path)) as connection, pytest.raises(Exception, match="only added to"):
        connection.execute("DELETE FROM audit")


async def test_the_audit_says_what_somebody_set_and_where(tmp_path: Path) -> None:
    """For a channel or for themselves, and by whom, to whoever asks for that person."""
    path = tmp_path / "confab.db"
    store = Store(path)
    await store.add_choices(Scope("slack", "T1", "C1"), ADA.id, {"language": "German"})
    await store.add_choices(Scope.of_person("slack", ADA.id), ADA.id, {"streaming": "off"})
    await store.close()
    told = run(audit, path, "--user", "slack:T1:U7ADA")[1]
    assert "language: usual -> German, T1/C1" in told
    assert "streaming: usual -> off, for themselves" in told
    assert ADA.id not in told
    assert run(audit, path, "--user", "slack:T1:U8BO")[1].strip() == "None."
