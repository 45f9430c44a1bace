"""Edits and deletes: a question that is changed or taken back before, while and after it is answered."""

import asyncio

import pytest

from core.commands import QUESTION_DELETED
from deploy.sandbox.model import Reply
from deploy.sandbox.server import Sandbox
from tests.bot import GENERAL
from tests.room import answered, answers, ask, mention, prompt

pytestmark = pytest.mark.usefixtures("bot")


async def begun(sandbox: Sandbox, text: str) -> tuple[str, asyncio.Event]:
    """Ask something whose answer stops after its first words until the event is set; return the thread."""
    hold = asyncio.Event()
    sandbox.model.script.append(Reply(pieces=("so far", " and whole"), hold=hold))
    thread = await sandbox.workspace.say(GENERAL, mention(text))
    await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["so far"])
    return thread, hold


async def test_an_edit_that_adds_a_mention_asks(sandbox: Sandbox) -> None:
    """Who forgot to mention the bot need not write it all again."""
    thread = await sandbox.workspace.say(GENERAL, "what time is it?")
    await sandbox.workspace.edit(GENERAL, thread, mention("what time is it?"))
    assert len(await answered(sandbox, thread)) == 1
    assert len(sandbox.model.requests) == 1


async def test_an_edit_of_an_answered_question_is_remembered_and_not_answered_again(sandbox: Sandbox) -> None:
    """The next prompt holds the question as it is now."""
    thread = await ask(sandbox, "what is 1+1?")
    await sandbox.workspace.edit(GENERAL, thread, mention("what is 2+2?"))
    await sandbox.workspace.say(GENERAL, "and?", thread_ts=thread)
    await answered(sandbox, thread, 2)
    assert "2+2" in prompt(sandbox.model.requests[1])[0]
    assert len(sandbox.model.requests) == 2


async def test_an_edit_while_the_answer_is_made_is_taken_into_the_next_turn(sandbox: Sandbox) -> None:
    """The answer under way goes on; what follows sees the new text."""
    thread, hold = await begun(sandbox, "what is 1+1?")
    await sandbox.workspace.edit(GENERAL, thread, mention("what is 2+2?"))
    hold.set()
    await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["so far and whole"])
    await sandbox.workspace.say(GENERAL, "and?", thread_ts=thread)
    await answered(sandbox, thread, 2)
    assert "2+2" in prompt(sandbox.model.requests[1])[0]


async def test_an_edit_before_the_answer_changes_the_question(sandbox: Sandbox) -> None:
    """What waits behind another question is asked as it stands when its turn comes."""
    thread, hold = await begun(sandbox, "first")
    second = await sandbox.workspace.say(GENERAL, "second", thread_ts=thread)
    await sandbox.workspace.edit(GENERAL, second, "second, but better")
    await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
    hold.set()
    await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[1])[-1] == "ada: second, but better"


async def test_a_preview_of_a_link_is_no_edit(sandbox: Sandbox) -> None:
    """Slack changes messages by itself; nothing was said."""
    thread = await ask(sandbox, "see https://example.com/")
    await sandbox.workspace.unfurl(GENERAL, thread)
    await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
    assert len(sandbox.model.requests) == 1


async def test_a_question_deleted_while_it_is_answered_stops_the_answer(sandbox: Sandbox) -> None:
    """The model's call is closed at once, and what was visible says why it ends."""
    thread, _ = await begun(sandbox, "never mind")
    await sandbox.workspace.delete(GENERAL, thread)
    await sandbox.workspace.until(lambda: answers(sandbox, thread) == [QUESTION_DELETED])
    await sandbox.model.until(lambda: sandbox.model.requests[0].aborted)


async def test_a_question_deleted_before_its_turn_is_not_answered(sandbox: Sandbox) -> None:
    """Nobody is answered who no longer asks."""
    thread, hold = await begun(sandbox, "first")
    second = await sandbox.workspace.say(GENERAL, "second", thread_ts=thread)
    await sandbox.workspace.delete(GENERAL, second)
    await sandbox.workspace.say(GENERAL, "third", thread_ts=thread)
    await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
    hold.set()
    await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[1])[-1] == "ada: third"
    assert len(sandbox.model.requests) == 2


@pytest.mark.parametrize("root", [True, False])
async def test_a_question_deleted_after_its_answer_is_forgotten(sandbox: Sandbox, root: bool) -> None:
    """A deleted root with replies leaves a tombstone, which Slack tells as an edit: it is a deletion."""
    thread = await ask(sandbox, "the password is swordfish")
    second = await sandbox.workspace.say(GENERAL, "another secret: tuna", thread_ts=thread)
    await answered(sandbox, thread, 2)
    await sandbox.workspace.delete(GENERAL, thread if root else second)
    await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
    await sandbox.workspace.say(GENERAL, "go on", thread_ts=thread)
    await answered(sandbox, thread, 3)
    told = "\n".join(line for line in prompt(sandbox.model.requests[2]) if line.startswith("ada:"))
    assert ("swordfish" in told, "tuna" in told) == (not root, root)
