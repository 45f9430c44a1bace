"""`make run`: where it goes, what it prints, and how it ends."""

import asyncio
import signal
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession

from deploy.model_choice import choose_model
from deploy.sandbox.openai.model import Model
from deploy.sandbox.wire.server import Sandbox
from deploy.start import direct, environment
from deploy.transcript import Transcript
from tests.support.model_servers import ollama, ollama_entry, serving_model
from tests.support.started import started

CONVERSATION = (
    *("Grace Hopper in #general on Slack", "Confab in #general on Slack", "Linus Berg in #general on Slack"),
    *("Confab in #general on Slack", "ship the beta on Thursday"),
    *("Linus Berg in #random on Discord", "@Confab is the beta", "Confab in #random on Discord", "is the beta still"),
)


def test_the_real_environment_wins_over_the_file(tmp_path: Path) -> None:
    """And an empty value, in either, counts as absent."""
    file = tmp_path / ".env"
    file.write_text("OPENAI_MODEL=from-file\nOPENAI_API_KEY=key  # mine\nSLACK_BOT_TOKEN=\nCONFAB_SEED=1\n")
    merged = environment(file, {"OPENAI_MODEL": "from-outside", "OPENAI_API_KEY": "", "SLACK_APP_TOKEN": ""})
    assert merged == {"OPENAI_MODEL": "from-outside", "OPENAI_API_KEY": "key", "CONFAB_SEED": "1"}


def test_no_file_is_no_fault(tmp_path: Path) -> None:
    """A fresh clone has none."""
    assert environment(tmp_path / ".env", {"HOME": "/"}) == {"HOME": "/"}


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        ({}, ""),
        ({"OPENAI_MODEL": "gpt-5"}, ""),
        ({"OPENAI_API_KEY": "sk-1"}, "api.openai.com"),
        ({"OPENAI_BASE_URL": "http://me:secret@localhost:11434/v1"}, "localhost:11434"),
        ({"CONFAB_LOCAL_MODEL": "/models/a.gguf"}, "this machine"),
    ],
)
def test_a_key_an_address_or_a_file_means_a_real_model(environ: dict[str, str], host: str) -> None:
    """Only its host is ever shown."""
    assert choose_model(environ, ())[1].host == host


def test_a_file_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    """In one sentence; Windows' own programs write such files."""
    (tmp_path / ".env").write_bytes("CONFAB_INSTRUCTIONS=Grüße".encode("latin-1"))
    with pytest.raises(SystemExit, match="is not UTF-8"):
        environment(tmp_path / ".env", {})


def test_a_proxy_serves_the_model_alone() -> None:
    """The sandbox is on this machine, and slack-sdk would send even that through HTTPS_PROXY."""
    kept = direct({"https_proxy": "http://proxy:3128", "NO_PROXY": "intranet", "HOME": "/"})
    assert kept == {"ALL_PROXY": "http://proxy:3128", "NO_PROXY": "127.0.0.1,localhost,intranet", "HOME": "/"}
    assert direct({"NO_PROXY": "x", "HOME": "/"}) == {"HOME": "/"}


async def test_the_page_comes_first_and_then_a_conversation(tmp_path: Path) -> None:
    """Its address comes once the bot hears, alone on its line; then both platforms are talked on; Ctrl-C ends it."""
    async with started(tmp_path) as run:
        for name in CONVERSATION:
            await run.until(name)
        assert run.page in run.lines
        assert run.page.startswith("http://127.0.0.1:")
        async with ClientSession() as session, session.get(run.page) as response:
            assert response.content_type == "text/html"
        assert list((tmp_path / ".confab").glob("sandbox-*.db"))
        status, errors = await run.end(signal.SIGINT)
        assert status == 0
        assert "Traceback" not in errors
        async with ClientSession() as session:
            with pytest.raises(ClientConnectionError):
                await session.get(run.page)


async def test_a_stop_in_the_middle_of_the_start_is_clean_too(tmp_path: Path) -> None:
    """SIGTERM ends it with 0, whatever is still starting."""
    async with started(tmp_path) as run:
        await run.until("starting")
        status, errors = await run.end(signal.SIGTERM)
        assert status == 0
        assert "Traceback" not in errors


async def test_a_port_in_use_is_no_hindrance(tmp_path: Path, sandbox: Sandbox) -> None:
    """The page is served on another one, which is printed."""
    taken = sandbox.url.rpartition(":")[2]
    async with started(tmp_path, CONFAB_SANDBOX_PORT=taken) as run:
        await run.until("http://")
        assert run.page not in ("", f"{sandbox.url}/")


async def test_a_bot_that_dies_ends_everything_and_is_named(tmp_path: Path) -> None:
    """Its own words stand above, and the exit status is not 0."""
    async with started(tmp_path, CONFAB_ATTEMPTS="many") as run:
        status, errors = await run.end()
    assert status == 1
    assert "The bot ended with status" in errors
    assert "CONFAB_ATTEMPTS" in errors


async def test_a_sandbox_that_cannot_start_is_named(tmp_path: Path) -> None:
    """It is said which of the two it was."""
    async with started(tmp_path, CONFAB_SANDBOX_PORT="eighty") as run:
        status, errors = await run.end()
    assert status == 1
    assert "The sandbox ended with status" in errors


