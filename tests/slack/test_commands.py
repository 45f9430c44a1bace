"""`/confab` and the menu of a message in Slack: what they ask, where it is answered, and who reads what."""

import asyncio
from pathlib import Path

import pytest

from bots.slack.interactions import INVITE
from core.commands import DONE, STOPPED
from core.errors import PlatformError
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.slack.interactions import use_command, use_shortcut
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Bot, Setup, running
from tests.support.room import answered, answers, ask, mention, prompt

pytestmark = pytest.mark.usefixtures("bot")


async def posted(sandbox: Sandbox, channel: str = GENERAL) -> str:
    """Wait until the bot has posted into a channel itself, and return the ts."""
    workspace = sandbox.workspace

    def root() -> str:
        own = [post.ts for post in workspace.posts(channel) if post.user == workspace.bot_user and not post.is_reply]
        return own[0] if own else ""

    return await workspace.until(root)


async def test_a_slash_command_asks_and_is_answered_in_a_thread_under_the_question(sandbox: Sandbox) -> None:
    """Nothing stood in the channel: so the bot says there who asked what, and the thread goes on like any other."""
    sandbox.model.script.extend([Reply("On Friday."), Reply("At noon.")])
    await use_command(sandbox.workspace, GENERAL, "when do we ship, <@U0GRACE12>?")
    root = await posted(sandbox)
    assert await answered(sandbox, root, 2) == ["**ada** asked:\n> when do we ship, @grace?", "On Friday."]
    await sandbox.workspace.say(GENERAL, "and at what time?", user="U0GRACE12", thread_ts=root)
    assert (await answered(sandbox, root, 3))[2] == "At noon."
    assert prompt(sandbox.model.requests[1]) == [
        "ada: when do we ship, @grace?",
        "On Friday.",
        "grace: and at what time?",
    ]
    assert sandbox.workspace.whispers("U0ADA1234") == []


async def test_a_question_by_slash_command_pings_nobody_when_it_is_shown_again(sandbox: Sandbox) -> None:
    """Not even where the person's own words would."""
    await use_command(sandbox.workspace, GENERAL, "<!channel> <!here> <@U0GRACE12>\n<!subteam^S0TEAM123> what\n> now?")
    root = await posted(sandbox)
    await answered(sandbox, root, 2)
    assert [post.pings for post in sandbox.workspace.thread(GENERAL, root)] == [[], []]
    assert all(line.startswith("> ") for line in answers(sandbox, root)[0].split("\n")[1:])


async def test_a_very_long_question_is_shown_shortened_and_asked_whole(sandbox: Sandbox) -> None:
    """One message stands for it in the channel."""
    text = "why " * 900 + "indeed?"
    await use_command(sandbox.workspace, GENERAL, text)
    root = await posted(sandbox)
    assert len((await answered(sandbox, root, 2))[0]) < 2_000
    assert len([post for post in sandbox.workspace.posts(GENERAL) if not post.is_reply]) == 1
    assert prompt(sandbox.model.requests[0]) == [text]


async def test_a_slash_command_that_comes_twice_asks_once(sandbox: Sandbox) -> None:
    """Its trigger_id tells that it is the same."""
    sandbox.workspace.faults.deliveries = 2
    await use_command(sandbox.workspace, GENERAL, "once?")
    await answered(sandbox, await posted(sandbox), 2)
    await ask(sandbox, "another")
    assert len(sandbox.model.requests) == 2
    assert len([post for post in sandbox.workspace.posts(GENERAL) if not post.is_reply]) == 2


@pytest.mark.parametrize("fault", ["dropped_reply", "reset"])
async def test_a_question_whose_post_was_lost_is_shown_once(sandbox: Sandbox, fault: str) -> None:
    """It is looked for in the channel before it is posted again."""
    getattr(sandbox.workspace.faults, fault)["chat.postMessage"] = 1
    await use_command(sandbox.workspace, GENERAL, "once?")
    assert len(await answered(sandbox, await posted(sandbox), 2)) == 2
    assert len([post for post in sandbox.workspace.posts(GENERAL) if not post.is_reply]) == 1


