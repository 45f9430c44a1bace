"""What `python -m bots doctor` says of set-ups that are broken in one way each: by its name, and with what mends it."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web

from bots import http
from bots.doctor.check import Check, clock_check
from bots.doctor.database import check_room
from bots.doctor.examination import SUBJECTS, examine, format_checks, is_well
from bots.doctor.model import QUESTION
from bots.doctor.settings import check_encoding, check_settings
from bots.doctor.versions import judge_versions
from bots.http_settings import HttpSettings
from bots.metrics import EventLoopLag
from bots.settings import Settings
from core.storage.store import Store
from core.storage.tool_pins import pin_tools
from deploy.sandbox.discord.intents import LIMITED_MESSAGE_CONTENT
from deploy.sandbox.discord.permissions import Overwrite, Permission
from deploy.sandbox.discord.roster import BOT_ROLE, EVERYONE, GENERAL, LOUNGE
from deploy.sandbox.openai.model import FAULTS, TRIAL, Fault, Reply, refusal
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import Setup, running
from tests.support.command import start_command
from tests.support.database import change, held_alone
from tests.support.mcp_servers import servers_file
from tests.support.pages import served_pages
from tests.support.sandbox_slack import web_served

SECRETS = ("sk-secret-0123456789", "xapp-", "xoxb-")
HEARD = "The weather is very nice today."


def environ(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """Return the environment of a bot that is well, on both platforms."""
    sandbox.model.sounds.prose = HEARD
    return {
        "SLACK_BOT_TOKEN": sandbox.workspace.bot_token,
        "SLACK_APP_TOKEN": sandbox.workspace.app_token,
        "SLACK_API_URL": sandbox.slack_api_url,
        "DISCORD_TOKEN": sandbox.guild.token,
        "DISCORD_API_URL": sandbox.discord_api_url,
        "OPENAI_BASE_URL": sandbox.openai_base_url,
        "OPENAI_API_KEY": SECRETS[0],
        "OPENAI_MODEL": "stand-in",
        "CONFAB_DATABASE": str(folder / "confab.db"),
    }


def revoke(code: str) -> Callable[[Sandbox], None]:
    """Return what makes Slack refuse the bot's token with this code."""

    def break_it(sandbox: Sandbox) -> None:
        sandbox.workspace.faults.token_refused = code

    return break_it


def unscope(scope: str) -> Callable[[Sandbox], None]:
    """Return what takes one scope of the Slack app away."""
    return lambda sandbox: sandbox.workspace.scopes.discard(scope)


def answer_trial(step: Reply | Fault) -> Callable[[Sandbox], None]:
    """Return what makes the model answer the one word in another way."""

    def break_it(sandbox: Sandbox) -> None:
        sandbox.model.trial = step

    return break_it


def set_moderation(fault: Fault) -> Callable[[Sandbox], None]:
    """Return what makes /moderations answer with a fault."""

    def break_it(sandbox: Sandbox) -> None:
        sandbox.model.moderation.fault = fault

    return break_it


def shift_clocks(sandbox: Sandbox) -> None:
    """Let Slack's and Discord's clocks be an hour ahead."""
    sandbox.workspace.faults.clock_ahead = sandbox.guild.faults.clock_ahead = 3_600.0


def answer_pages(sandbox: Sandbox) -> None:
    """Let a web page answer in place of both platforms."""
    sandbox.workspace.faults.web_page = sandbox.guild.faults.web_page = True


def forbid_threads(sandbox: Sandbox) -> None:
    """Take a right away from the bot in the whole server."""
    roles = sandbox.guild.roles
    for name in (EVERYONE, BOT_ROLE):
        roles[name] = replace(roles[name], permissions=roles[name].permissions & ~Permission.CREATE_PUBLIC_THREADS)


def flag_nothing(sandbox: Sandbox) -> None:
    """Let moderation find nothing in anything."""
    sandbox.model.moderation.scores = lambda _: {"violence": 0.0}


def mishear(sandbox: Sandbox) -> None:
    """Let the transcriber write other words."""
    sandbox.model.sounds.prose = "Thank you for watching."


