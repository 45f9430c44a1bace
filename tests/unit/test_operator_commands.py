"""What an operator asks: why a message was answered as it was, what was not answered, and to answer it again."""

import asyncio
from pathlib import Path

import pytest

from bots.links import MessageName, parse_message_name
from deploy.sandbox.discord.roster import GENERAL as IN_DISCORD
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.discord.test_process import process as process_in_discord
from tests.support.bot import GENERAL
from tests.support.command import start_command
from tests.support.database import change, wait_for_column
from tests.support.discord_room import mention as mention_in_discord
from tests.support.discord_room import shows
from tests.support.room import answered, ask, mention
from tests.unit.test_process import process

LINKS = [
    ("https://team.slack.com/archives/C0GENERAL/p1700000000000100", MessageName("1700000000.000100", "C0GENERAL")),
    (
        "<https://team.slack.com/archives/C1/p1700000000000200?thread_ts=1700000000.000100&cid=C1>",
        MessageName("1700000000.000200", "C1"),
    ),
    ("https://discord.com/channels/12/34/56", MessageName("56")),
    ("https://ptb.discord.com/channels/@me/34/56/", MessageName("56")),
    ("1700000000.000100", MessageName("1700000000.000100")),
    ("3f2a9c1e", MessageName("3f2a9c1e", reference="3f2a9c1e")),
    ("https://example.com/", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "name"), LINKS)
def test_a_link_of_either_platform_names_its_message(text: str, name: MessageName | None) -> None:
    """As people copy it from a message's menu."""
    assert parse_message_name(text) == name


async def told(folder: Path, *arguments: str, status: int = 0) -> str:
    """Return what the command line says, in an environment that holds no token."""
    asked = await start_command(*arguments, "--database", str(folder / "confab.db"), environ={})
    said = b"".join(await asyncio.wait_for(asked.communicate(), 90))
    assert asked.returncode == status, said.decode()
    return said.decode()


def link(sandbox: Sandbox, ts: str) -> str:
    """Return a message's link in Slack."""
    return f"{sandbox.workspace.url}/archives/{GENERAL}/p{ts.replace('.', '')}"


def steps(told: str) -> list[str]:
    """Return the names of the steps of the one timeline that was told, in order."""
    return [line.split()[2] for line in told.splitlines()[1:]]


async def test_why_tells_each_step_of_a_turn_while_the_bot_runs_and_after(sandbox: Sandbox, tmp_path: Path) -> None:
    """By the question's link, and by the answer's; it holds the tokens, and no word of what was said."""
    async with process(sandbox, tmp_path):
        sandbox.model.script.append(Reply("a heron's answer"))
        thread = await ask(sandbox, "a heron's question")
        await ask(sandbox, "something else")
        running = await told(tmp_path, "why", link(sandbox, thread))
    answer = sandbox.workspace.thread(GENERAL, thread)[-1].ts
    assert await told(tmp_path, "why", link(sandbox, answer)) == running
    assert await told(tmp_path, "why", running[:8]) == running
    assert steps(running) == ["sent", "received", "asked", "checked", "begun", "answered", "posted", "done"]
    assert "tokens in" in running
    assert f"message {answer}" in running
    assert "heron" not in running


async def test_what_was_never_asked_is_said_to_be_unknown(sandbox: Sandbox, tmp_path: Path) -> None:
    """One sentence, and a status that a script can read."""
    async with process(sandbox, tmp_path):
        await ask(sandbox, "hi")
    for name in ("1700000000.000100", "https://example.com/", "abcdef12"):
        assert "Nothing is known" in await told(tmp_path, "why", name, status=1)
    assert "Traceback" not in await told(tmp_path / "nowhere", "turns", status=1)


async def refused(sandbox: Sandbox, text: str) -> str:
    """Ask something that Slack does not let the bot answer; return the thread."""
    sandbox.workspace.scopes.discard("chat:write")
    thread = await sandbox.workspace.say(GENERAL, mention(text))
    await sandbox.workspace.until(
        lambda: [call for call in sandbox.workspace.calls if call.outcome == "missing_scope"], 10.0
    )
    sandbox.workspace.scopes.add("chat:write")
    return thread


async def test_what_failed_is_listed_and_answered_again_by_the_bot_that_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    """It is told at once; nothing is left on the list."""
    async with process(sandbox, tmp_path):
        thread = await refused(sandbox, "hi")
        await ask(sandbox, "something else")
        listed = await told(tmp_path, "turns", "--failed")
        assert "failed" in listed
        assert "SlackRefusal" in listed
        assert "being answered" in await told(tmp_path, "again", link(sandbox, thread))
        assert len(await answered(sandbox, thread)) == 1
        await wait_for_column(
            tmp_path / "confab.db", "SELECT 1 FROM turns WHERE state = 'open'", lambda found: not found
        )
    assert await told(tmp_path, "turns") == "None.\n"
    assert "neither failed" in await told(tmp_path, "again", link(sandbox, thread), status=1)


async def test_what_failed_is_answered_again_after_the_next_start(sandbox: Sandbox, tmp_path: Path) -> None:
    """Where no bot runs, the rows wait for one."""
    async with process(sandbox, tmp_path):
        thread = await refused(sandbox, "hi")
        await ask(sandbox, "something else")
    assert "when Confab starts" in await told(tmp_path, "again", link(sandbox, thread))
    assert "open" in await told(tmp_path, "turns")
    async with process(sandbox, tmp_path):
        assert len(await answered(sandbox, thread)) == 1


async def test_a_link_of_discord_is_understood(sandbox: Sandbox, tmp_path: Path) -> None:
    """Also where it leads into a thread."""
    async with process_in_discord(sandbox, tmp_path) as bot:
        sandbox.model.script.append(Reply("hello"))
        thread = await sandbox.guild.say(IN_DISCORD, mention_in_discord("hi"))
        await shows(sandbox, thread, "hello")
        bot.terminate()
        await bot.wait()
    answer = list(sandbox.guild.channels[thread].posts)[-1]
    for name in (f"https://discord.com/channels/1/2/{thread}", f"https://discord.com/channels/1/{thread}/{answer}"):
        assert "discord/" in await told(tmp_path, "why", name)


async def test_an_attempt_that_failed_stands_in_the_timeline(sandbox: Sandbox, tmp_path: Path) -> None:
    """With the class of its error, and before the one that did not."""
    async with process(sandbox, tmp_path) as bot:
        await ask(sandbox, "hi")
        bot.terminate()
        await bot.wait()
    change(
        tmp_path / "confab.db",
        "INSERT INTO steps (turn_id, name, at, detail) SELECT id, 'troubled', received_at + 0.001, ? FROM turns",
        '{"error": "ValueError"}',
    )
    thread = next(iter(sandbox.workspace.posts(GENERAL))).ts
    assert "troubled    ValueError" in await told(tmp_path, "why", thread)