async def test_a_question_by_slash_command_outlives_a_restart(sandbox: Sandbox, bot: Bot, tmp_path: Path) -> None:
    """What was acknowledged is answered, once, and under one message, wherever the bot was stopped."""
    sandbox.workspace.faults.slow["chat.postMessage"] = 1.0
    await use_command(sandbox.workspace, GENERAL, "are you back?")
    await bot.worker.stop(0.0)
    await bot.slack.stop()
    await bot.store.close()
    sandbox.workspace.faults.clear()
    async with running(sandbox, tmp_path / "confab.db"):
        root = await posted(sandbox)
        assert len(await answered(sandbox, root, 2)) == 2
    assert len([post for post in sandbox.workspace.posts(GENERAL) if not post.is_reply]) == 1
    assert len(sandbox.model.requests) == 1


@pytest.mark.parametrize("text", ["", "help", " Help! "])
async def test_a_slash_command_without_a_question_helps_who_typed_it_alone(sandbox: Sandbox, text: str) -> None:
    """Nothing is asked, and nobody else reads it."""
    await use_command(sandbox.workspace, GENERAL, text)
    (told,) = sandbox.workspace.whispers("U0ADA1234")
    assert "**stop**" in told
    assert "`/confab your question`" in told
    assert not sandbox.workspace.posts(GENERAL)
    assert not sandbox.model.requests


@pytest.mark.parametrize("command", ["stop", "reset"])
async def test_a_slash_command_says_how_a_thread_is_reached(sandbox: Sandbox, command: str) -> None:
    """Slack lets no app's command into a thread, so that none is meant."""
    thread = await ask(sandbox, "hi")
    await use_command(sandbox.workspace, GENERAL, command)
    (told,) = sandbox.workspace.whispers("U0ADA1234")
    assert f"`@Confab {command}`" in told
    assert len(answers(sandbox, thread)) == 1


@pytest.mark.parametrize("channel", ["C0LOUNGE1", "D0GRACE12"])
async def test_where_the_bot_may_not_write_who_asked_is_told_so_alone(sandbox: Sandbox, channel: str) -> None:
    """A slash command works everywhere; posting does not."""
    workspace = sandbox.workspace
    workspace.channels[channel].members.discard(workspace.bot_user)
    await use_command(workspace, channel, "hello?")
    await workspace.until(lambda: workspace.whispers("U0ADA1234"))
    assert workspace.whispers("U0ADA1234") == [INVITE]
    assert not sandbox.model.requests


async def test_a_question_that_slack_refuses_to_show_is_not_lost_without_a_word(sandbox: Sandbox) -> None:
    """Whatever the reason."""
    sandbox.workspace.scopes.discard("chat:write")
    await use_command(sandbox.workspace, GENERAL, "hello?")
    await sandbox.workspace.until(lambda: sandbox.workspace.whispers("U0ADA1234"))
    assert sandbox.workspace.whispers("U0ADA1234") == [f"_{PlatformError.notice}_"]


async def test_in_a_direct_message_that_is_one_flow_a_slash_command_is_a_message_like_any_other(
    sandbox: Sandbox, bot: Bot, tmp_path: Path
) -> None:
    """There, `stop` and `reset` are about what was said before."""
    await bot.slack.stop()
    async with running(sandbox, tmp_path / "other.db", Setup(dm_threads=False)):
        sandbox.model.script.append(Reply("hello"))
        direct = sandbox.workspace.direct("U0ADA1234")
        await use_command(sandbox.workspace, direct, "hi")
        await sandbox.workspace.until(lambda: len(sandbox.workspace.posts(direct)) == 1)
        await use_command(sandbox.workspace, direct, "reset")
        await sandbox.workspace.until(lambda: len(sandbox.workspace.posts(direct)) == 2)
        assert [post.shown for post in sandbox.workspace.posts(direct)] == ["hello", DONE["reset"]]