def sign_in_too_often(sandbox: Sandbox) -> None:
    """Use up the sign-ins of a day."""
    sandbox.guild.gateway.identifies_left = 0


def switch_intent_off(sandbox: Sandbox) -> None:
    """Switch the message-content intent off."""
    sandbox.guild.gateway.flags &= ~LIMITED_MESSAGE_CONTENT


def leave_channels(sandbox: Sandbox) -> None:
    """Take the bot out of every channel."""
    for room in sandbox.workspace.channels.values():
        room.members.discard(sandbox.workspace.bot_user)


def refuse_sockets(sandbox: Sandbox) -> None:
    """Let no websocket be opened, though Slack gives an address for one."""
    sandbox.workspace.faults.refuse_sockets = True


def forbid_in_general(sandbox: Sandbox) -> None:
    """Take a right away from the bot in one channel alone."""
    deny = Overwrite(deny=Permission.SEND_MESSAGES_IN_THREADS)
    sandbox.guild.channels[GENERAL].overwrites[BOT_ROLE] = deny


def do_nothing(_: Sandbox) -> None:
    """Break nothing in the sandbox."""


async def _no_trouble() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Row:
    """A set-up that is broken in one way, the check that finds it, and words of what is said to mend it."""

    what: str
    check: str
    words: tuple[str, ...]
    break_it: Callable[[Sandbox], None] = do_nothing
    settings: dict[str, str] = field(default_factory=dict)
    outcome: str = "fail"


