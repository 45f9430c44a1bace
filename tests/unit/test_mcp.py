"""Tools of MCP servers: over pipes and over HTTP, by either protocol, bounded, and back when their server is."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.messages import Author, ConversationKey
from core.storage.store import Store
from core.tools.mcp.connection import McpSource
from core.tools.mcp.servers import McpServer
from core.tools.mcp.stdio import LONGEST_MESSAGE
from core.tools.mcp.streamable_http import LARGEST_ANSWER
from core.tools.sources.catalog import ToolCatalog
from core.tools.sources.source import SourceFailed
from core.tools.sources.watch import keep_offering
from core.tools.tool import CallContext, Tool, ToolFailed
from deploy.sandbox.mcp.server import TaskServer
from tests.support.mcp_servers import program, serving, tool

CONTEXT = CallContext(ConversationKey("slack", "T1", "C1", "1"), Author("U1", "Ada"), "UTC", "key-1")
ENVIRON = {"PATH": os.environ["PATH"], "SLACK_BOT_TOKEN": "xoxb-secret"}


@dataclass(slots=True)
class Held:
    """A source that is held open, and what it has offered, each time anew."""

    source: McpSource
    offered: list[Sequence[Tool]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, tools: Sequence[Tool]) -> None:
        """Note what is offered."""
        self.offered.append(tools)
        self.came.set()

    async def call(self, name: str, **arguments: object) -> str:
        """Return what a tool gives that is offered."""
        found = next(each for each in self.offered[-1] if each.spec.name == name)
        return (await found.call(arguments, replace(CONTEXT, idempotency_key=name))).text


@asynccontextmanager
async def held(server: McpServer) -> AsyncIterator[Held]:
    """Hold a server open as a source, once it has offered something; raises why it does not."""
    holding = Held(McpSource(server, ENVIRON, returning=0.1))
    task = asyncio.create_task(holding.source.hold_open(holding.take))
    came = asyncio.create_task(holding.came.wait())
    try:
        async with asyncio.timeout(60):
            await asyncio.wait({task, came}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield holding
    finally:
        for each in (task, came):
            each.cancel()
        await asyncio.gather(task, came, return_exceptions=True)


def program_that_says(words: str) -> McpServer:
    """Return a server that says something and ends; it has a secret."""
    return McpServer(name="gone", command="sh", args=("-c", f'echo "{words}" >&2; exit 1'), env={"KEY": "s3cret-1"})


async def until(holds: object) -> None:
    """Wait until something that is called holds."""
    assert callable(holds)
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.02)


def is_alive(process: int) -> bool:
    """Whether a process runs, and is no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("is_old", [False, True])
async def test_a_server_over_http_is_spoken_to_as_it_can(is_old: bool) -> None:
    """With the handshake or without; what its annotations claim is taken over, and calls carry their key."""
    server = TaskServer(is_old=is_old)
    async with serving(server) as url, held(McpServer(name="tasks", url=url)) as tasks:
        kinds = {each.spec.name: (each.spec.is_read_only, each.spec.is_idempotent) for each in tasks.offered[0]}
        assert kinds == {
            "tasks__list_tasks": (True, False),
            "tasks__add_task": (False, False),
            "tasks__close_task": (False, True),
        }
        assert "1. Water the plants" in await tasks.call("tasks__list_tasks")
        assert await tasks.call("tasks__add_task", title="Call Bob") == "Task 3 was added."
        assert "reports a failure" in await tasks.call("tasks__close_task", number=9)
        assert [each.key for each in server.tasks.calls] == [
            "tasks__list_tasks",
            "tasks__add_task",
            "tasks__close_task",
        ]


async def test_a_server_that_forgot_its_sessions_is_called_once_more() -> None:
    """As after its own restart: it says that it knows nothing of us, and so has done nothing."""
    server = TaskServer(is_old=True)
    async with serving(server) as url:
        source = McpSource(McpServer(name="tasks", url=url), ENVIRON)
        offered: list[Sequence[Tool]] = []

        async def take(tools: Sequence[Tool]) -> None:
            offered.append(tools)

        async def hold_for_good() -> None:
            while True:
                with pytest.raises(SourceFailed):
                    await source.hold_open(take)

        holding = asyncio.create_task(hold_for_good())
        await until(lambda: offered)
        server.sessions.clear()
        gave = await offered[0][1].call({"title": "Call Bob"}, CONTEXT)
        assert gave.text == "Task 3 was added."
        assert [each.name for each in server.tasks.calls] == ["add_task"]
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)


async def test_a_server_that_is_gone_says_so_in_a_sentence() -> None:
    """Whatever is in its way, and with what a program said last."""
    for server, told in (
        (McpServer(name="gone", url="http://127.0.0.1:9/mcp"), "nothing answers at its url"),
        (McpServer(name="gone", command="/no/such/program"), "/no/such/program cannot be started"),
        (program_that_says("I need a key, and got $KEY"), r"I need a key, and got \(secret\)$"),
    ):
        with pytest.raises(SourceFailed, match=told):
            async with held(server):
                pass


async def test_a_server_that_refuses_us_is_told_with_its_status() -> None:
    """As one that wants a token."""
    async with serving(TaskServer(broken=401)) as url:
        with pytest.raises(SourceFailed, match="it answers with status 401"):
            async with held(McpServer(name="tasks", url=url)):
                pass


