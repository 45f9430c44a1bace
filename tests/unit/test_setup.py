"""`python -m bots setup`: what is asked, what is said of a wrong answer, what is written, and the first message."""

import asyncio
import json
import os
import pty
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bots.setup.answers import KINDS, clean_answer, find_answer_fault
from bots.setup.env_file import parse_env_file
from bots.setup.walk import set_up
from deploy.sandbox.wire.server import Sandbox
from tests.support.command import start_command
from tests.unit.test_doctor import answer_pages, leave_channels, revoke, switch_intent_off, unscope

ROOT = Path(__file__).parents[2]
BROKEN_FILE = "# Mine\nOPENAI_API_KEY=sk-mine\nKEPT=as it is\n"


def known(sandbox: Sandbox) -> dict[str, str]:
    """Return what is set before anybody asks: where the sandbox is, and its model."""
    return {
        "SLACK_API_URL": sandbox.slack_api_url,
        "DISCORD_API_URL": sandbox.discord_api_url,
        "OPENAI_BASE_URL": sandbox.openai_base_url,
        "OPENAI_API_KEY": "sk-mine",
        "OPENAI_MODEL": "stand-in",
    }


async def walk(folder: Path, environ: dict[str, str], typed: list[str]) -> Result:
    """Return what the walk printed and how it ended, with these lines typed."""
    arguments = ["--no-wait", "--env-file", str(folder / ".env")]
    runner = CliRunner(env={"HOME": str(folder), **environ})
    return await asyncio.to_thread(runner.invoke, set_up, arguments, input="".join(f"{line}\n" for line in typed))


@dataclass(frozen=True, slots=True)
class Row:
    """A set-up that is broken in one way: what is typed first, and words of what is said of it."""

    what: str
    typed: tuple[str, ...]
    words: tuple[str, ...]
    break_it: Callable[[Sandbox], None] = lambda _: None
    settings: dict[str, str] = field(default_factory=dict)


HEX = "0123456789abcdef"
NOWHERE, CLOSED = "http://confab-nowhere.invalid", "http://127.0.0.1:9"
ROWS = (
    Row("the signing secret", ("1", HEX * 2), ("This is Slack's signing secret", "not Slack's bot token")),
    Row("the app's token", ("1", "xapp-1-A0CONFAB12-1-ab"), ("This is Slack's app-level token",)),
    Row("a user's token", ("1", "xoxp-1-2-3"), ("This is a Slack user's token",)),
    Row("a token that expires", ("1", "xoxe.xoxb-1-abc"), ("token rotation is on",)),
    Row("a client id", ("1", "1234567890.1234567890123"), ("a Slack client id",)),
    Row("words", ("1", "my token"), ("has a space",)),
    Row("half a token", ("1", "xoxb"), ("does not look like Slack's bot token",)),
    Row("nothing", ("1", ""), ("SLACK_BOT_TOKEN is needed",)),
    Row("an unknown token", ("1", "xoxb-1-unknown"), ("Slack does not know SLACK_BOT_TOKEN",)),
    Row("Discord's token for Slack", ("1", "DISCORD"), ("This is Discord's bot token",)),
    Row("a revoked token", ("1", "SLACK"), ("revoked", "install it again"), revoke("token_revoked")),
    Row("a vital scope", ("1", "SLACK"), ("The scope chat:write is missing",), unscope("chat:write")),
    Row("a scope", ("1", "SLACK"), ("The scope files:read is missing", "skip goes on"), unscope("files:read")),
    Row("a proxy in the way", ("1", "SLACK"), ("web page",), answer_pages),
    Row("no DNS", ("1", "SLACK"), ("Cannot reach", "DNS"), settings={"SLACK_API_URL": f"{NOWHERE}/api/"}),
    Row("no network", ("1", "SLACK"), ("Cannot reach", "skip"), settings={"SLACK_API_URL": f"{CLOSED}/api/"}),
    Row("the bot's token twice", ("1", "SLACK", "SLACK"), ("not Slack's app-level token",)),
    Row("an unknown app token", ("1", "SLACK", "xapp-1-unknown"), ("connections:write",)),
    Row("in no channel", ("1", "SLACK", "APP"), ("/invite",), leave_channels),
    Row("Discord's id", ("2", "1200000000000000010"), ("This is a Discord id", "not Discord's bot token")),
    Row("Discord's public key", ("2", HEX * 4), ("public key",)),
    Row("Discord's client secret", ("2", "Ab" * 16), ("client secret",)),
    Row("a webhook", ("2", "https://discord.com/api/webhooks/1/x"), ("webhook",)),
    Row("Slack's token for Discord", ("2", "SLACK"), ("This is Slack's bot token",)),
    Row("the intent", ("2", "DISCORD"), ("Message Content Intent is off", "skip"), switch_intent_off),
    Row("Discord away", ("2", "DISCORD"), ("Cannot reach",), settings={"DISCORD_API_URL": f"{CLOSED}/api/v10"}),
    Row(
        "a misspelt setting",
        ("n",),
        ("CONFAB_ATTEMPS is no setting; CONFAB_ATTEMPTS is",),
        settings={"CONFAB_ATTEMPS": "2"},
    ),
    Row("another program's name", ("n",), ("OPENAI_BASE_URL",), settings={"OPENAI_API_BASE": "http://x/v1"}),
    Row("a renamed model", ("2", "DISCORD"), ("OPENAI_MODEL",), settings={"OPENAI_MODEL": "gone"}),
    Row("no such model server", ("2", "DISCORD"), ("Cannot reach",), settings={"OPENAI_BASE_URL": f"{CLOSED}/v1"}),
)