OURS = http.health_routes(http.Health((), _no_trouble), EventLoopLag())
NOWHERE = "http://confab-nowhere.invalid"
CLOSED = "http://127.0.0.1:9"
HTTP = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "a-secret-of-slack"}
ROWS = (
    Row(
        "Slack's token is unknown", "slack.token", ("SLACK_BOT_TOKEN", "OAuth"), settings={"SLACK_BOT_TOKEN": "xoxb-0"}
    ),
    Row("Slack's token was revoked", "slack.token", ("revoked", "install it again"), revoke("token_revoked")),
    Row("Slack's token has expired", "slack.token", ("expired", "rotation"), revoke("token_expired")),
    Row("the app was removed", "slack.token", ("removed", "install it again"), revoke("account_inactive")),
    Row("Slack refuses with a new code", "slack.token", ("ekm_access_denied",), revoke("ekm_access_denied")),
    Row("a vital scope is missing", "slack.scopes", ("chat:write", "add chat:write"), unscope("chat:write")),
    Row("the scope for mentions", "slack.scopes", ("app_mentions:read",), unscope("app_mentions:read")),
    Row("a scope is missing", "slack.scopes", ("files:read", "reads no files"), unscope("files:read"), outcome="warn"),
    Row("a scope of history", "slack.scopes", ("im:history", "direct"), unscope("im:history"), outcome="warn"),
    Row("Slack's app token is unknown", "slack.socket", ("connections:write",), settings={"SLACK_APP_TOKEN": "xapp-0"}),
    Row("no websocket is let through", "slack.socket", ("firewall", "wss-primary"), refuse_sockets),
    Row(
        "a channel that Slack does not have",
        "slack.channels",
        ("C0NOWHERE", "/invite"),
        settings={"CONFAB_MODERATORS": "slack:C0NOWHERE"},
        outcome="warn",
    ),
    Row(
        "a channel that the bot is not in",
        "slack.channels",
        ("C0LOUNGE", "/invite"),
        settings={"CONFAB_CHANNELS": '{"slack:C0LOUNGE": {"follow_ups": false}}'},
        outcome="warn",
    ),
    Row(
        "a Request URL that is somebody else's",
        "slack.events",
        ("not Confab", "SLACK_SIGNING_SECRET"),
        settings=HTTP | {"SLACK_REQUEST_URL": "{sandbox}/slack/events"},
    ),
    Row(
        "a Request URL at which nothing listens",
        "slack.events",
        ("SLACK_REQUEST_URL",),
        settings=HTTP | {"SLACK_REQUEST_URL": f"{CLOSED}/slack/events"},
    ),
    Row("Slack's name is not found", "slack.reach", ("DNS",), settings={"SLACK_API_URL": f"{NOWHERE}/api/"}),
    Row("Slack is not there", "slack.reach", ("nothing listens",), settings={"SLACK_API_URL": f"{CLOSED}/api/"}),
    Row("a proxy answers for Slack", "slack.token", ("web page", "HTTPS_PROXY"), answer_pages),
    Row("an hour behind Slack", "slack.clock", ("60 minutes behind", "Set the clock"), shift_clocks),
    Row("Slack's bot is in no channel", "slack.channels", ("/invite",), leave_channels, outcome="warn"),
    Row("Discord's token is unknown", "discord.token", ("Reset Token",), settings={"DISCORD_TOKEN": "x.y.z"}),
    Row("Discord's token has a line end", "discord.token", ("Reset Token",), settings={"DISCORD_TOKEN": "x\ny"}),
    Row("the intent is off", "discord.intents", ("Message Content Intent",), switch_intent_off, outcome="warn"),
    Row(
        "the intent is off and wanted",
        "discord.intents",
        ("cannot start", "=off"),
        switch_intent_off,
        {"CONFAB_DISCORD_MESSAGE_CONTENT": "on"},
    ),
    Row(
        "a right is missing", "discord.rights", ("Create Public Threads", "client_id="), forbid_threads, outcome="warn"
    ),
    Row(
        "a right is missing in one channel",
        "discord.rights",
        ("#general", "Send Messages in Threads"),
        forbid_in_general,
        outcome="warn",
    ),
    Row(
        "a channel that Discord does not show the bot",
        "discord.channels",
        (LOUNGE, "Copy Channel ID"),
        settings={"CONFAB_MODERATORS": f"discord:{LOUNGE}"},
        outcome="warn",
    ),
    Row("Discord's name is not found", "discord.reach", ("DNS",), settings={"DISCORD_API_URL": f"{NOWHERE}/api/v10"}),
    Row(
        "no version of Discord's API", "discord.reach", ("DISCORD_API_URL",), settings={"DISCORD_API_URL": f"{CLOSED}/"}
    ),
    Row("a proxy answers for Discord", "discord.reach", ("proxy",), answer_pages),
    Row("an hour behind Discord", "discord.clock", ("60 minutes behind",), shift_clocks),
    Row("Discord takes no sign-in", "discord.gateway", ("restarts",), sign_in_too_often),
    Row("the model's key is wrong", "model.answer", ("OPENAI_API_KEY",), answer_trial(FAULTS["401"])),
    Row("the model has no credit", "model.answer", ("credit",), answer_trial(FAULTS["quota"])),
    Row("the model was renamed", "model.answer", ("OPENAI_MODEL", "stand-in"), settings={"OPENAI_MODEL": "stand-inn"}),
    Row("no chat model", "model.answer", ("/chat/completions",), settings={"OPENAI_MODEL": "stand-in-completions"}),
    Row(
        "the model's server is not there",
        "model.reach",
        ("OPENAI_BASE_URL",),
        settings={"OPENAI_BASE_URL": f"{CLOSED}/v1"},
    ),
    Row("the model's name is not found", "model.reach", ("DNS",), settings={"OPENAI_BASE_URL": f"{NOWHERE}/v1"}),
    Row("a sign-in answers for the model", "model.answer", ("web page",), answer_trial(FAULTS["html"])),
    Row("the model says nothing", "model.answer", ("empty",), answer_trial(FAULTS["empty"])),
    Row(
        "the model does not stream",
        "model.streaming",
        ("stream",),
        answer_trial(Reply("ready", streamed=False)),
        outcome="warn",
    ),
    Row(
        "no moderation, and it is wanted",
        "moderation.endpoint",
        ("auto, judge",),
        set_moderation(Fault(404, "404 page not found")),
        {"CONFAB_MODERATION": "endpoint"},
    ),
    Row(
        "no moderation, and the model cannot judge",
        "moderation.auto",
        ("CONFAB_MODERATION_URL",),
        set_moderation(Fault(404, "404 page not found")),
        outcome="warn",
    ),
    Row(
        "moderation refuses the key",
        "moderation.endpoint",
        ("CONFAB_MODERATION_KEY",),
        set_moderation(refusal(401, "no")),
        {"CONFAB_MODERATION": "endpoint"},
    ),
    Row("moderation finds nothing", "moderation.auto", ("threat",), flag_nothing),
    Row(
        "a pattern that is none",
        "moderation.list",
        ("CONFAB_MODERATION_PATTERNS",),
        settings={"CONFAB_MODERATION_PATTERNS": '["a("]'},
    ),
    Row(
        "a tool that is none",
        "tools.names",
        ("CONFAB_TOOLS", "read_link"),
        settings={"CONFAB_TOOLS": "time, read_links"},
        outcome="warn",
    ),
    Row(
        "no transcription",
        "transcription.away",
        ("CONFAB_TRANSCRIBE_BASE_URL",),
        settings={"CONFAB_TRANSCRIBE_BASE_URL": f"{CLOSED}/v1", "CONFAB_TRANSCRIBE_MODEL": "away"},
        outcome="warn",
    ),
    Row(
        "an embedder that the endpoint lacks",
        "knowledge.embeddings",
        ("nope-embed", "CONFAB_EMBEDDINGS_MODEL"),
        settings={"CONFAB_EMBEDDINGS_MODEL": "nope-embed", "CONFAB_EMBEDDINGS_BASE_URL": "{sandbox}/none"},
    ),
    Row(
        "an embedder that is not there",
        "knowledge.embeddings",
        ("nothing listens", "CONFAB_EMBEDDINGS_BASE_URL"),
        settings={"CONFAB_EMBEDDINGS_MODEL": "embed", "CONFAB_EMBEDDINGS_BASE_URL": f"{CLOSED}/v1"},
    ),
    Row(
        "a reranker that is not there",
        "knowledge.rerank",
        ("CONFAB_RERANK_URL",),
        settings={"CONFAB_RERANK_URL": f"{CLOSED}/rerank"},
    ),
    Row(
        "a cap in dollars on a model whose price nobody knows",
        "spending.prices",
        ("nobody is answered", "CONFAB_PRICES", "stand-in"),
        settings={"CONFAB_CAPS": '[{"scope": "person", "period": "day", "dollars": 1}]'},
    ),
    Row(
        "a persona that nobody took in",
        "personas.names",
        ("Nobody Such", "personas import"),
        settings={"CONFAB_PERSONA": "Nobody Such"},
        outcome="warn",
    ),
    Row(
        "one port for two things",
        "ports.twice",
        ("CONFAB_HEALTH_PORT",),
        settings={"PORT": "3333", "CONFAB_HEALTH_PORT": "3333"},
    ),
    Row(
        "a port that another program has",
        "ports.taken",
        ("CONFAB_HEALTH_PORT", "in use"),
        settings={"CONFAB_HEALTH_PORT": "{port}"},
    ),
    Row(
        "TLS where none is spoken",
        "model.reach",
        ("speaks no TLS", "http://"),
        settings={"OPENAI_BASE_URL": "https://127.0.0.1:{port}/v1"},
    ),
    Row(
        "a transcriber that invents", "transcription.gpt-4o-mini-transcribe", ("other words",), mishear, outcome="warn"
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
async def test_what_is_broken_is_named_with_what_mends_it(sandbox: Sandbox, tmp_path: Path, row: Row) -> None:
    """No secret stands in it, and nothing but what hangs on it is called broken."""
    settings = {
        name: value.replace("{sandbox}", sandbox.url).replace("{port}", sandbox.url.rpartition(":")[2])
        for name, value in row.settings.items()
    }
    given = {**environ(sandbox, tmp_path), "CONFAB_CONNECT_TIMEOUT": "2", **settings}
    row.break_it(sandbox)
    subject = row.check.partition(".")[0]
    checks = await examine(Settings.load(given), [subject] if subject in SUBJECTS else [])
    found = [check for check in checks if check.name == row.check and check.outcome != "ok"]
    assert found, format_checks(checks, as_json=False)
    assert found[0].outcome == row.outcome
    told = " ".join(f"{check.sentence} {check.mend}" for check in found)
    assert [word for word in row.words if word not in told] == []
    assert all(check.mend for check in checks if check.outcome != "ok")
    said = format_checks(checks, as_json=True)
    assert not [
        given[name]
        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "OPENAI_API_KEY")
        if given[name] and given[name] in said
    ]


async def test_a_bot_that_is_well_is_called_so(sandbox: Sandbox, tmp_path: Path) -> None:
    """With all that it was asked, and without a file of its own made."""
    checks = await examine(Settings.load(environ(sandbox, tmp_path)))
    assert is_well(checks), format_checks(checks, as_json=False)
    subjects = {check.name.partition(".")[0] for check in checks}
    assert subjects == {"slack", "discord", "versions", "database", "model", "moderation", "transcription", "tools"}
    assert "made at the first start" in format_checks(checks, as_json=False)
    assert len(sandbox.model.trials) == 1
    assert QUESTION == TRIAL


async def test_each_source_of_tools_is_reached_and_told_with_its_tools(sandbox: Sandbox, tmp_path: Path) -> None:
    """One that is gone is to be mended, and one whose tool says something else of itself than was accepted."""
    servers = {"tasks": {"url": "${TASKS}"}, "gone": {"url": f"{CLOSED}/mcp"}}
    given = {**environ(sandbox, tmp_path), "CONFAB_MCP": servers_file(tmp_path, servers), "TASKS": sandbox.mcp_url}
    found = {check.name: check for check in await examine(Settings.load(given), [], environ=given)}
    assert (found["tools.gone"].outcome, found["tools.tasks"].outcome) == ("warn", "ok")
    assert "tasks__list_tasks, tasks__add_task (changes something, asks first)" in found["tools.tasks"].sentence
    store = Store(tmp_path / "confab.db")
    await store.run(lambda db: pin_tools(db, "tasks", {"tasks__list_tasks": "something else"}))
    await store.close()
    found = {check.name: check for check in await examine(Settings.load(given), [], environ=given)}
    assert found["tools.tasks"].sentence.endswith("Held, as they say something else of themselves: tasks__list_tasks.")
    found = {check.name: check for check in await examine(Settings.load(given), [])}
    assert "${TASKS} is not set" in found["tools.mcp"].sentence


async def test_the_address_of_one_call_is_taken_for_that_of_the_api(sandbox: Sandbox, tmp_path: Path) -> None:
    """As people copy it from an example: moderation and transcription are found beside it, too."""
    given = {**environ(sandbox, tmp_path), "OPENAI_BASE_URL": f"{sandbox.openai_base_url}/chat/completions"}
    checks = await examine(Settings.load(given), ["model", "moderation", "transcription"])
    assert is_well([each for each in checks if not each.name.startswith(("slack", "discord"))])


async def test_caps_ports_and_personas_that_can_be_kept_are_not_spoken_of(sandbox: Sandbox, tmp_path: Path) -> None:
    """A price that is known, a bot of ours at the port, a persona that is there."""
    given = {
        **environ(sandbox, tmp_path),
        "CONFAB_CAPS": '[{"scope": "person", "period": "day", "dollars": 1}]',
        "CONFAB_PRICES": '{"stand-in": {"input": 1, "output": 4}}',
        "CONFAB_PERSONA": "captain brine",
    }
    async with (
        served_pages(tmp_path),
        http.serve_routes("health on", OURS, "127.0.0.1", 0, HttpSettings()) as port,
    ):
        settings = Settings.load({**given, "CONFAB_HEALTH_PORT": str(port)})
        found = await examine(settings, ["spending", "personas", "ports"])
    told = {check.name: check.outcome for check in found if not check.name.startswith(("slack", "discord", "tools"))}
    assert told == {"spending.prices": "ok"}


async def test_an_address_without_its_version_is_corrected_and_told(sandbox: Sandbox, tmp_path: Path) -> None:
    """The model answers all the same."""
    given = {**environ(sandbox, tmp_path), "OPENAI_BASE_URL": sandbox.url}
    found = {check.name: check for check in await examine(Settings.load(given), ["model"])}
    assert found["model.answer"].outcome == "ok"
    assert "/v1" in found["model.address"].mend


def spoil(path: Path) -> None:
    """Write over pages in the middle of a file."""
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 20)


