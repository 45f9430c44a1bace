"""One word to the bot is a command: it stops, forgets, or says what it can do."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import ABOUT, DONE, STOPPED, command_of
from deploy.sandbox.model import Reply
from deploy.sandbox.server import Sandbox
from tests.bot import GENERAL
from tests.room import answered, answers, ask, mention, prompt


@pytest.mark.parametrize("text", ["stop", " Stop. ", "/stop", "STOP!"])
def test_a_word_alone_is_a_command(text: str) -> None:
    """However it is written."""
    assert command_of(text) == "stop"


@given(st.text())
def test_a_sentence_is_a_question_whatever_words_it_holds(text: str) -> None:
    """`Stop the presses` is for the model."""
    assert command_of(f"stop {text} please") == ""


@pytest.mark.usefixtures("bot")
async def test_stop_ends_the_answer_at_once(sandbox: Sandbox) -> None:
    """What stands there stays, the model's call is closed, and the thread goes on."""
    sandbox.model.script.append(Reply(pieces=("so far", " and more"), hold=asyncio.Event()))
    thread = await sandbox.workspace.say(GENERAL, mention("tell me"))
    await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["so far"])
    await sandbox.workspace.say(GENERAL, mention("stop"), thread_ts=thread)
    await sandbox.workspace.until(lambda: answers(sandbox, thread) == [f"so far {STOPPED}", DONE["stop"]])
    await sandbox.model.until(lambda: sandbox.model.requests[0].aborted)
    sandbox.model.script.append(Reply("on we go"))
    await sandbox.workspace.say(GENERAL, "and now?", thread_ts=thread)
    assert (await answered(sandbox, thread, 3))[2] == "on we go"
    assert prompt(sandbox.model.requests[1]) == ["ada: tell me", "so far", "ada: and now?"]


@pytest.mark.usefixtures("bot")
async def test_stop_before_the_first_word_leaves_no_answer(sandbox: Sandbox) -> None:
    """Only that it stopped is said."""
    sandbox.model.script.append(Reply("late", delay_first=60.0))
    thread = await sandbox.workspace.say(GENERAL, mention("tell me"))
    await sandbox.model.until(lambda: len(sandbox.model.requests) == 1)
    await sandbox.workspace.say(GENERAL, mention("stop"), thread_ts=thread)
    assert await answered(sandbox, thread) == [DONE["stop"]]


@pytest.mark.usefixtures("bot")
async def test_reset_forgets_the_conversation(sandbox: Sandbox) -> None:
    """The next prompt begins anew; other threads remember theirs."""
    other = await ask(sandbox, "remember the heron")
    thread = await ask(sandbox, "remember the tuna")
    await sandbox.workspace.say(GENERAL, mention("reset"), thread_ts=thread)
    assert (await answered(sandbox, thread, 2))[1] == DONE["reset"]
    for place in (thread, other):
        number = len(answers(sandbox, place))
        await sandbox.workspace.say(GENERAL, "what was it?", thread_ts=place)
        await answered(sandbox, place, number + 1)
    assert prompt(sandbox.model.requests[2]) == ["ada: what was it?"]
    assert "heron" in prompt(sandbox.model.requests[3])[0]


@pytest.mark.usefixtures("bot")
async def test_help_names_every_command_and_asks_no_model(sandbox: Sandbox) -> None:
    """It costs nothing."""
    said = answers(sandbox, await ask(sandbox, "help"))[0]
    assert all(f"**{command}**" in said for command in ABOUT)
    assert not sandbox.model.requests
