"""Confab in Slack, seen from a channel: what wakes it, what it leaves alone, and in which order it answers."""

import asyncio
from pathlib import Path

import pytest

from core.policy import ChannelSettings, Policies
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Bot, Setup, running
from tests.support.database import locked
from tests.support.room import answered, answers, ask, mention, prompt

pytestmark = pytest.mark.usefixtures("bot")


async def nothing_happens(sandbox: Sandbox, calls: int = 0) -> None:
    """Let every event be delivered and dealt with, and see that the model was not asked."""
    await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
    await asyncio.sleep(0.1)
    assert len(sandbox.model.requests) == calls


async def test_a_setting_keeps_a_direct_message_as_one_flow(sandbox: Sandbox, bot: Bot, tmp_path: Path) -> None:
    """Then answers stand beside the questions, and everything said before is remembered."""
    await bot.slack.stop()
    async with running(sandbox, tmp_path / "other.db", Setup(dm_threads=False)):
        sandbox.model.script.extend([Reply("hello"), Reply("again")])
        direct = sandbox.workspace.direct("U0ADA1234")
        for number, text in enumerate(("hi", "and?"), 1):
            await sandbox.workspace.say(direct, text)
            await sandbox.workspace.until(lambda n=number: len(sandbox.workspace.posts(direct)) == 2 * n)  # type: ignore[misc]
        assert [post.shown for post in sandbox.workspace.posts(direct)] == ["hi", "hello", "and?", "again"]
        assert prompt(sandbox.model.requests[1]) == ["hi", "hello", "and?"]


@pytest.mark.parametrize("message_first", [False, True])
async def test_a_mention_delivered_three_times_under_two_types_is_answered_once(
    sandbox: Sandbox, message_first: bool
) -> None:
    """Six events, one answer, one call of the model."""
    sandbox.workspace.faults.deliveries = 3
    sandbox.workspace.faults.message_first = message_first
    thread = await ask(sandbox, "once?")
    await nothing_happens(sandbox, calls=1)
    assert len(answers(sandbox, thread)) == 1


async def test_an_event_that_says_it_is_a_retry_is_not_dropped_for_that(
    sandbox: Sandbox, bot: Bot, tmp_path: Path
) -> None:
    """What failed the first time is answered when it comes again."""
    sandbox.workspace.courier.retry_waits = (0.2, 0.2, 0.2)
    await bot.slack.stop()
    thread = await sandbox.workspace.say(GENERAL, mention("are you back?"))
    async with running(sandbox, tmp_path / "other.db"):
        assert len(await answered(sandbox, thread)) == 1


async def test_a_group_direct_message_needs_a_mention(sandbox: Sandbox) -> None:
    """There, people talk to each other."""
    await sandbox.workspace.say("C0TRIO123", "shall we ask it?")
    await nothing_happens(sandbox)
    assert await ask(sandbox, "hello", "C0TRIO123")


async def test_a_channel_can_be_set_to_need_a_mention_every_time(sandbox: Sandbox, bot: Bot, tmp_path: Path) -> None:
    """Follow-ups are a setting, also for one channel alone."""
    await bot.slack.stop()
    policies = Policies(ChannelSettings(), {GENERAL: ChannelSettings(follow_ups=False)})
    async with running(sandbox, tmp_path / "other.db", Setup(policies=policies)):
        thread = await ask(sandbox, "hi")
        await sandbox.workspace.say(GENERAL, "and?", thread_ts=thread)
        await nothing_happens(sandbox, calls=1)
        other = await ask(sandbox, "hi", "C0RANDOM1")
        await sandbox.workspace.say("C0RANDOM1", "and?", thread_ts=other)
        await answered(sandbox, other, 2, "C0RANDOM1")


async def test_a_message_also_sent_to_the_channel_is_answered_in_its_thread(sandbox: Sandbox) -> None:
    """Slack's `thread_broadcast` is a message like any other."""
    thread = await ask(sandbox, "hi")
    await sandbox.workspace.say(GENERAL, "and again", thread_ts=thread, broadcast=True)
    assert len(await answered(sandbox, thread, 2)) == 2


async def test_a_person_whose_name_slack_does_not_tell_is_answered_all_the_same(sandbox: Sandbox) -> None:
    """A missing scope costs the name, not the answer."""
    sandbox.workspace.scopes.discard("users:read")
    await ask(sandbox, "note: hi")
    assert prompt(sandbox.model.requests[0]) == ["U0ADA1234: note: hi"]


async def test_what_slack_escapes_reaches_the_model_as_it_was_written(sandbox: Sandbox) -> None:
    """`&lt;` was a `<` when the person typed it."""
    await ask(sandbox, "is 1 &lt; 2 &amp; 3 &gt; 2?")
    assert prompt(sandbox.model.requests[0]) == ["is 1 < 2 & 3 > 2?"]


async def test_an_event_is_acknowledged_only_after_it_is_on_disk(sandbox: Sandbox, bot: Bot, tmp_path: Path) -> None:
    """While the file cannot be written, Slack is told nothing; then the message is stored, told and answered once."""
    assert bot
    with locked(tmp_path / "confab.db"):
        thread = await sandbox.workspace.say(GENERAL, mention("is it safe?"))
        await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 2)
        await asyncio.sleep(0.5)
        assert sandbox.workspace.courier.unacknowledged == 2
    assert len(await answered(sandbox, thread)) == 1
    await nothing_happens(sandbox, calls=1)


async def test_a_question_that_comes_just_as_an_answer_ends_is_not_overlooked(sandbox: Sandbox) -> None:
    """Eighteen times in a row somebody goes on in the very moment in which the answer appears."""
    thread = await ask(sandbox, "begin")
    for number in range(18):  # more would use up the workspace's edits
        await sandbox.workspace.say(GENERAL, f"and {number}?", thread_ts=thread)
        await answered(sandbox, thread, number + 2)