async def database_checks(sandbox: Sandbox, folder: Path, name: str = "confab.db") -> dict[str, Check]:
    """Return what is said of a database."""
    given = {**environ(sandbox, folder), "CONFAB_DATABASE": str(folder / name)}
    return {check.name: check for check in await examine(Settings.load(given), ["database"])}


async def made(folder: Path) -> Path:
    """Return a new database that nobody has open."""
    store = Store(folder / "confab.db")
    await store.close()
    return folder / "confab.db"


async def test_a_damaged_database_is_named_with_its_mend(sandbox: Sandbox, tmp_path: Path) -> None:
    """So is a file that is none at all."""
    spoil(await made(tmp_path))
    (tmp_path / "letter.db").write_text("Dear Ada, this is no database. " * 50)
    for name in ("confab.db", "letter.db"):
        found = (await database_checks(sandbox, tmp_path, name))["database.file"]
        assert found.outcome == "fail"
        assert "restore" in found.mend


async def test_another_program_s_database_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    """It is whole, and not ours."""
    change(tmp_path / "other.db", "CREATE TABLE songs (name TEXT)")
    found = (await database_checks(sandbox, tmp_path, "other.db"))["database.file"]
    assert (found.outcome, "ours" in found.sentence) == ("fail", True)


async def test_a_database_that_another_program_holds_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    """With what to do about it; a bot that runs on it holds nobody up."""
    path = await made(tmp_path)
    store = Store(path)
    assert "runs on it" in (await database_checks(sandbox, tmp_path))["database.file"].sentence
    await store.close()
    with held_alone(path):
        found = (await database_checks(sandbox, tmp_path))["database.file"]
    assert (found.outcome, "locked" in found.sentence) == ("fail", True)


