"""The contract of every platform: edits and deletes, commands, and connections that end."""

import asyncio
from pathlib import Path

import pytest

from core.commands import DONE, QUESTION_DELETED, STOPPED, WORDS
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.contract.platform_room import Room, Said, answered, ask, settled, told


async def begun(room: Room, text: str) -> tuple[Said, asyncio.Event]:
    """Ask something whose answer stops after its first words until the event is set."""
    hold = asyncio.Event()
    room.model.script.append(Reply(pieces=("so far", " and whole"), hold=hold))
    said = await room.say(f"{room.mention('the bot')} {text}")
    await room.until(lambda: room.answers(said) == ["so far"])
    return said, hold


async def test_an_edit_that_adds_a_mention_asks(room: Room) -> None:
    """Who forgot to mention the bot need not write it all again."""
    said = await room.say("what time is it?")
    await room.edit(said, f"{room.mention('the bot')} what time is it?")
    assert len(await answered(room, said)) == 1
    assert told(room, 0) == ["what time is it?"]


async def test_an_edit_before_the_answer_changes_the_question(room: Room) -> None:
    """What waits behind another question is asked as it stands when its turn comes."""
    said, hold = await begun(room, "first")
    second = await room.go_on(said, "second")
    await room.edit(second, "second, but better")
    await settled(room)
    hold.set()
    await answered(room, said, 2)
    assert told(room, 2)[-1] == "second, but better"


async def test_an_edit_while_the_answer_is_made_is_taken_into_the_next_turn(room: Room) -> None:
    """The answer under way goes on; what follows sees the new text."""
    said, hold = await begun(room, "what is 1+1?")
    await room.edit(said, f"{room.mention('the bot')} what is 2+2?")
    await settled(room)
    hold.set()
    await room.until(lambda: room.answers(said) == ["so far and whole"])
    await room.go_on(said, "and?")
    await answered(room, said, 2)
    assert told(room, 2)[0] == "what is 2+2?"


async def test_an_edit_after_the_answer_is_remembered_and_not_answered_again(room: Room) -> None:
    """The next prompt holds the question as it is now."""
    said = await ask(room, "what is 1+1?")
    await room.edit(said, f"{room.mention('the bot')} what is 2+2?")
    await room.go_on(said, "and?")
    await answered(room, said, 2)
    assert told(room, 1)[0] == "what is 2+2?"
    assert len(room.model.requests) == 2


async def test_an_edit_of_a_question_leaves_the_files_that_came_with_it(room: Room) -> None:
    """Their text has not changed."""
    said = await room.share(f"{room.mention('the bot')} look", "notes.txt", b"the heron", "text/plain")
    await answered(room, said)
    await room.edit(said, f"{room.mention('the bot')} look at the bird")
    await settled(room)
    await room.go_on(said, "and?")
    await answered(room, said, 2)
    assert told(room, -1)[0] == "look at the bird\n\n[file notes.txt]\n```\nthe heron\n```"


async def test_a_question_deleted_before_its_turn_is_not_answered(room: Room) -> None:
    """Nobody is answered who no longer asks."""
    said, hold = await begun(room, "first")
    second = await room.go_on(said, "second")
    await room.delete(second)
    await room.go_on(said, "third")
    await settled(room)
    hold.set()
    await answered(room, said, 2)
    assert told(room, 2)[-1] == "third"
    assert len(room.model.requests) == 3


async def test_a_question_deleted_while_it_is_answered_stops_the_answer(room: Room) -> None:
    """The model's call is closed at once, and what was visible says why it ends."""
    said, _ = await begun(room, "never mind")
    await room.delete(said)
    await room.until(lambda: room.answers(said) == [QUESTION_DELETED])
    await room.model.until(lambda: room.model.requests[0].aborted)


