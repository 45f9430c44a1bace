"""What people can have done with what is kept of them, on every platform: erased, given out, told, left out."""

import re
from pathlib import Path

from core.policy import ChannelSettings, Policies
from tests.contract.platform_room import Room, answered, ask, settled, told
from tests.support.database import column, dump, wait_for_column
from tests.support.moderated import Moderated

CANARY = "canary-5d1e77"
HEX_ID = re.compile(rb"[0-9a-f]{32}")
KEPT = "kept-90aa12"
SCRUBBED = "SELECT value FROM marks WHERE name = 'to be scrubbed'"
ASKED = "SELECT state FROM turns"


def file_in(folder: Path) -> Path:
    """Return the database of a folder."""
    return next(folder.glob("*.db"))


def is_all_done(states: list[str]) -> bool:
    """Whether every turn has ended."""
    return set(states) == {"done"}


def leaks(folder: Path, *words: str) -> list[str]:
    """Return the files in whose bytes one of these words can be read; in an id of 32 digits `ada` is no name."""
    read = {each.name: HEX_ID.sub(b"", each.read_bytes()) for each in folder.iterdir()}
    return [name for name, content in read.items() if any(word.encode() in content for word in words)]


async def test_whoever_asks_is_forgotten_in_every_byte_and_nobody_else(room: Room, tmp_path: Path) -> None:
    """Their words, what was answered in the thread after them, their name; not what others asked elsewhere."""
    said = await ask(room, f"my secret is {CANARY}")
    other = await ask(room, f"mine is {KEPT}", by="grace", channel="random")
    await room.go_on(said, f"{room.mention('the bot')} what did she say?", by="grace")
    await answered(room, said, 2)
    assert leaks(tmp_path, CANARY)
    direct = await room.tell("Forget me!")
    assert "lines of conversations" in (await answered(room, direct))[-1]
    database = file_in(tmp_path)
    await wait_for_column(database, ASKED, is_all_done)
    await wait_for_column(database, SCRUBBED, lambda found: found == [""])
    await room.leave()
    assert leaks(tmp_path, CANARY, room.name("ada")) == []
    assert KEPT in dump(database)
    assert room.answers(other)


async def test_whoever_is_forgotten_is_no_longer_quoted_by_others(room: Room, tmp_path: Path) -> None:
    """By what was asked about their message, or forwarded; the bot was never told of it otherwise."""
    secret = await room.say(f"the password is {CANARY}", by="grace")
    await room.ask_about(secret, "ada")
    await room.until(room.everything)
    await answered(room, await room.forward(secret))
    other = await ask(room, f"mine is {KEPT}")
    assert leaks(tmp_path, CANARY)
    await answered(room, await room.tell("Forget me!", by="grace"))
    database = file_in(tmp_path)
    await wait_for_column(database, ASKED, is_all_done)
    await wait_for_column(database, SCRUBBED, lambda found: found == [""])
    await room.leave()
    assert leaks(tmp_path, CANARY) == []
    assert KEPT in dump(database)
    assert room.answers(other)


async def test_under_a_legal_hold_nothing_is_erased(room: Room, tmp_path: Path) -> None:
    """Neither a person nor a conversation, and a reset forgets nothing either; each says so in a sentence."""
    room.hold = ("true",)
    await room.leave()
    await room.join()
    said = await ask(room, CANARY)
    for number, command in enumerate(("forget me", "forget this", "reset"), start=2):
        await room.go_on(said, f"{room.mention('the bot')} {command}")
        assert "legal hold" in (await answered(room, said, number))[-1]
    assert leaks(tmp_path, CANARY)


async def test_a_conversation_is_forgotten_alone(room: Room, tmp_path: Path) -> None:
    """The next question there has nothing of it; what was said elsewhere stays."""
    said, elsewhere = await ask(room, CANARY), await ask(room, KEPT)
    await room.go_on(said, f"{room.mention('the bot')} forget this")
    assert "Erased" in (await answered(room, said, 2))[-1]
    await room.go_on(said, f"{room.mention('the bot')} and now?")
    await answered(room, said, 3)
    assert not any(CANARY in line for line in told(room, -1))
    texts = column(file_in(tmp_path), "SELECT text FROM entries")
    assert not any(CANARY in text for text in texts)
    assert any(KEPT in text for text in texts)
    assert room.answers(elsewhere)


async def test_what_is_kept_of_a_person_is_given_to_them_where_nobody_else_reads_it(room: Room) -> None:
    """In a direct message; in a channel they are told where to ask."""
    said = await ask(room, CANARY)
    await room.go_on(said, f"{room.mention('the bot')} export me")
    assert CANARY not in (await answered(room, said, 2))[-1]
    direct = await room.tell("export me")
    assert CANARY in "".join(await answered(room, direct))


async def test_whoever_wants_to_be_left_out_is_in_no_prompt_of_others(room: Room) -> None:
    """Neither by what they asked before nor by what they say to others; by what they ask themselves they are."""
    await room.leave()
    await room.join(moderation=Moderated(endpoint=False))
    said = await ask(room, f"first {CANARY}")
    await room.go_on(said, f"{room.mention('the bot')} leave me out")
    await answered(room, said, 2)
    await room.go_on(said, f"to you others: {CANARY}")
    await room.go_on(said, f"{room.mention('the bot')} what was it?", by="grace")
    await answered(room, said, 3)
    assert not any(CANARY in line for line in told(room, -1))
    await room.go_on(said, f"{room.mention('the bot')} and I?")
    await answered(room, said, 4)
    assert any(CANARY in line for line in told(room, -1))
    await room.go_on(said, f"{room.mention('the bot')} read me again")
    await answered(room, said, 5)
    await room.go_on(said, f"{room.mention('the bot')} what was it?", by="grace")
    await answered(room, said, 6)
    assert any(CANARY in line for line in told(room, -1))


async def test_where_nothing_is_stored_a_follow_up_reads_its_thread_anew(room: Room, tmp_path: Path) -> None:
    """And after an answer nothing of it is in the database."""
    await room.leave()
    await room.join(policies=Policies(ChannelSettings(retention_days=0, channel_context=0)))
    said = await ask(room, CANARY)
    await settled(room)
    database = file_in(tmp_path)
    await wait_for_column(database, ASKED, is_all_done)
    assert CANARY not in dump(database)
    await room.go_on(said, "what did I say?")
    await answered(room, said, 2)
    assert any(CANARY in line for line in told(room, -1))
    await wait_for_column(database, ASKED, is_all_done)
    assert CANARY not in dump(database)


async def test_whoever_asks_is_told_what_is_kept_and_who_gets_it(room: Room) -> None:
    """For how long, at which host, and how to have it erased."""
    direct = await room.tell("privacy")
    shown = "\n".join(await answered(room, direct))
    assert "models.example" in shown
    assert "forget me" in shown
    assert "The librarian" in shown