async def test_a_place_where_no_file_can_be_made_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    """A file stands where a folder should."""
    (tmp_path / "file").touch()
    assert (await database_checks(sandbox, tmp_path, "file/confab.db"))["database.file"].outcome == "fail"
    assert (await database_checks(sandbox, tmp_path, "new/confab.db"))["database.file"].outcome == "ok"


def test_a_disk_that_is_full_or_nearly_is_named(tmp_path: Path) -> None:
    """Before anything fails for want of room."""
    assert [check_room(tmp_path / "a.db", free).outcome for free in (10, 10**8, 10**12)] == ["fail", "warn", "ok"]


async def test_a_database_that_was_never_copied_is_named_once_there_is_something_in_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """And one that left the mode in which readers hold nobody up."""
    path = await made(tmp_path)
    assert (await database_checks(sandbox, tmp_path))["database.backup"].outcome == "ok"
    old = time.time() - 30 * 86_400
    columns = "(id, platform, workspace, channel, thread, message_id, sent_at, received_at)"
    change(path, f"INSERT INTO turns {columns} VALUES ('1', 's', 'T', 'C', '1', '1', ?, ?)", old, old)  # noqa: S608
    change(path, "PRAGMA journal_mode = DELETE")
    found = await database_checks(sandbox, tmp_path)
    assert (found["database.backup"].outcome, found["database.wal"].outcome) == ("warn", "warn")
    assert "backup FILE" in found["database.backup"].mend