@pytest.mark.parametrize("first", [True, False])
async def test_a_question_deleted_after_its_answer_is_forgotten(room: Room, first: bool) -> None:
    """Also the one that began the conversation, which goes on without it."""
    said = await ask(room, "the password is swordfish")
    second = await room.go_on(said, "another secret: tuna")
    await answered(room, said, 2)
    await room.delete(said if first else second)
    await settled(room)
    await room.go_on(said, "go on")
    await answered(room, said, 3)
    asked = "\n".join(each["content"] for each in room.model.requests[3].messages if each["role"] == "user")
    assert ("swordfish" in asked, "tuna" in asked) == (not first, first)


@pytest.mark.needs("message menus")
async def test_what_was_asked_about_and_then_changed_is_remembered_as_it_is_now(room: Room) -> None:
    """By the question that quotes it, or as a line of the thread."""
    room.model.script.append(Reply("noted"))
    secret = await room.say("the password is swordfish\nkeep it", by="grace")
    await room.ask_about(secret, "ada")
    await room.until(room.everything)
    await settled(room)
    await room.edit(secret, "there is no password")
    await settled(room)
    await room.go_on(secret, f"{room.mention('the bot')} and now?")
    await room.until(lambda: "and now?" in str(told(room, -1)[-1:]))
    asked = told(room, -1)
    assert "swordfish" not in str(asked)
    assert "there is no password" in asked[0]


@pytest.mark.needs("message menus")
async def test_what_was_asked_about_and_then_deleted_is_forgotten(room: Room) -> None:
    """The question quotes it, so that both go, whenever it is deleted; what was asked beside it stays."""
    said = await ask(room, "hello")
    secret = await room.go_on(said, "@nobody the password is swordfish", by="grace")
    await answered(room, said, 2)
    room.model.script.append(Reply("It is fine."))
    await room.ask_about(secret, "ada")
    await room.until(lambda: "It is fine." in room.everything())
    await room.delete(secret)
    await settled(room)
    room.model.script.append(Reply("Now it is over."))
    await room.go_on(said, "and now?")
    await room.until(lambda: "Now it is over." in room.everything())
    asked = "\n".join(told(room, -1))
    assert "What do you say" in "\n".join(told(room, 2))
    assert "hello" in asked
    assert "What do you say" not in asked
    assert "> @nobody the password" not in asked


@pytest.mark.needs("message menus")
async def test_what_was_asked_about_and_deleted_before_the_answer_reaches_no_model(room: Room) -> None:
    """A question about nothing is none."""
    said, hold = await begun(room, "first")
    await room.go_on(said, "second")
    later = await room.go_on(said, f"{room.mention('grace')} the password is tuna")
    await room.ask_about(later, "ada")
    await settled(room)
    await room.delete(later)
    await settled(room)
    hold.set()
    await answered(room, said, 2)
    await settled(room)
    assert not any("tuna" in line for number in range(len(room.model.requests)) for line in told(room, number))


async def test_stop_ends_the_answer_at_once(room: Room) -> None:
    """What stands there stays, the model's call is closed, and the conversation goes on."""
    said, _ = await begun(room, "tell me")
    await room.go_on(said, f"{room.mention('the bot')} stop")
    await room.until(lambda: room.answers(said) == [f"so far {STOPPED}", DONE["stop"]])
    await room.model.until(lambda: room.model.requests[0].aborted)
    await room.go_on(said, "and now?")
    await answered(room, said, 3)
    assert told(room, 1) == ["tell me", "so far", "and now?"]


async def test_stop_before_the_first_word_leaves_no_answer(room: Room) -> None:
    """Only that it stopped is said."""
    said = await ask(room, "hi")
    room.model.script.append(Reply("late", delay_first=60.0))
    await room.go_on(said, "tell me")
    await room.model.until(lambda: len(room.model.requests) == 2)
    await room.go_on(said, f"{room.mention('the bot')} stop")
    assert (await answered(room, said, 2))[1:] == [DONE["stop"]]


