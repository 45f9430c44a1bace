"""What each source of tools offers, as it is reached now, and what of it is held."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from bots.doctor.check import Check
from bots.settings import Settings
from bots.tool_sources import mcp_sources, other_sources, read_mcp_servers
from core.errors import SettingsError
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.tool_pins import read_pins
from core.tools.sources.catalog import describe_spec
from core.tools.sources.source import SourceFailed, ToolSource
from core.tools.tool import Tool, ToolSpec

PATIENCE = 60.0  # seconds for one source; a command may have to fetch its program first
ACCEPT = "See what has changed with python -m bots tools, and accept it with --accept NAME."


async def check_tool_sources(settings: Settings, environ: Mapping[str, str]) -> list[Check]:
    """Return how each source of tools stands; `environ` is what their file takes variables from."""
    async with AsyncExitStack() as stack:
        try:
            servers = read_mcp_servers(settings.tools, environ)
        except SettingsError as error:
            return [Check("tools.mcp", "fail", fault, "Correct that file, or CONFAB_MCP.") for fault in error.faults]
        sources = [*await mcp_sources(servers, environ), *await other_sources(settings.tools, stack)]
        accepted = await asyncio.to_thread(_read_accepted, settings) if sources else {}
        return list(await asyncio.gather(*(_check_source(source, accepted) for source in sources)))


async def _check_source(source: ToolSource, accepted: Mapping[str, str]) -> Check:
    """Reach a source and say what it offers; `accepted` is what tools said of themselves, as JSON, by their names."""
    name = f"tools.{source.name}"
    try:
        async with asyncio.timeout(PATIENCE):
            tools = await _list_once(source)
    except TimeoutError:
        return Check(
            name, "warn", f"{source.name} did not answer in {PATIENCE:g} seconds.", "Look at what it waits for."
        )
    except SourceFailed as error:
        return Check(name, "warn", f"{source.name} offers no tools: {error}.", "Start it, or correct where it is.")
    told = f"{source.name} offers {', '.join(map(_format_tool, tools)) or 'nothing'}."
    held = [each.spec.name for each in tools if accepted.get(each.spec.name, "") not in {"", describe_spec(each.spec)}]
    if held:
        return Check(name, "warn", f"{told} Held, as they say something else of themselves: {', '.join(held)}.", ACCEPT)
    return Check(name, "ok", told)


async def _list_once(source: ToolSource) -> Sequence[Tool]:
    """Return what a source offers; raises SourceFailed."""
    came: asyncio.Future[Sequence[Tool]] = asyncio.get_running_loop().create_future()

    async def take_first(tools: Sequence[Tool]) -> None:
        if not came.done():
            came.set_result(tools)

    holding = asyncio.create_task(source.hold_open(take_first))
    try:
        await asyncio.wait(list[asyncio.Future[Any]]([holding, came]), return_when=asyncio.FIRST_COMPLETED)
        if not came.done():
            holding.result()
        return came.result()
    finally:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)


def _format_tool(tool: Tool) -> str:
    return tool.spec.name if not tool.spec.needs_consent else f"{tool.spec.name} ({_format_consent(tool.spec)})"


def _format_consent(spec: ToolSpec) -> str:
    return "asks first" if spec.consent == "always" else "changes something, asks first"


def _read_accepted(settings: Settings) -> Mapping[str, str]:
    """Return what every tool said of itself when it was accepted, by its name; nothing without a database yet."""
    storage = settings.storage
    try:
        return {pin.tool: pin.accepted for pin in read_pins(storage.path, storage.read_key())}
    except (StorageUnavailable, StatementRefused, SettingsError):
        return {}
