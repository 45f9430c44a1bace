"""The bot as a process: it starts with sentences, stops cleanly, and goes on where a killed one left off."""

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

from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL
from tests.support.command import Command, start_command
from tests.support.room import answered, answers, ask, mention, prompt


def environ(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """Return the environment with which a bot joins the sandbox."""
    return {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": sandbox.workspace.bot_token,
        "SLACK_APP_TOKEN": sandbox.workspace.app_token,
        "SLACK_API_URL": sandbox.slack_api_url,
        "OPENAI_BASE_URL": sandbox.openai_base_url,
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_MODEL": "stand-in",
        "CONFAB_DATABASE": str(folder / "confab.db"),
        "CONFAB_EDIT_INTERVAL": "0.2",
        "CONFAB_CHECK_AT_START": "false",
        "CONFAB_SILENCE_TIMEOUT": "600",  # a busy machine takes long for what a test does in mid-answer
    }


@asynccontextmanager
async def process(sandbox: Sandbox, folder: Path, **more: str) -> AsyncIterator[Command]:
    """Run a bot and wait until it listens; kill it at the end where it still runs."""
    bot = await start_command("run", environ={**environ(sandbox, folder), **more})
    try:
        await sandbox.workspace.until(lambda: sandbox.workspace.connected == 1, 90.0)
        yield bot
    finally:
        if bot.returncode is None:
            bot.kill()
        await bot.communicate()
        await sandbox.workspace.until(lambda: sandbox.workspace.connected == 0)


async def ended(bot: Process | Command) -> tuple[int | None, str]:
    """Wait for the end; return the exit code and what was said on both streams."""
    out, err = await asyncio.wait_for(bot.communicate(), 90)
    return bot.returncode, (out + err).decode()


async def test_what_is_missing_is_said_all_at_once_with_its_own_exit_code(tmp_path: Path) -> None:
    """No traceback: a sentence for each thing to mend."""
    given = {"PATH": os.environ["PATH"], "CONFAB_TOP_P": "7", "HOME": str(tmp_path)}
    command = (sys.executable, "-m", "bots", "run")
    code, said = await ended(await asyncio.create_subprocess_exec(*command, env=given, stdout=PIPE, stderr=PIPE))
    assert code == 78
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "OPENAI_API_KEY", "CONFAB_TOP_P"):
        assert name in said
    assert "Traceback" not in said


async def test_a_refused_token_is_said_in_one_sentence(sandbox: Sandbox, tmp_path: Path) -> None:
    """Slack's own code stands in it, the token does not."""
    code, said = await ended(
        await start_command("run", environ={**environ(sandbox, tmp_path), "SLACK_BOT_TOKEN": "xoxb-wrong"})
    )
    assert code == 69
    assert "invalid_auth" in said
    assert "SLACK_BOT_TOKEN" in said
    assert "xoxb-wrong" not in said
    assert "Traceback" not in said


async def test_an_address_without_its_version_is_mended_at_the_start(sandbox: Sandbox, tmp_path: Path) -> None:
    """No question is asked in vain, and the log says what to write."""
    bare = sandbox.openai_base_url.removesuffix("/v1")
    async with process(sandbox, tmp_path, OPENAI_BASE_URL=bare) as bot:
        await ask(sandbox, "hello?")
        assert [request.status for request in sandbox.model.requests] == [200]
        bot.send_signal(signal.SIGTERM)
        assert "lacks /v1 at its end" in (await ended(bot))[1]


async def test_a_second_bot_on_the_same_file_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """The first one is not disturbed."""
    async with process(sandbox, tmp_path):
        code, said = await ended(await start_command("run", environ=environ(sandbox, tmp_path)))
        assert code == 75
        assert "CONFAB_DATABASE" in said
        assert "Traceback" not in said
        await ask(sandbox, "still there?")


async def test_sigterm_finishes_what_is_being_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nothing new is begun, and the exit code is 0."""
    async with process(sandbox, tmp_path) as bot:
        hold = asyncio.Event()
        sandbox.model.script.append(Reply(pieces=("so far", " and whole"), hold=hold))
        thread = await sandbox.workspace.say(GENERAL, mention("go on"))
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["so far"])
        bot.send_signal(signal.SIGTERM)
        await sandbox.workspace.until(lambda: sandbox.workspace.connected == 0)
        hold.set()
        code, said = await ended(bot)
        assert code == 0
        assert "Traceback" not in said
        assert answers(sandbox, thread) == ["so far and whole"]


async def test_what_does_not_fit_into_the_grace_time_is_left_for_the_next_start(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """The same message grows on; nothing is answered beside it."""
    async with process(sandbox, tmp_path, CONFAB_GRACE="0.2") as bot:
        sandbox.model.script.append(Reply(pieces=("so far", " and whole"), hold=asyncio.Event()))
        thread = await sandbox.workspace.say(GENERAL, mention("go on"))
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["so far"])
        bot.send_signal(signal.SIGTERM)
        assert (await ended(bot))[0] == 0
    sandbox.model.script.append(Reply("from the beginning"))
    async with process(sandbox, tmp_path):
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["from the beginning"])


async def test_a_killed_bot_answers_after_its_restart_what_it_had_acknowledged(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """In order, each once, going on in the message that was visible."""
    async with process(sandbox, tmp_path) as bot:
        sandbox.model.script.append(Reply(pieces=("so far", " and whole"), hold=asyncio.Event()))
        thread = await sandbox.workspace.say(GENERAL, mention("first"))
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["so far"])
        await sandbox.workspace.say(GENERAL, "second", thread_ts=thread)
        await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
        bot.kill()
        await bot.wait()
    sandbox.model.script.extend([Reply("one"), Reply("two")])
    async with process(sandbox, tmp_path):
        await answered(sandbox, thread, 2)
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["one", "two"])
        assert prompt(sandbox.model.requests[-1]) == ["first", "one", "second"]


async def test_the_log_holds_no_text_and_no_token(sandbox: Sandbox, tmp_path: Path) -> None:
    """Not even at its most talkative."""
    async with process(sandbox, tmp_path, CONFAB_LOG_LEVEL="debug", CONFAB_LOG_FORMAT="json") as bot:
        sandbox.model.script.append(Reply("a heron's answer"))
        await ask(sandbox, "a heron's question")
        bot.send_signal(signal.SIGTERM)
        code, said = await ended(bot)
    assert code == 0
    assert "confab is listening" in said
    for secret in ("heron", "xoxb-", "xapp-", "sk-test"):
        assert secret not in said


async def test_health_is_served_where_a_port_is_given(sandbox: Sandbox, tmp_path: Path) -> None:
    """0 takes any free one and says which; PORT alone opens nothing, where no events come over HTTP."""
    async with process(sandbox, tmp_path, CONFAB_HEALTH_PORT="0", PORT="1", CONFAB_LOG_FORMAT="json") as bot:
        assert bot.stderr
        port = 0
        while not port:
            line = (await asyncio.wait_for(bot.stderr.readline(), 60)).decode()
            port = int(line.split('"port": ')[1].split(",")[0]) if '"port"' in line else 0
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/health") as answer:
            assert answer.status == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_idle_bot_stops_at_once(sandbox: Sandbox, tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C leaves no trace."""
    async with process(sandbox, tmp_path) as bot:
        bot.send_signal(number)
        code, said = await ended(bot)
    assert code == 0
    assert "Traceback" not in said
