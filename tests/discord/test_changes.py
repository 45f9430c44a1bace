"""Edits and deletes in Discord: a question that is changed or taken back before, while and after it is answered."""

import pytest

from core.commands import QUESTION_DELETED
from deploy.sandbox.discord.roster import ADA, GENERAL
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.discord_room import answered, ask, begun, mention, nothing_happens, prompt, shows

pytestmark = pytest.mark.usefixtures("discord_bot")


async def test_an_edit_that_adds_a_mention_asks(sandbox: Sandbox) -> None:
    """Who forgot to mention the bot need not write it all again; what is edited once more is not answered again."""
    thread = await sandbox.guild.say(GENERAL, "what time is it?")
    await sandbox.guild.edit(GENERAL, thread, mention("what time is it?"))
    assert len(await answered(sandbox, thread)) == 1
    await sandbox.guild.edit(GENERAL, thread, mention("what time is it now?"))
    await nothing_happens(sandbox, calls=1)


async def test_an_edit_before_the_answer_changes_the_question(sandbox: Sandbox) -> None:
    """What waits behind another question is asked as it stands when its turn comes."""
    thread, hold = await begun(sandbox, "first")
    second = await sandbox.guild.say(thread, "second")
    await sandbox.guild.edit(thread, second, "second, but better")
    await nothing_happens(sandbox, calls=1)
    hold.set()
    await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[2])[-1] == "second, but better"


async def test_an_edit_while_the_answer_is_made_is_taken_into_the_next_turn(sandbox: Sandbox) -> None:
    """The answer under way goes on; what follows sees the new text."""
    thread, hold = await begun(sandbox, "what is 1+1?")
    await sandbox.guild.edit(GENERAL, thread, mention("what is 2+2?"))
    await nothing_happens(sandbox, calls=1)
    hold.set()
    await shows(sandbox, thread, "so far and whole")
    await sandbox.guild.say(thread, "and?")
    await answered(sandbox, thread, 2)
    assert "2+2" in prompt(sandbox.model.requests[2])[0]


async def test_an_edit_of_an_answered_question_is_remembered_and_not_answered_again(sandbox: Sandbox) -> None:
    """The next prompt holds the question as it is now."""
    thread = await ask(sandbox, "what is 1+1?")
    await sandbox.guild.edit(GENERAL, thread, mention("what is 2+2?"))
    await sandbox.guild.say(thread, "and?")
    await answered(sandbox, thread, 2)
    assert "2+2" in prompt(sandbox.model.requests[1])[0]
    assert len(sandbox.model.requests) == 2


async def test_a_question_deleted_before_its_turn_is_not_answered(sandbox: Sandbox) -> None:
    """Nobody is answered who no longer asks, alone or among many that a moderator deletes at once."""
    thread, hold = await begun(sandbox, "first")
    waiting = [await sandbox.guild.say(thread, text) for text in ("second", "third", "fourth")]
    await sandbox.guild.delete(thread, waiting[0])
    await sandbox.guild.delete(thread, *waiting[1:])
    await sandbox.guild.say(thread, "fifth")
    await nothing_happens(sandbox, calls=1)
    hold.set()
    await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[2])[-1] == "fifth"
    await nothing_happens(sandbox, calls=3)


async def test_a_question_deleted_while_it_is_answered_stops_the_answer(sandbox: Sandbox) -> None:
    """The model's call is closed at once, and what was visible says why it ends."""
    thread, _ = await begun(sandbox, "never mind")
    await sandbox.guild.delete(GENERAL, thread)
    await shows(sandbox, thread, QUESTION_DELETED)
    await sandbox.model.until(lambda: sandbox.model.requests[0].aborted)


async def test_a_question_deleted_after_its_answer_is_forgotten(sandbox: Sandbox) -> None:
    """What people take back, the model is told no more."""
    thread = await ask(sandbox, "the password is swordfish")
    second = await sandbox.guild.say(thread, "another secret: tuna")
    await answered(sandbox, thread, 2)
    await sandbox.guild.delete(GENERAL, thread)
    await sandbox.guild.delete(thread, second)
    await sandbox.guild.say(thread, "go on")
    await answered(sandbox, thread, 3)
    told = "\n".join(line for line in prompt(sandbox.model.requests[2]) if line.startswith("Ada"))
    assert "swordfish" not in told
    assert "tuna" not in told


async def test_a_direct_message_that_is_deleted_is_forgotten(sandbox: Sandbox) -> None:
    """There as well."""
    direct = sandbox.guild.direct(ADA)
    first = await sandbox.guild.say(direct, "the password is swordfish")
    await answered(sandbox, direct)
    await sandbox.guild.delete(direct, first)
    sandbox.model.script.append(Reply("what?"))
    await sandbox.guild.say(direct, "go on")
    await answered(sandbox, direct, 2)
    assert "the password is swordfish" not in prompt(sandbox.model.requests[1])