def typed_lines(sandbox: Sandbox, typed: tuple[str, ...]) -> list[str]:
    """Return what is typed, with the sandbox's own tokens for their names."""
    tokens = {"SLACK": sandbox.workspace.bot_token, "APP": sandbox.workspace.app_token, "DISCORD": sandbox.guild.token}
    return [tokens.get(line, line) for line in typed]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
async def test_what_is_wrong_is_said_and_asked_again_and_the_file_stays_whole(
    sandbox: Sandbox, tmp_path: Path, row: Row
) -> None:
    """The input ends there, as with Ctrl-D: nothing wrong is written, and no secret is printed."""
    (tmp_path / ".env").write_text(BROKEN_FILE)
    row.break_it(sandbox)
    typed = typed_lines(sandbox, row.typed)
    ended = await walk(tmp_path, {**known(sandbox), **row.settings}, typed)
    assert [word for word in row.words if word not in ended.output] == [], ended.output
    assert ended.exit_code == 1
    assert "Stopped." in ended.output
    file = (tmp_path / ".env").read_text()
    assert file.startswith(BROKEN_FILE)
    assert set(parse_env_file(file)) <= {"OPENAI_API_KEY", "KEPT", "SLACK_BOT_TOKEN", "DISCORD_TOKEN"}
    assert all(ended.output.count(line) <= typed.count(line) for line in typed if len(line) > 20)  # as it was typed


async def test_one_thing_after_the_other_is_asked_checked_and_written(sandbox: Sandbox, tmp_path: Path) -> None:
    """Wrong answers between them do no harm; a pasted line with its name in it is understood."""
    (tmp_path / ".env").write_text(BROKEN_FILE)
    slack, app, discord = typed_lines(sandbox, ("SLACK", "APP", "DISCORD"))
    typed = ["3", HEX * 2, f'SLACK_BOT_TOKEN="{slack}"', slack, app, f"Bot {discord}"]
    ended = await walk(tmp_path, known(sandbox), typed)
    assert ended.exit_code == 0, ended.output
    file = (tmp_path / ".env").read_text()
    assert file == f"{BROKEN_FILE}SLACK_BOT_TOKEN={slack}\nSLACK_APP_TOKEN={app}\nDISCORD_TOKEN={discord}\n"
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    for words in (
        "manifest_yaml=",
        "It is confab in the workspace Sandbox",
        "Slack says hello over a socket",
        "answers, after",
    ):
        assert words in ended.output


async def test_a_configuration_token_makes_the_app_and_is_kept_nowhere(sandbox: Sandbox, tmp_path: Path) -> None:
    """Slack is given the whole manifest; what it says of a token that has expired is said, and the walk goes on."""
    slack, app, _ = typed_lines(sandbox, ("SLACK", "APP", "DISCORD"))
    token = sandbox.workspace.configuration_token
    sandbox.workspace.faults.codes["apps.manifest.create"] = ["token_expired"]
    ended = await walk(tmp_path, known(sandbox), ["1", "xoxe.xoxp-1-unknown", token, token, slack, app])
    assert ended.exit_code == 0, ended.output
    for words in ("does not know this token", "has expired", f"apps/{sandbox.workspace.app_id}/install-on-team"):
        assert words in ended.output
    made = [call for call in sandbox.workspace.calls if call.method == "apps.manifest.create"]
    assert json.loads(made[-1].arguments["manifest"]) == json.loads((ROOT / "deploy/slack-manifest.json").read_text())
    assert token not in (tmp_path / ".env").read_text()


