"""The sources of tools that the settings name, watched for as long as the bot runs."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from importlib import import_module
from importlib.util import find_spec

from core.errors import SettingsError
from core.llm.http_client import open_public_client
from core.moderation.moderation import Moderation
from core.storage.store import Store
from core.tools.addresses import is_public_address
from core.tools.entry_points import package_sources
from core.tools.mcp.servers import McpServer, read_servers
from core.tools.settings import ToolSettings
from core.tools.sources.catalog import ToolCatalog
from core.tools.sources.source import ToolSource
from core.tools.sources.watch import keep_offering

STEP = 60.0  # seconds for each step of a request
NO_MCP = "CONFAB_MCP needs the package `mcp`, which is not installed: .venv/bin/pip install 'mcp>=2.3,<3'."


async def open_catalog(
    settings: ToolSettings, environ: Mapping[str, str], store: Store, guard: Moderation | None, stack: AsyncExitStack
) -> ToolCatalog | None:
    """Return what the sources offer, which `stack` closes; None without any. Raises SettingsError.

    `environ` is what the files of settings take variables from.
    """
    servers = read_mcp_servers(settings, environ)
    others = await other_sources(settings, stack)
    if not (servers or others):
        return None
    catalog = ToolCatalog(store, guard, [*(each.name for each in servers), *(each.name for each in others)])
    for watching in (_watch_servers(servers, environ, catalog), _watch_sources(others, catalog)):
        stack.push_async_callback(_end_task, asyncio.create_task(watching))
    return catalog


def read_mcp_servers(settings: ToolSettings, environ: Mapping[str, str]) -> list[McpServer]:
    """Return the servers of CONFAB_MCP; raises SettingsError, also where what they need is not installed."""
    servers = read_servers(settings.mcp, environ)
    if servers and not find_spec("mcp"):
        raise SettingsError([NO_MCP])
    return servers


async def mcp_sources(servers: Sequence[McpServer], environ: Mapping[str, str]) -> list[ToolSource]:
    """Return the servers as sources; the package is imported now, on a thread, since that takes half a second."""
    if not servers:
        return []
    module = await asyncio.to_thread(import_module, "core.tools.mcp.connection")
    return [module.McpSource(each, environ) for each in servers]


async def other_sources(settings: ToolSettings, stack: AsyncExitStack) -> list[ToolSource]:
    """Return the sources that are no MCP servers: documents, and packages; `stack` closes what they are reached by."""
    return [*await _document_sources(settings, stack), *await asyncio.to_thread(package_sources)]


async def _document_sources(settings: ToolSettings, stack: AsyncExitStack) -> list[ToolSource]:
    """Return the documents of CONFAB_OPENAPI as sources."""
    if not settings.openapi:
        return []
    module = await asyncio.to_thread(import_module, "core.tools.openapi.interface")
    public = await stack.enter_async_context(open_public_client(is_public_address, STEP))
    named = await stack.enter_async_context(open_public_client(may_visit_any, STEP))
    clients, places = module.HttpClients(public, named), settings.openapi
    return [
        module.OpenApiSource(place, name, clients, module.own_headers(settings.openapi_headers, place, places))
        for place, name in zip(places, module.source_names(places), strict=True)
    ]


def may_visit_any(_: str) -> bool:
    """Let every address pass: that of a server which the operator named."""
    return True


async def _watch_servers(servers: Sequence[McpServer], environ: Mapping[str, str], catalog: ToolCatalog) -> None:
    await _watch_sources(await mcp_sources(servers, environ), catalog)


async def _watch_sources(sources: Sequence[ToolSource], catalog: ToolCatalog) -> None:
    await asyncio.gather(*(keep_offering(source, catalog) for source in sources))


async def _end_task(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