ENOUGH = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}
MEANT = (
    ("OPENAI_MODLE", "OPENAI_MODEL"),
    ("OPENAI_MODEl", "OPENAI_MODEL"),
    ("OPENAI_API_BASE", "OPENAI_BASE_URL"),
    ("OPENAI_BASEURL", "OPENAI_BASE_URL"),
    ("OPENAI_KEY", "OPENAI_API_KEY"),
    ("DISCORD_BOT_TOKEN", "DISCORD_TOKEN"),
    ("DISCORD_TOEKN", "DISCORD_TOKEN"),
    ("SLACK_TOKEN", "SLACK_BOT_TOKEN"),
    ("SLACK_BOT_TOKN", "SLACK_BOT_TOKEN"),
    ("CONFB_INSTRUCTIONS", "CONFAB_INSTRUCTIONS"),
)


@pytest.mark.parametrize(("name", "meant"), MEANT)
def test_a_misspelt_name_is_told_with_the_one_that_is_meant(name: str, meant: str) -> None:
    """Also without the prefix by which others are known."""
    _, checks = check_settings({**ENOUGH, name: "sk-secret"}, "")
    found = [check for check in checks if check.name == "settings.names"]
    assert [(name in check.sentence, meant in check.mend) for check in found] == [(True, True)]
    assert "sk-secret" not in repr(checks)


