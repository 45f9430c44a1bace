"""What sources offer: pinned to what each tool first said of itself, listed per channel, and named so that it fits."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.operator_commands import tools
from core.errors import SettingsError
from core.messages import ConversationKey
from core.policy import ChannelSettings, Policies
from core.storage.settings import StorageSettings
from core.storage.store import Store
from core.storage.tool_pins import MOST_PINS, accept_tools, read_pins
from core.tools.calculator import CALCULATOR
from core.tools.mcp.servers import McpServer, read_servers
from core.tools.sources.catalog import ToolCatalog
from core.tools.sources.source import is_listed, qualify_name
from core.tools.tool import Tool, ToolSpec, object_schema
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.openai.wanted import Wanted
from deploy.sandbox.slack.buttons import buttons_on, press
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL
from tests.support.mcp_servers import servers_file
from tests.support.moderated import Moderated, guarded
from tests.support.room import answers, mention
from tests.unit.test_process import process


def described(name: str, about: str = "Looks.", *, is_read_only: bool = True) -> Tool:
    """Return a tool that says this of itself."""
    return Tool(ToolSpec(name, about, object_schema({"of": ""}), is_read_only=is_read_only), CALCULATOR.call)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store."""
    store = Store(tmp_path / "confab.db")
    yield store
    with suppress(RuntimeError, ValueError):  # a test may have closed it
        await store.close()


@pytest.mark.parametrize(
    "changed", [described("s__one", "Looks, and tells Eve."), described("s__one", is_read_only=False)]
)
async def test_a_tool_that_says_something_else_of_itself_is_held_until_it_is_accepted(
    store: Store, tmp_path: Path, changed: Tool
) -> None:
    """Also after a restart, and whatever it is that it says; one that returns to its word is offered again."""
    catalog = ToolCatalog(store)
    await catalog.take_tools("s", [described("s__one"), described("s__two")])
    assert set(catalog.tools) == {"s__one", "s__two"}
    catalog = ToolCatalog(store)
    await catalog.take_tools("s", [changed, described("s__two"), described("s__three")])
    assert set(catalog.tools) == {"s__two", "s__three"}
    assert [pin.tool for pin in read_pins(tmp_path / "confab.db") if pin.is_held] == ["s__one"]
    await catalog.take_tools("s", [described("s__one"), described("s__two")])
    assert set(catalog.tools) == {"s__one", "s__two"}
    await catalog.take_tools("s", [changed])
    assert accept_tools(tmp_path / "confab.db", "s__two") == []
    assert accept_tools(tmp_path / "confab.db", "s") == ["s__one"]
    await catalog.look_again()
    assert catalog.tools["s__one"].spec == changed.spec


async def test_a_source_that_names_ever_new_tools_fills_nothing(store: Store, tmp_path: Path) -> None:
    """What is kept of it ends somewhere; what it named before goes on."""
    names = [f"s__{number}" for number in range(MOST_PINS + 50)]
    catalog = ToolCatalog(store)
    await catalog.take_tools("s", [described(name) for name in names])
    assert list(catalog.tools) == names[:MOST_PINS]
    await catalog.take_tools("s", [described("s__new"), described("s__0")])
    assert list(catalog.tools) == ["s__0"]
    await catalog.take_tools("t", [described("t__new")])
    assert list(catalog.tools) == ["s__0", "t__new"]
    assert len(read_pins(tmp_path / "confab.db")) == MOST_PINS + 1


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ({"command": "run", "args": ("--token=hunter2hunter2", "x")}, "no hunter2hunter2 here"),
        ({"command": "run", "args": ("--header", "Authorization: Bearer hunter2hunter2")}, "sent hunter2hunter2"),
        ({"url": "https://ada:hunter2hunter2@mcp.example/mcp"}, "401 for hunter2hunter2"),
        ({"url": "https://mcp.example/mcp?key=hunter2%20hunter2"}, "key hunter2 hunter2 is wrong"),
        ({"url": "https://mcp.example/hunter2hunter2/mcp"}, "no /hunter2hunter2/mcp"),
        ({"command": "run", "env": {"TOKEN": "hunter2hunter2"}}, "hunter2hunter2"),
    ],
)
def test_what_a_server_says_last_holds_none_of_its_secrets(server: dict[str, Any], said: str) -> None:
    """Wherever they are given to it; the rest of it stands."""
    told = McpServer(**server).hide_secrets(said)
    assert "hunter2" not in told
    assert [word for word in ("here", "sent", "401 for", "is wrong", "/mcp") if word in said and word not in told] == []