async def test_reset_forgets_one_conversation(room: Room) -> None:
    """The next prompt begins anew; others remember theirs."""
    other = await ask(room, "remember the heron", channel="random")
    said = await ask(room, "remember the tuna")
    await room.go_on(said, f"{room.mention('the bot')} reset")
    assert (await answered(room, said, 2))[1] == DONE["reset"]
    await room.go_on(said, "what was it?")
    await answered(room, said, 3)
    await room.go_on(other, "what was it?")
    await answered(room, other, 2)
    assert told(room, 2) == ["what was it?"]
    assert "heron" in told(room, 3)[0]


async def test_help_names_every_command_and_asks_no_model(room: Room) -> None:
    """It costs nothing. What is not switched on is not named: nothing can be looked up here, and nobody reminded."""
    said = await ask(room, "help")
    assert [command for command in WORDS if f"**{command}**" not in room.answers(said)[0]] == ["sources", "reminders"]
    assert not room.model.requests


def read_files(folder: Path) -> bytes:
    """Return what all files of a folder hold."""
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


@pytest.mark.needs("slash commands")
async def test_a_slash_command_asks(room: Room, sandbox: Sandbox, tmp_path: Path) -> None:
    """Where the answer stands is the platform's matter; that it comes, once, is not. No token stands in a file."""
    room.redeliver(2)
    room.model.script.append(Reply("On Friday."))
    await room.use("when do we ship?")
    await room.until(lambda: "On Friday." in room.everything())
    await settled(room)
    assert told(room, 0) == ["when do we ship?"]
    assert room.everything().count("On Friday.") == 1
    kept = read_files(tmp_path)
    workspace, guild = sandbox.workspace, sandbox.guild
    secrets = ["/slack/response/", workspace.bot_token, workspace.app_token, "sk-test", *guild.interactions.by_token]
    assert [secret for secret in secrets if secret.encode() in kept] == []
    assert b"sealed:" in kept


@pytest.mark.needs("slash commands")
async def test_a_slash_command_helps(room: Room) -> None:
    """With what can be said, and without the model."""
    await room.use("")
    await room.until(lambda: any("**stop**" in text for text in room.everything()))
    assert not room.model.requests


@pytest.mark.needs("message menus")
async def test_a_message_s_menu_asks_about_it(room: Room) -> None:
    """Who wrote it is told, and each of its lines is quoted."""
    room.model.script.append(Reply("It is fine."))
    said = await room.say("deploy at five?\nIgnore all that.", by="grace")
    await room.ask_about(said, "ada")
    await room.until(lambda: "It is fine." in room.everything())
    (prompt,) = told(room, 0)
    assert room.name("grace") in prompt
    assert "> deploy at five?\n> Ignore all that." in prompt


async def test_a_connection_that_the_platform_ends_is_replaced(room: Room) -> None:
    """It happens every few hours; nobody notices, and nothing is answered twice."""
    said = await ask(room, "before")
    await room.disconnect()
    await room.go_on(said, "and after?")
    await answered(room, said, 2)
    await settled(room)
    assert len(room.model.requests) == 3


async def test_an_answer_that_a_kill_cut_short_is_given_after_the_restart(room: Room) -> None:
    """Once, and where its first words stand."""
    said, _ = await begun(room, "tell me")
    await room.leave()
    room.model.script.append(Reply("the whole of it"))
    await room.join()
    await room.until(lambda: room.answers(said) == ["the whole of it"])


@pytest.mark.needs("hears what it missed")
async def test_what_was_said_while_the_bot_was_away_is_answered_once_it_is_back(room: Room) -> None:
    """Each message once; those that a platform delivers again by themselves may come in any order."""
    said = await ask(room, "before")
    await room.leave()
    other = await room.say(f"{room.mention('the bot')} are you there?", by="grace", channel="random")
    after = ("hello?", "hello again?")
    for text in after:
        await room.go_on(said, text)
    await room.join()
    await answered(room, said, 3)
    await answered(room, other)
    await settled(room)
    assert (len(room.answers(said)), len(room.answers(other))) == (3, 1)
    asked = [told(room, number)[-1] for number in range(len(room.model.requests))]
    assert {line for line in asked if "hello" in line} == set(after)
