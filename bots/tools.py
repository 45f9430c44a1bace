"""The tools that the settings have on, put together for the composition root."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from bots.tool_sources import may_visit_any, open_catalog
from core.files.documents import Documents
from core.llm.http_client import open_public_client
from core.moderation.moderation import Moderation
from core.policy import Policies
from core.storage.store import Store
from core.tools.addresses import is_public_address
from core.tools.calculator import CALCULATOR
from core.tools.clock import CLOCK
from core.tools.read_link import SECONDS, LinkReader
from core.tools.search_here import ChannelSearch
from core.tools.settings import ToolSettings
from core.tools.tool import Tool
from core.tools.toolbox import Toolbox
from core.tools.web_search import open_search


async def toolbox_of(  # noqa: PLR0913, PLR0917 - the tools are put together here, of all that they reach
    settings: ToolSettings,
    store: Store,
    policies: Policies,
    guard: Moderation | None,
    documents: Documents,
    stack: AsyncExitStack,
    environ: Mapping[str, str],
    further: Sequence[Tool] = (),
) -> Toolbox:
    """Return the tools, `further` ones among them; `documents` reads what links lead to, `stack` closes what is opened.

    `environ` is what the settings' files take variables from. Raises SettingsError.
    """
    catalog = await open_catalog(settings, environ, store, guard, stack)
    web = await stack.enter_async_context(open_public_client(is_public_address, SECONDS))
    search = ChannelSearch(store, guard.silences) if guard else ChannelSearch(store)
    built_in = [CLOCK, CALCULATOR, LinkReader(web, documents).link_tool, search.search_tool, *further]
    if settings.can_search_web:
        engine = open_search(settings, await stack.enter_async_context(open_public_client(may_visit_any, SECONDS)))
        built_in += [engine.tool] if engine else []
    return Toolbox(built_in, settings, store, policies, guard, catalog)