async def test_half_of_slacks_tokens_lead_to_the_bots_own_check(tmp_path: Path) -> None:
    """No pretend workspace is started then: what is missing is named instead."""
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=xoxb-half\n")
    async with started(tmp_path) as run:
        status, errors = await run.end()
    assert status not in (0, 1)
    assert "SLACK_APP_TOKEN" in errors
    assert run.page == ""
    assert "Traceback" not in errors


async def moderation_told(page: str) -> str:
    """Return what the page is told of moderation, once it is."""
    async with ClientSession(base_url=page) as session, asyncio.timeout(30):
        while True:
            async with session.get("/api/state") as response:
                if told := (await response.json())["bot"]["moderation"]:
                    return str(told)
            await asyncio.sleep(0.1)


async def test_a_model_that_runs_already_is_asked_instead_of_the_stand_in(tmp_path: Path) -> None:
    """The page and the terminal say which, and nothing reaches the stand-in; the file's name chooses among several."""
    (tmp_path / ".env").write_text("OPENAI_MODEL=stand-in\n")
    model = Model(delay_first=0.0, tokens_per_second=None, is_open=True)
    lists = ollama(ollama_entry("large:70b", "70B"), ollama_entry("stand-in", "1B"))
    chosen = {"CONFAB_MODERATION": "off"}
    async with serving_model(model, lists) as address, started(tmp_path, [address], **chosen) as run:
        told = await run.until("The answers come from stand-in, which was found on this machine: Ollama at 127.0.0.1:")
        await run.until("http://")
        async with ClientSession(base_url=run.page) as session, session.get("/api/state") as response:
            state = await response.json()
        assert await moderation_told(run.page) == "off"
    host = address.removeprefix("http://")
    assert state["model"] == {
        "stand_in": False,
        "host": host,
        "name": "stand-in",
        "where": f"Ollama at {host}",
        "is_found": True,
    }
    assert "OPENAI_MODEL" in told
    assert model.trials or model.requests
    assert state["requests"][0] == 0


PEOPLE = [
    {"id": "U1", "name": "Ada", "real_name": "Ada Lovelace", "is_bot": False},
    {"id": "U2", "name": "Confab", "real_name": "Confab", "is_bot": True},
]
CHANNELS = [{"id": "C1", "name": "general", "kind": "channel"}, {"id": "D1", "name": "", "kind": "im"}]
STATE = {
    "kind": "state",
    "platforms": [{"name": "Slack", "people": PEOPLE, "groups": [], "channels": CHANNELS}],
    "online": {"slack": True},
    "requests": [0, 0],
}


def said(kind: str, user: str, text: str, channel: str = "C1") -> dict[str, object]:
    """Return a change as the page's websocket tells it."""
    post: dict[str, object] = {
        "id": "1.0",
        "channel": channel,
        "user": user,
        "text": text,
        "dialect": "mrkdwn",
        "thread": None,
        "files": [],
    }
    return {"kind": kind, "platform": "slack", "post": post}


async def test_people_are_printed_as_they_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    """With names for ids, and entities as the characters that they stand for."""
    transcript = Transcript()
    for message in (STATE, said("posted", "U1", "<@U2> a &lt; b, see <https://x.org|this>", "D1")):
        transcript.take(message)
    assert capsys.readouterr().out == "Ada Lovelace in a direct message on Slack\n  @Confab a < b, see this\n\n"


async def test_an_answer_is_printed_once_it_has_stopped_growing(capsys: pytest.CaptureFixture[str]) -> None:
    """However many edits it took; an edit that comes later adds only what is new."""
    transcript = Transcript()
    for message in (STATE, said("posted", "U2", "Wait"), said("edited", "U2", "It is Thursday.")):
        transcript.take(message)
    now = asyncio.get_running_loop().time()
    transcript.settle(now + 1)
    assert capsys.readouterr().out == ""
    transcript.settle(now + 10)
    assert capsys.readouterr().out == "Confab in #general on Slack\n  It is Thursday.\n\n"
    assert transcript.answered.get_nowait() == "1.0"
    transcript.take(said("edited", "U2", "It is Thursday. At nine."))
    transcript.settle(now + 20)
    assert capsys.readouterr().out == "Confab in #general on Slack\n   At nine.\n\n"


async def test_an_answer_is_not_whole_while_the_model_still_writes(capsys: pytest.CaptureFixture[str]) -> None:
    """A slow model may pause for longer than an answer takes to settle."""
    transcript = Transcript()
    for message in (STATE, {**STATE, "kind": "surroundings", "requests": [1, 1]}, said("posted", "U2", "Hm")):
        transcript.take(message)
    now = asyncio.get_running_loop().time()
    transcript.settle(now + 10)
    assert capsys.readouterr().out == ""
    transcript.take({**STATE, "kind": "surroundings", "requests": [1, 0]})
    transcript.settle(now + 10)
    assert "Hm" in capsys.readouterr().out


async def test_discords_text_is_printed_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """With names for people, roles and channels; an entity is no more than its characters there."""
    guild = {"name": "Discord", "people": PEOPLE, "groups": [{"id": "9", "name": "crew"}], "channels": CHANNELS}
    change = said("posted", "U1", "<@&9> <@U2> see <#C1>, a &lt; b")
    post = change["post"]
    assert isinstance(post, dict)
    transcript = Transcript()
    for message in ({**STATE, "platforms": [guild]}, {**change, "post": {**post, "dialect": "discord"}}):
        transcript.take(message)
    assert capsys.readouterr().out == "Ada Lovelace in #general on Discord\n  @crew @Confab see #general, a &lt; b\n\n"
