"""Mentioned for the first time in a running thread, the bot knows what was said there, and asks for it once."""

import pytest

from deploy.sandbox.discord.roster import ADA, BOT_USER, GRACE
from deploy.sandbox.discord.roster import GENERAL as GENERAL_OF_DISCORD
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL
from tests.support.room import answered, mention, prompt

in_slack = pytest.mark.usefixtures("bot")


async def thread_of(sandbox: Sandbox, replies: int) -> str:
    """Let people talk among themselves; return their thread."""
    thread = await sandbox.workspace.say(GENERAL, "where do we eat?")
    for number in range(replies):
        await sandbox.workspace.say(GENERAL, f"reply {number} & more", thread_ts=thread)
    return thread


def reads(sandbox: Sandbox) -> int:
    """Return how often the thread was asked for."""
    return sum(call.method == "conversations.replies" for call in sandbox.workspace.calls)


@in_slack
async def test_what_people_said_before_is_in_the_first_prompt(sandbox: Sandbox) -> None:
    """With names, in order, without what came after, and asked for a single time."""
    thread = await thread_of(sandbox, 3)
    await sandbox.workspace.say(GENERAL, mention("what do you think?"), thread_ts=thread)
    await answered(sandbox, thread)
    asked = reads(sandbox)
    await sandbox.workspace.say(GENERAL, "and now?", thread_ts=thread)
    await answered(sandbox, thread, 2)
    lines = [
        "where do we eat?",
        *(f"reply {number} & more" for number in range(3)),
        "what do you think?",
    ]
    assert prompt(sandbox.model.requests[0]) == lines
    assert prompt(sandbox.model.requests[1])[:5] == lines
    assert reads(sandbox) == asked > 0


@in_slack
async def test_of_a_long_thread_the_newest_messages_are_read_and_the_first(sandbox: Sandbox) -> None:
    """Slack gives the oldest first; still, what was said last is what counts."""
    sandbox.workspace.limits_on = False
    thread = await thread_of(sandbox, 450)
    await sandbox.workspace.say(GENERAL, mention("what do you think?"), thread_ts=thread)
    await answered(sandbox, thread)
    told = prompt(sandbox.model.requests[0])
    assert told[0] == "where do we eat?"
    assert told[-2:] == ["reply 449 & more", "what do you think?"]
    assert len(told) == 52


@in_slack
async def test_a_thread_that_cannot_be_read_does_not_stop_the_answer(sandbox: Sandbox) -> None:
    """The bot answers from what it was asked."""
    sandbox.workspace.scopes -= {"channels:history"}
    thread = await thread_of(sandbox, 2)
    await sandbox.workspace.say(GENERAL, mention("what do you think?"), thread_ts=thread)
    assert "reference" not in (await answered(sandbox, thread))[0]
    assert prompt(sandbox.model.requests[0]) == ["what do you think?"]


@pytest.mark.usefixtures("discord_bot")
async def test_in_discord_a_thread_is_read_from_the_message_that_it_was_opened_from(sandbox: Sandbox) -> None:
    """That one stands in the channel, the others in the thread."""
    root = await sandbox.guild.say(GENERAL_OF_DISCORD, "where do we eat?", ADA)
    await sandbox.guild.open_thread(GENERAL_OF_DISCORD, "food", ADA, root)
    for number in range(3):
        await sandbox.guild.say(root, f"reply {number}", GRACE)
    await sandbox.guild.say(root, f"<@{BOT_USER}> what do you think?", ADA)
    await sandbox.guild.until(
        lambda: any(post.user == BOT_USER for post in sandbox.guild.channels[root].posts.values())
    )
    await sandbox.model.until(lambda: len(sandbox.model.requests) == 1)
    assert prompt(sandbox.model.requests[0]) == [
        "Ada Lovelace: where do we eat?",
        *(f"Grace Hopper: reply {number}" for number in range(3)),
        "Ada Lovelace: what do you think?",
    ]