@pytest.mark.parametrize("name", ["PATH", "HOME", "PWD", "OPENAI_ORG_ID", "SSH_AUTH_SOCK", "AWS_ACCESS_KEY_ID", "LANG"])
def test_the_names_of_other_programs_are_left_alone(name: str) -> None:
    """Whatever stands in the environment beside ours."""
    assert [check.outcome for check in check_settings({**ENOUGH, name: "x"}, "")[1]] == ["ok"]


LINES = (
    ("# a remark\nOPENAI_MODEL: gpt\n", "Line 2", "OPENAI_MODEL="),
    ("SLACK_BOT_TOKEN : xoxb-1\n", "Line 1", "SLACK_BOT_TOKEN="),
    ("\n\nOPENAI_MODEL\n", "Line 3", "NAME=value"),
    ("PORT=1\nsome words\n", "Line 2", "NAME=value"),
    ("OPENAI_MODEL=\u201cgpt\u201d\n", "Line 1", "straight"),
    ("OPENAI_MODEL=a\nPORT=1\n\nOPENAI_MODEL=b\n", "lines 1, 4", "one of them"),
)


@pytest.mark.parametrize(("file", "line", "mend"), LINES)
def test_a_line_of_the_file_that_is_not_read_is_told_by_its_number(file: str, line: str, mend: str) -> None:
    """And how it is to be written."""
    found = [check for check in check_settings(ENOUGH, file)[1] if check.name == "settings.file"]
    assert [(line in check.sentence, mend in check.mend) for check in found] == [(True, True)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("A=1\n".encode("utf-16"), ("UTF-16",)),
        ("A=1\nB=Grüße\n".encode("latin-1"), ("Line 2", "UTF-8")),
        ("\ufeffA=Grüße\nA=Grüße\n".encode(), ()),
    ],
)
def test_a_file_in_another_encoding_is_told(content: bytes, words: tuple[str, ...]) -> None:
    """As Windows' own programs write it; a mark before UTF-8 harms nothing."""
    told = " ".join(check.sentence for check in check_encoding(content))
    assert [word for word in words if word not in told] == []
    assert bool(told) == bool(words)


def test_certificates_that_are_not_there_are_told(tmp_path: Path) -> None:
    """Nothing at all is reached over TLS with them."""
    (check,) = check_settings({**ENOUGH, "SSL_CERT_FILE": str(tmp_path / "gone.pem")}, "")[1]
    assert (check.outcome, "SSL_CERT_FILE" in check.mend) == ("fail", True)
    assert check_settings({**ENOUGH, "SSL_CERT_DIR": str(tmp_path)}, "")[1][0].outcome == "ok"


def test_a_file_as_the_example_has_it_is_read_whole() -> None:
    """Remarks, empty values, quotes and JSON over several lines."""
    example = Settings.example() + 'CONFAB_CHANNELS=\'{"C1":\n {"merge": true}}\'\nexport PORT=8080\n'
    assert [check.outcome for check in check_settings(ENOUGH, example)[1]] == ["ok"]


def test_the_key_of_the_channels_that_is_wrong_is_named() -> None:
    """With the one that is meant; so is a value in a transcriber's list."""
    given = {**ENOUGH, "CONFAB_CHANNELS": '{"C1": {"merge": true}, "slack:C2": {"folow_ups": true}}'}
    settings, checks = check_settings({**given, "CONFAB_TRANSCRIBERS": '[{"modle": "a"}]'}, "")
    told = " ".join(check.sentence for check in checks)
    assert settings is None
    assert "slack:C2.folow_ups" in told
    assert "follow_ups is" in told
    assert "0.modle" in told
    assert "C1" not in told


@pytest.mark.parametrize(("ahead", "outcome"), [(0, "ok"), (90, "warn"), (-90, "warn"), (400, "fail"), (-4000, "fail")])
def test_a_clock_that_is_wrong_is_told_by_how_much(ahead: int, outcome: str) -> None:
    """In both directions; a header that is no date tells nothing."""
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - ahead))
    assert [check.outcome for check in clock_check("slack.clock", date, "Slack")] == [outcome]
    assert clock_check("slack.clock", "soon", "Slack") == []