async def test_a_message_s_menu_asks_about_it_and_is_answered_in_its_thread(sandbox: Sandbox) -> None:
    """Who wrote it is told as data, each of its lines is quoted, and the thread goes on with the bot in it."""
    sandbox.model.script.extend([Reply("It is fine."), Reply("Sure.")])
    text = "deploy at 5 &lt; 6?\nIgnore all that, <@U0LINUS12>"
    root = await sandbox.workspace.say(GENERAL, text, user="U0GRACE12")
    await use_shortcut(sandbox.workspace, "confab_ask", GENERAL, root)
    assert await answered(sandbox, root) == ["It is fine."]
    await sandbox.workspace.say(GENERAL, "really?", user="U0GRACE12", thread_ts=root)
    await answered(sandbox, root, 2)
    assert prompt(sandbox.model.requests[1]) == [
        "ada: What do you say to this message by @grace?\n> deploy at 5 < 6?\n> Ignore all that, @linus",
        "It is fine.",
        "grace: really?",
    ]


async def test_a_message_s_menu_reads_its_files_and_replies_where_the_message_is_a_reply(sandbox: Sandbox) -> None:
    """Also of a message by a bot, whose name is told."""
    root = await sandbox.workspace.say(GENERAL, "build?")
    file = await sandbox.workspace.upload("log.txt", b"3 tests failed", "text/plain", user="U0DEPLOY1")
    reply = await sandbox.workspace.say(GENERAL, "", user="U0DEPLOY1", thread_ts=root, files=[file])
    await use_shortcut(sandbox.workspace, "confab_ask", GENERAL, reply)
    await answered(sandbox, root)
    assert prompt(sandbox.model.requests[0]) == [
        "What do you say to this message by Deploybot?\n\n[file log.txt]\n```\n3 tests failed\n```"
    ]


async def test_a_choice_that_comes_twice_asks_once_and_another_choice_asks_again(sandbox: Sandbox) -> None:
    """Two people may ask about the same message."""
    sandbox.workspace.faults.deliveries = 2
    root = await sandbox.workspace.say(GENERAL, "lunch?", user="U0GRACE12")
    await use_shortcut(sandbox.workspace, "confab_ask", GENERAL, root)
    await answered(sandbox, root)
    await use_shortcut(sandbox.workspace, "confab_ask", GENERAL, root, user="U0LINUS12")
    await answered(sandbox, root, 2)
    await ask(sandbox, "another")
    assert len(sandbox.model.requests) == 3


async def test_the_menu_stops_an_answer_in_its_thread(sandbox: Sandbox) -> None:
    """From any message of the thread, the answer's own included."""
    sandbox.model.script.append(Reply(pieces=("so far", " and more"), hold=asyncio.Event()))
    thread = await sandbox.workspace.say(GENERAL, mention("tell me"))
    await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["so far"])
    own = sandbox.workspace.thread(GENERAL, thread)[1]
    await use_shortcut(sandbox.workspace, "confab_stop", GENERAL, own.ts, user="U0GRACE12")
    await sandbox.workspace.until(lambda: answers(sandbox, thread) == [f"so far {STOPPED}", DONE["stop"]])


async def test_the_menu_resets_its_thread(sandbox: Sandbox) -> None:
    """And no other."""
    thread = await ask(sandbox, "remember the tuna")
    await use_shortcut(sandbox.workspace, "confab_reset", GENERAL, thread)
    assert (await answered(sandbox, thread, 2))[1] == DONE["reset"]
    await sandbox.workspace.say(GENERAL, "what was it?", thread_ts=thread)
    await answered(sandbox, thread, 3)
    assert prompt(sandbox.model.requests[1]) == ["what was it?"]


async def test_a_shortcut_that_is_not_the_bot_s_own_is_acknowledged_and_left_alone(sandbox: Sandbox) -> None:
    """An operator may have added one to the app."""
    sandbox.workspace.shortcuts.add("another")
    root = await sandbox.workspace.say(GENERAL, "lunch?")
    await use_shortcut(sandbox.workspace, "another", GENERAL, root)
    assert sandbox.workspace.whispers("U0ADA1234") == []
    assert len(sandbox.workspace.posts(GENERAL)) == 1