@pytest.mark.parametrize("is_old", [False, True])
async def test_a_server_that_was_gone_is_offered_again_when_it_is_back(is_old: bool, tmp_path: Path) -> None:
    """Nothing of it is while it is not there, and a call in between ends with a sentence."""
    store = Store(tmp_path / "confab.db")
    catalog, server = ToolCatalog(store), TaskServer(is_old=is_old)
    async with serving(server) as url:
        source = McpSource(McpServer(name="tasks", url=url), ENVIRON, returning=0.1)
        watching = asyncio.create_task(keep_offering(source, catalog, first_pause=0.05))
        await until(lambda: catalog.tools)
        add = catalog.tools["tasks__add_task"]
    with pytest.raises(ToolFailed, match=r"not there|may have happened"):
        await add.call({"title": "Call Bob"}, CONTEXT)
    await until(lambda: not catalog.tools)
    server.sessions.clear()
    async with serving(server, urlsplit(url).port or 0):
        await until(lambda: catalog.tools)
        assert (await catalog.tools["tasks__add_task"].call({"title": "Call Bob"}, CONTEXT)).text.startswith("Task 3")
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    await store.close()


async def test_a_program_is_spoken_to_over_its_pipes_and_gets_little_of_our_environment(tmp_path: Path) -> None:
    """None of our secrets; what it prints beside its messages does no harm."""
    server = program(tmp_path, tool("environment"), tool("echo"), env={"KEY": "its own"})
    async with held(server) as running:
        environment = json.loads(await running.call("program__environment"))
        assert environment["KEY"] == "its own"
        assert "SLACK_BOT_TOKEN" not in environment
        assert json.loads(await running.call("program__echo", a=1)) == [{"a": 1}, {"Idempotency-Key": "program__echo"}]


async def test_the_operator_says_which_tools_of_a_server_are_offered_and_how_they_are_consented_to(
    tmp_path: Path,
) -> None:
    """By the server's own names."""
    server = program(
        tmp_path, tool("one"), tool("two"), tool("three"), tools=("three", "program__one"), consent="always"
    )
    async with held(server) as running:
        assert [(each.spec.name, each.spec.consent) for each in running.offered[0]] == [
            ("program__one", "always"),
            ("program__three", "always"),
        ]


async def test_a_list_that_changes_is_read_anew(tmp_path: Path) -> None:
    """When the server says so."""
    async with held(program(tmp_path, tool("change"))) as running:
        await running.call("program__change", tools=[tool("other"), tool("change")])
        await until(lambda: len(running.offered) > 1)
        assert [each.spec.name for each in running.offered[-1]] == ["program__other", "program__change"]


async def test_an_answer_is_bounded(tmp_path: Path) -> None:
    """A message that is too long ends the connection, and the call with a sentence."""
    async with held(program(tmp_path, tool("long", readOnlyHint=True))) as running:
        assert len(await running.call("program__long", length=100_000)) == 100_000
        with pytest.raises(ToolFailed, match="the connection to its server broke"):
            await running.call("program__long", length=LONGEST_MESSAGE + 1)


async def test_an_answer_over_http_is_bounded_and_not_compressed() -> None:
    """Its length would not be known."""
    server = TaskServer()
    async with serving(server) as url:
        for length, compresses in ((LARGEST_ANSWER + 1, False), (1, True)):
            async with held(McpServer(name="tasks", url=url)) as tasks:
                server.tasks.titles, server.compresses = {1: "x" * length}, compresses
                with pytest.raises(ToolFailed, match="the connection to its server broke"):
                    await tasks.call("tasks__list_tasks")


async def test_a_call_in_whose_midst_the_server_ends_may_have_happened(tmp_path: Path) -> None:
    """Which is said, but of a tool that changes nothing."""
    tools = (tool("exit"),)
    async with held(program(tmp_path, *tools)) as running:
        with pytest.raises(ToolFailed, match="it may have happened"):
            await running.call("program__exit")
        with pytest.raises(ToolFailed, match="not there"):
            await running.call("program__exit")


async def test_a_program_ends_with_its_connection_and_all_that_it_began(tmp_path: Path) -> None:
    """When the server is no longer wanted."""
    async with held(program(tmp_path, tool("child"))) as running:
        child = int(await running.call("program__child"))
        assert is_alive(child)
    await until(lambda: not is_alive(child))


@pytest.mark.prove
async def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    """With what it began, after it had its time to end by itself."""
    async with held(program(tmp_path, tool("child"), tool("hang"))) as running:
        child = int(await running.call("program__child"))
        hanging = asyncio.create_task(running.call("program__hang"))
        await asyncio.sleep(0)
    await until(lambda: not is_alive(child))
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)


@pytest.mark.prove
async def test_a_program_ends_with_the_bot_however_that_ends(tmp_path: Path) -> None:
    """It, and all that it began, when the bot is killed in the middle of its work."""
    server = program(tmp_path, tool("child"))
    bot = f"""
import asyncio, os
from core.storage.store import Store
from core.tools.mcp.connection import McpSource
from core.tools.mcp.servers import McpServer
from tests.unit.test_mcp import CONTEXT
async def main():
    async def take(tools):
        gave = await tools[0].call({{}}, CONTEXT)
        print(gave.text, flush=True)
    await McpSource(McpServer.model_validate_json({server.model_dump_json()!r}), os.environ).hold_open(take)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", bot, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout
    child = int(await asyncio.wait_for(process.stdout.readline(), 60))
    assert is_alive(child)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await until(lambda: not is_alive(child))