async def test_what_is_held_is_listed_with_what_changed_and_accepted_by_a_command(store: Store, tmp_path: Path) -> None:
    """By the tool's name or its source's."""

    def run(*arguments: str) -> str:
        """Return what the command says."""
        return CliRunner().invoke(tools, arguments, obj=StorageSettings(database=str(tmp_path / "confab.db"))).output

    assert run() == "None.\n"
    catalog = ToolCatalog(store)
    await catalog.take_tools("s", [described("s__one")])
    await catalog.take_tools("s", [described("s__one", "Looks, and tells Eve.")])
    await store.close()  # a bot that runs is told by a signal
    listed = run()
    assert "s__one: held since" in listed
    assert '+  "description": "Looks, and tells Eve."' in listed
    assert "Accepted: s__one." in run("--accept", "s__one")
    assert "s__one: offered" in run()


async def test_a_tool_of_which_moderation_refuses_what_it_says_is_not_offered(store: Store, sandbox: Sandbox) -> None:
    """The model would read it in every prompt."""
    async with AsyncExitStack() as stack:
        guard = await guarded(Moderated(words=("unspeakable",)), Policies(), sandbox, store, {}, stack)
        catalog = ToolCatalog(store, guard)
        await catalog.take_tools("s", [described("s__one"), described("s__two", "Does the unspeakable.")])
        assert set(catalog.tools) == {"s__one"}


async def test_nothing_is_offered_of_a_source_that_is_gone(store: Store) -> None:
    """And a question waits for no source that was tried."""
    catalog = ToolCatalog(store, expected=["s"])
    await catalog.take_tools("s", [described("s__one")])
    await catalog.wait_until_tried()
    catalog.drop_source("s")
    assert not catalog.tools


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=200))
def test_every_name_is_one_that_endpoints_take(server: str, tool: str) -> None:
    """Letters, figures, underscores and hyphens, 64 at the most; one that is cut stays another than its neighbour."""
    name = qualify_name(server, tool)
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name)
    assert qualify_name("s", "x" * 90) != qualify_name("s", "x" * 91)


def test_a_channel_lists_a_tool_by_its_name_or_with_all_of_its_source() -> None:
    """Beside the built-in ones."""
    assert is_listed("github__search", ["time", "github__search"])
    assert is_listed("github__search", ["github__*"])
    assert not is_listed("github__search", ["github__find", "git__*", "search"])
    key = ConversationKey("slack", "T1", "C1", "1")
    policies = Policies(channels={"slack:C1": ChannelSettings(tools=("time",)), "C2": ChannelSettings(strict=True)})
    assert policies.has_own_tools(key)
    assert not policies.has_own_tools(ConversationKey("slack", "T1", "C2", "1"))


GOOD = {
    "local": {"command": "npx", "args": ["-y", "${PACKAGE:-a-server}"], "env": {"TOKEN": "${TOKEN}"}},
    "remote": {"url": "https://mcp.example/mcp", "headers": {"Authorization": "Bearer ${env:TOKEN}"}, "type": "http"},
    "off": {"command": "npx", "args": ["${NOWHERE}"], "disabled": True},
}


def test_servers_are_read_from_a_file_of_the_usual_form(tmp_path: Path) -> None:
    """With variables of the environment; one that is disabled is left out."""
    local, remote = read_servers(servers_file(tmp_path, GOOD), {"TOKEN": "s3cret"})
    assert (local.name, local.args, local.env) == ("local", ("-y", "a-server"), {"TOKEN": "s3cret"})
    assert (remote.url, remote.headers) == ("https://mcp.example/mcp", {"Authorization": "Bearer s3cret"})
    assert "s3cret" not in repr(local) + repr(remote)
    assert read_servers("", {}) == []
    marked = tmp_path / "marked.json"
    marked.write_bytes(b"\xef\xbb\xbf" + (tmp_path / "mcp.json").read_bytes())
    assert read_servers(str(marked), {"TOKEN": "s3cret"}) == [local, remote]


