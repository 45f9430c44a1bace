"""The sources of tools that the settings name, watched for as long as the bot runs."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from importlib import import_module
from importlib.util import find_spec

from core.errors import SettingsError
from core.moderation.moderation import Moderation
from core.storage.store import Store
from core.tools.mcp.servers import McpServer, read_servers
from core.tools.settings import ToolSettings
from core.tools.sources.catalog import ToolCatalog
from core.tools.sources.source import ToolSource
from core.tools.sources.watch import keep_offering

NO_MCP = "CONFAB_MCP needs the package `mcp`, which is not installed: .venv/bin/pip install 'mcp>=2.3,<3'."


def open_catalog(
    settings: ToolSettings, environ: Mapping[str, str], store: Store, guard: Moderation | None, stack: AsyncExitStack
) -> ToolCatalog | None:
    """Return what the sources offer, which `stack` closes; None without any. Raises SettingsError.

    `environ` is what the files of settings take variables from.
    """
    servers = read_mcp_servers(settings, environ)
    if not servers:
        return None
    catalog = ToolCatalog(store, guard, [each.name for each in servers])
    watching = asyncio.create_task(_watch_servers(servers, environ, catalog))
    stack.push_async_callback(_end_task, watching)
    return catalog


def read_mcp_servers(settings: ToolSettings, environ: Mapping[str, str]) -> list[McpServer]:
    """Return the servers of CONFAB_MCP; raises SettingsError, also where what they need is not installed."""
    servers = read_servers(settings.mcp, environ)
    if servers and not find_spec("mcp"):
        raise SettingsError([NO_MCP])
    return servers


async def mcp_sources(servers: list[McpServer], environ: Mapping[str, str]) -> list[ToolSource]:
    """Return the servers as sources; the package is imported now, on a thread, since that takes half a second."""
    module = await asyncio.to_thread(import_module, "core.tools.mcp.connection")
    return [module.McpSource(each, environ) for each in servers]


async def _watch_servers(servers: list[McpServer], environ: Mapping[str, str], catalog: ToolCatalog) -> None:
    sources = await mcp_sources(servers, environ)
    await asyncio.gather(*(keep_offering(source, catalog) for source in sources))


async def _end_task(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
