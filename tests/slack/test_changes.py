"""Edits in Slack, beyond the contract of every platform."""

import asyncio

import pytest

from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL
from tests.support.room import answered, answers, ask, mention, prompt

pytestmark = pytest.mark.usefixtures("bot")


async def test_a_preview_of_a_link_is_no_edit(sandbox: Sandbox) -> None:
    """Slack changes messages by itself; nothing was said."""
    thread = await ask(sandbox, "see https://example.com/")
    await sandbox.workspace.unfurl(GENERAL, thread)
    await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
    assert len(sandbox.model.requests) == 1


async def test_an_edited_question_is_read_like_any_other_before_and_after_its_answer(sandbox: Sandbox) -> None:
    """People by their names, and what was typed as `<a>` as that, however often it is read."""
    hold = asyncio.Event()
    sandbox.model.script.append(Reply(pieces=("so far", " and whole"), hold=hold))
    thread = await sandbox.workspace.say(GENERAL, mention("first"))
    await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["so far"])
    second = await sandbox.workspace.say(GENERAL, "second", thread_ts=thread)
    await sandbox.workspace.edit(GENERAL, second, "does &lt;a&gt; please <@U0GRACE12>?")
    await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
    hold.set()
    await answered(sandbox, thread, 2)
    await sandbox.workspace.edit(GENERAL, second, "or does &lt;b&gt; please <@U0GRACE12>?")
    await sandbox.workspace.say(GENERAL, "and?", thread_ts=thread)
    await answered(sandbox, thread, 3)
    assert prompt(sandbox.model.requests[1])[-1] == "does <a> please @grace?"
    assert prompt(sandbox.model.requests[2])[2] == "or does <b> please @grace?"


async def test_an_edit_is_acknowledged_before_anybody_is_asked_for_names(sandbox: Sandbox) -> None:
    """Slack waits three seconds for that; the name is looked up when the edit has its turn."""
    thread = await ask(sandbox, "first")
    await answered(sandbox, thread)
    sandbox.workspace.faults.server_error["users.info"] = 1_000
    await sandbox.workspace.edit(GENERAL, thread, mention("please <@U0GRACE12>"))
    await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
    assert sandbox.workspace.faults.server_error["users.info"] > 995  # after five tries a name is given up
    sandbox.workspace.faults.clear()
    await sandbox.workspace.say(GENERAL, "and?", thread_ts=thread)
    await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[-1])[0] == "please @grace"
