"""The bot as a process that serves Discord: what it loads, how it ends, and that a kill loses nothing."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from deploy.sandbox.discord.nonces import Nonces
from deploy.sandbox.discord.roster import GENERAL
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.command import Command, start_command
from tests.support.discord_room import answered, answers, ask, mention, shows
from tests.support.room import ask as ask_in_slack

TELLING_SDKS = """
import atexit, runpy, sys
known = ("discord", "slack_bolt", "slack_sdk")
atexit.register(lambda: print(f"loaded: {' '.join(name for name in known if name in sys.modules)}."))
sys.argv = ["bots", "run"]
runpy.run_module("bots", run_name="__main__")
"""


def environ(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """Return the environment with which a bot joins the pretend Discord alone."""
    return {
        "PATH": os.environ["PATH"],
        "DISCORD_TOKEN": sandbox.guild.token,
        "DISCORD_API_URL": sandbox.discord_api_url,
        "OPENAI_BASE_URL": sandbox.openai_base_url,
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_MODEL": "stand-in",
        "CONFAB_DATABASE": str(folder / "confab.db"),
        "CONFAB_EDIT_INTERVAL": "0.2",
        "CONFAB_CHECK_AT_START": "false",
    }


def slack_environ(sandbox: Sandbox) -> dict[str, str]:
    """Return what lets it join the pretend Slack as well."""
    workspace = sandbox.workspace
    return {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": sandbox.slack_api_url,
    }


async def started(environment: dict[str, str], *command: str) -> Process | Command:
    """Start `python -m bots run`, or another command of Python's in an interpreter that has loaded nothing."""
    if not command:
        return await start_command("run", environ=environment)
    return await asyncio.create_subprocess_exec(sys.executable, *command, env=environment, stdout=PIPE, stderr=PIPE)


@asynccontextmanager
async def process(sandbox: Sandbox, folder: Path, *command: str, **more: str) -> AsyncIterator[Process | Command]:
    """Run a bot and wait until it is connected; kill it at the end where it still runs."""
    bot = await started({**environ(sandbox, folder), **more}, *command)
    try:
        await sandbox.guild.until(lambda: sandbox.guild.connected == 1, 90.0)
        yield bot
    finally:
        if bot.returncode is None:
            bot.kill()
        await bot.communicate()
        await sandbox.guild.until(lambda: sandbox.guild.connected == 0)


async def ended(bot: Process | Command) -> tuple[int | None, str]:
    """Wait for the end; return the exit code and what was said on both streams."""
    out, err = await asyncio.wait_for(bot.communicate(), 90)
    return bot.returncode, (out + err).decode()


async def test_a_wrong_token_ends_with_one_sentence_and_its_own_exit_code(sandbox: Sandbox, tmp_path: Path) -> None:
    """It says where to get another, and does not repeat it."""
    code, said = await ended(await started({**environ(sandbox, tmp_path), "DISCORD_TOKEN": "not.a.token"}))
    assert code == 77
    assert "DISCORD_TOKEN" in said
    assert "not.a.token" not in said
    assert "Traceback" not in said


async def test_a_missing_intent_ends_with_one_sentence_and_its_own_exit_code(sandbox: Sandbox, tmp_path: Path) -> None:
    """It names the switch, and the setting that does without."""
    sandbox.guild.message_content = False
    insisting = {**environ(sandbox, tmp_path), "CONFAB_DISCORD_MESSAGE_CONTENT": "on"}
    code, said = await ended(await started(insisting))
    assert code == 76
    assert "Message Content Intent" in said
    assert "CONFAB_DISCORD_MESSAGE_CONTENT=off" in said
    assert "Traceback" not in said


async def test_a_platform_without_a_token_is_not_imported(sandbox: Sandbox, tmp_path: Path) -> None:
    """Who serves Discord alone loads nothing of Slack."""
    async with process(sandbox, tmp_path, "-c", TELLING_SDKS) as bot:
        await ask(sandbox, "hi")
        bot.send_signal(signal.SIGTERM)
        code, said = await ended(bot)
    assert code == 0
    assert "loaded: discord." in said


async def test_slack_alone_loads_nothing_of_discord(sandbox: Sandbox, tmp_path: Path) -> None:
    """The other way round."""
    environment = {**environ(sandbox, tmp_path), **slack_environ(sandbox), "DISCORD_TOKEN": ""}
    bot = await started(environment, "-c", TELLING_SDKS)
    await sandbox.workspace.until(lambda: sandbox.workspace.connected == 1, 90.0)
    bot.send_signal(signal.SIGTERM)
    assert "loaded: slack_bolt slack_sdk." in (await ended(bot))[1]


async def test_both_platforms_are_served_by_one_process(sandbox: Sandbox, tmp_path: Path) -> None:
    """From one database, and it is ready when both are."""
    more = {**slack_environ(sandbox), "CONFAB_HEALTH_PORT": "0"}
    async with process(sandbox, tmp_path, **more) as bot:
        assert bot.stderr is not None
        async for line in bot.stderr:
            if b"health on" in line:
                port = int(line.decode().split("port=")[1].split()[0])
            if b"is listening" in line:
                break
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/health") as answer:
            assert answer.status == 200
        await ask(sandbox, "hi")
        await ask_in_slack(sandbox, "hi")


@pytest.mark.parametrize("nonce_is_known", [True, False])
async def test_a_part_of_which_a_killed_bot_never_learned_is_not_posted_again(
    sandbox: Sandbox, tmp_path: Path, nonce_is_known: bool
) -> None:
    """Under the same nonce Discord returns it, and after that has been forgotten it is found in the channel."""
    sandbox.guild.faults.dropped_reply["create_message"] = 1_000
    sandbox.model.script.extend([Reply("once")] * 2)  # the second is not asked for where the first was kept in time
    async with process(sandbox, tmp_path) as bot:
        thread = await sandbox.guild.say(GENERAL, mention("hi"))
        await shows(sandbox, thread, "once")
        bot.kill()
        await bot.wait()
    sandbox.guild.faults.clear()
    if not nonce_is_known:
        sandbox.guild.nonces = Nonces()
    sandbox.model.script.clear()
    sandbox.model.script.extend([Reply("once")] * 2)
    async with process(sandbox, tmp_path) as bot:
        await ask(sandbox, "is that all?")
        bot.send_signal(signal.SIGTERM)
        await bot.wait()
    assert answers(sandbox, thread) == ["once"]


async def test_an_answer_that_was_killed_is_finished_by_the_next_start(sandbox: Sandbox, tmp_path: Path) -> None:
    """What stood there is taken up again, and what was asked meanwhile is answered too."""
    hold = asyncio.Event()
    sandbox.model.script.append(Reply(pieces=("half of", " it"), hold=hold))
    async with process(sandbox, tmp_path) as bot:
        thread = await sandbox.guild.say(GENERAL, mention("hi"))
        await shows(sandbox, thread, "half of")
        bot.kill()
        await bot.wait()
    hold.set()
    sandbox.model.script.extend([Reply("all of it")] * 2)
    other = await sandbox.guild.say(GENERAL, mention("are you back?"))
    async with process(sandbox, tmp_path):
        await shows(sandbox, thread, "all of it")
        assert await answered(sandbox, other) == ["all of it"]
    assert len(answers(sandbox, thread)) == 1