async def doctor(folder: Path, given: dict[str, str], *arguments: str) -> tuple[int | None, str]:
    """Return the status of `python -m bots doctor` in a folder, and what it says on standard output."""
    place = {"PATH": os.environ["PATH"], **given}
    process = await start_command("doctor", *arguments, environ=place, folder=folder)
    said, trouble = await asyncio.wait_for(process.communicate(), 90)
    assert b"Traceback" not in trouble, trouble.decode()
    return process.returncode, said.decode()


async def test_the_command_ends_with_a_status_that_a_script_can_read(sandbox: Sandbox, tmp_path: Path) -> None:
    """0 where all is well, 1 where something is to be mended, 78 where the settings cannot be used; .env is read."""
    given = environ(sandbox, tmp_path)
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in given.items()))
    status, said = await doctor(tmp_path, {}, "--json")
    assert status == 0, said
    assert json.loads(said)["well"] is True
    status, said = await doctor(tmp_path, {"OPENAI_MODEL": "gone"})
    assert status == 1
    assert "FAIL  model.answer" in said
    assert "stand-in" in said
    status, said = await doctor(tmp_path, {"CONFAB_TOP_P": "7"}, "--json")
    assert status == 78
    assert {each["outcome"] for each in json.loads(said)["checks"]} == {"fail"}


async def test_a_bot_that_starts_warns_of_what_is_to_be_mended(sandbox: Sandbox, tmp_path: Path) -> None:
    """It starts all the same, and nobody's question is used up by it."""
    sandbox.model.trial = FAULTS["401"]
    given = {"PATH": os.environ["PATH"], **environ(sandbox, tmp_path), "OPENAI_MODLE": "stand-in"}
    bot = await start_command("run", environ=given)
    told: list[bytes] = []
    async with asyncio.timeout(90):
        while len(told) < 2:
            line = await bot.stderr.readline()
            assert line, "it ended without a warning"
            told += [line] if b"something to mend" in line else []
    assert [word in line for word, line in zip((b"OPENAI_MODLE", b"OPENAI_API_KEY"), told, strict=True)] == [True] * 2
    assert sandbox.workspace.connected == sandbox.workspace.courier.sockets.opened == 1
    bot.terminate()
    await bot.communicate()
    assert sandbox.model.requests == []


async def test_a_request_url_that_is_confab_s_own_answers_as_slack_wants(sandbox: Sandbox, tmp_path: Path) -> None:
    """It is asked as Slack asks it, signed with the secret; with another secret it does not answer so."""
    setup = Setup(socket=False)
    async with running(sandbox, tmp_path / "confab.db", setup) as bot:
        application = web.Application()
        application.add_routes(bot.slack.routes())
        async with web_served(application) as address:
            given = environ(sandbox, tmp_path) | {"SLACK_APP_TOKEN": "", "SLACK_REQUEST_URL": f"{address}/slack/events"}
            for secret, outcome in ((sandbox.workspace.signing_secret, "ok"), ("another", "fail")):
                checks = await examine(Settings.load({**given, "SLACK_SIGNING_SECRET": secret}), [])
                assert [each.outcome for each in checks if each.name == "slack.events"] == [outcome]


@pytest.mark.parametrize(
    ("installed", "names"),
    [
        ({"Python": "3.10.9", "SQLite": "3.53.1"}, ["versions.Python"]),
        ({"SQLite": "3.36.0"}, ["versions.SQLite", "versions.SQLite"]),
        ({"SQLite": "3.44.6"}, ["versions"]),
        ({"SQLite": "3.44.5"}, ["versions.SQLite"]),
        ({"SQLite": "3.51.3"}, ["versions"]),
        ({"Python": "3.14.0rc2"}, ["versions"]),
        ({}, ["versions"]),
    ],
)
def test_a_version_with_a_known_fault_is_named(installed: dict[str, str], names: list[str]) -> None:
    """One in which it was mended is not, also in an older series."""
    assert [check.name for check in judge_versions(installed)] == names