async def test_what_can_be_done_without_is_left_out_with_a_word(sandbox: Sandbox, tmp_path: Path) -> None:
    """A warning holds nobody up; once it is mended, Enter looks again."""
    switch_intent_off(sandbox)
    leave_channels(sandbox)
    typed = ["3", *typed_lines(sandbox, ("SLACK", "APP")), "skip", *typed_lines(sandbox, ("DISCORD",)), "", "skip"]
    ended = await walk(tmp_path, known(sandbox), typed)
    assert ended.exit_code == 0, ended.output
    assert ended.output.count("Message Content Intent is off") == 2


async def test_a_second_walk_asks_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """It only looks whether all is still well, and the file is not written."""
    lines = [*known(sandbox).items(), ("DISCORD_TOKEN", sandbox.guild.token)]
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in lines))
    before = (tmp_path / ".env").stat()
    ended = await walk(tmp_path, {}, [])
    assert ended.exit_code == 0, ended.output
    assert (tmp_path / ".env").stat().st_ino == before.st_ino


async def test_a_model_that_was_renamed_is_asked_for_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """What is right is kept by Enter."""
    environ = {**known(sandbox), "DISCORD_TOKEN": sandbox.guild.token}
    wrong = {name: environ.pop(name) for name in ("OPENAI_MODEL", "OPENAI_BASE_URL", "OPENAI_API_KEY")}
    wrong["OPENAI_MODEL"] = "stand-inn"
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in wrong.items()))
    ended = await walk(tmp_path, environ, ["", "", "stand-in"])
    assert ended.exit_code == 0, ended.output
    assert parse_env_file((tmp_path / ".env").read_text()) == {**wrong, "OPENAI_MODEL": "stand-in"}


def test_an_answer_is_known_for_what_it_is() -> None:
    """Each kind by its form, and none by another's; a key of an unknown maker has none."""
    assert find_answer_fault("0123456789abcdef0123456789abcdef", "") == ""
    assert "configuration token" in find_answer_fault("xoxe.xoxp-1-abc", "")
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert clean_answer("  export SLACK_BOT_TOKEN='xoxb-1' \n") == "xoxb-1"
    assert clean_answer("\u201cBearer sk-1\u201d") == "sk-1"


async def test_ctrl_c_leaves_the_file_whole(sandbox: Sandbox, tmp_path: Path) -> None:
    """On a terminal; it says so in a sentence. What the end of input does is seen with each broken set-up."""
    (tmp_path / ".env").write_text(BROKEN_FILE)
    parent, child = pty.openpty()
    environ = {**known(sandbox), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a child ignores it where we do
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bots", "setup", cwd=tmp_path, env=environ, stdin=child, stdout=PIPE, stderr=child
    )
    signal.signal(signal.SIGINT, heard)
    os.close(child)
    assert process.stdout
    async with asyncio.timeout(60):
        said = ""
        while "Which one?" not in said:
            said += (await process.stdout.read(1_000)).decode()
        ended = asyncio.create_task(process.wait())
        while not ended.done():  # one that comes just before a read begins is seen with the next
            process.send_signal(signal.SIGINT)
            await asyncio.wait({ended}, timeout=5.0)
        rest = (await process.stdout.read()).decode()
        assert await process.wait() == 1
    os.close(parent)
    assert "Stopped." in rest
    assert "Traceback" not in rest
    assert (tmp_path / ".env").read_text() == BROKEN_FILE


async def test_it_ends_with_a_first_message_that_was_heard_and_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    """The bot runs for that long; its own words are told where it ends by itself."""
    environ = {**known(sandbox), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "CONFAB_CHECK_AT_START": "false"}
    environ |= {"SLACK_BOT_TOKEN": sandbox.workspace.bot_token, "SLACK_APP_TOKEN": sandbox.workspace.app_token}
    process = await start_command("setup", environ=environ, folder=tmp_path)
    said = ""
    async with asyncio.timeout(90):
        while "It is on." not in said:
            line = await process.stdout.readline()
            assert line, said
            said += line.decode()
        await sandbox.workspace.say("C0GENERAL", "<@U0CONFAB1> hello", "U0ADA1234")
        said += (await process.stdout.read()).decode()
        assert await process.wait() == 0, said
    assert "Heard: a message in C0GENERAL on slack" in said
    assert "Answered, after" in said
    assert sandbox.workspace.connected == 0