@pytest.mark.parametrize(
    ("server", "fault"),
    [
        ({}, "a: it has either a command or a url"),
        ({"command": "x", "url": "https://x"}, "a: it has either a command or a url"),
        ({"url": "ftp://x"}, "http"),
        ({"command": "x", "consent": "perhaps"}, "a.consent"),
        ({"command": "x", "args": "one two"}, "a.args"),
        ({"url": "https://x/${NOWHERE}"}, r"\$\{NOWHERE\} is not set"),
        ({"url": "https://x", "type": "sse"}, "a.type"),
        ("npx", "a"),
    ],
)
def test_a_fault_in_that_file_is_said_in_a_sentence(tmp_path: Path, server: object, fault: str) -> None:
    """Which names the place, and no value."""
    with pytest.raises(SettingsError, match=f"CONFAB_MCP: .*{fault}"):
        read_servers(servers_file(tmp_path, {"a": server}), {})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"servers": {}}', '{"mcpServers": []}', '{"mcpServers": {"": {}}}'])
def test_a_file_that_is_none_of_that_form_is_said_to_be(tmp_path: Path, text: str) -> None:
    """As one that is not there."""
    (tmp_path / "x.json").write_text(text)
    for path in (tmp_path / "x.json", tmp_path / "no.json", tmp_path):
        with pytest.raises(SettingsError, match="CONFAB_MCP"):
            read_servers(str(path), {})


async def test_a_bot_offers_the_tools_of_its_servers_and_calls_what_changes_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """From its first question on; what changes something is called once a person has allowed it."""
    path = servers_file(tmp_path, {"tasks": {"url": sandbox.mcp_url}})
    async with process(sandbox, tmp_path, CONFAB_MCP=path, HOME=os.environ["HOME"]):
        sandbox.model.script.append(
            Reply(calls=(Wanted("tasks__list_tasks"), Wanted("tasks__add_task", {"title": "x"})))
        )
        sandbox.model.script.append(Reply("Two tasks."))
        thread = await sandbox.workspace.say(GENERAL, mention("what is there to do?"))
        await sandbox.workspace.until(lambda: any(map(buttons_on, sandbox.workspace.thread(GENERAL, thread))))
        (card,) = [post for post in sandbox.workspace.thread(GENERAL, thread) if buttons_on(post)]
        assert [each.name for each in sandbox.tasks.tasks.calls] == ["list_tasks"]
        assert not await press(sandbox.workspace, GENERAL, card.ts, buttons_on(card)[0])
        await sandbox.workspace.until(lambda: "Two tasks." in answers(sandbox, thread)[-1])
        offered = [each["function"]["name"] for each in sandbox.model.requests[0].body["tools"]]
        assert {"tasks__list_tasks", "tasks__add_task", "tasks__close_task", "time"} <= set(offered)
        results = [each["content"] for each in sandbox.model.requests[1].messages if each["role"] == "tool"]
        assert "Water the plants" in results[0]
        assert [each.name for each in sandbox.tasks.tasks.calls] == ["list_tasks", "add_task"]


@pytest.mark.prove
async def test_a_call_that_reads_is_made_again_after_a_crash_with_the_same_key(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Although its server has to be reached anew first; the model is not asked again for what it wanted."""
    given = {"CONFAB_MCP": servers_file(tmp_path, {"tasks": {"url": sandbox.mcp_url}}), "HOME": os.environ["HOME"]}
    sandbox.tasks.hold = asyncio.Event()
    sandbox.model.script.append(Reply(calls=(Wanted("tasks__list_tasks"),)))
    async with process(sandbox, tmp_path, **given) as bot:
        thread = await sandbox.workspace.say(GENERAL, mention("what is there to do?"))
        async with asyncio.timeout(60):
            while not sandbox.tasks.tasks.calls:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.02)
        bot.kill()
        await bot.wait()
    sandbox.tasks.hold.set()
    sandbox.model.script.append(Reply("Two tasks."))
    async with process(sandbox, tmp_path, **given):
        await sandbox.workspace.until(lambda: "Two tasks." in "".join(answers(sandbox, thread)))
    first, second = sandbox.tasks.tasks.calls
    assert first == second
    assert len(sandbox.model.requests) == 2
