"""Tools of installed Python packages, which name them in the entry point group `confab.tools`."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points

import structlog

from core.tools.sources.source import Offer, SourceFailed, qualify_name
from core.tools.tool import Tool

log = structlog.get_logger()

GROUP = "confab.tools"


class PackageSource:
    """What one entry point leads to: a Tool, several, or a function without arguments that returns either."""

    def __init__(self, entry: EntryPoint) -> None:
        self._entry = entry

    @property
    def name(self) -> str:
        """What the names of its tools begin with: the entry point's name."""
        return self._entry.name

    async def hold_open(self, offer: Offer) -> None:
        """Import it on a thread, offer its tools, and go on until called off; raises SourceFailed."""
        await offer([self._own_tool(tool) for tool in await asyncio.to_thread(self._load_tools)])
        await asyncio.Event().wait()

    def _load_tools(self) -> list[Tool]:
        try:
            found = self._entry.load()
            found = found() if callable(found) else found
            tools = [found] if isinstance(found, Tool) else list(found)
        except Exception as error:
            log.exception("package of tools fails", entry=self._entry.value)
            raise SourceFailed(f"{self._entry.value} cannot be imported ({type(error).__name__})") from None
        if not all(isinstance(tool, Tool) for tool in tools):
            raise SourceFailed(f"{self._entry.value} gives something that is no tool")
        return tools

    def _own_tool(self, tool: Tool) -> Tool:
        """Return a tool under its source's name; that nobody is asked is an operator's word, and no author's."""
        consent = "auto" if tool.spec.consent == "never" else tool.spec.consent
        return replace(tool, spec=replace(tool.spec, name=qualify_name(self.name, tool.spec.name), consent=consent))


def package_sources(found: Iterable[EntryPoint] | None = None) -> list[PackageSource]:
    """Return every entry point of the group as a source; of two by one name, the first."""
    named = {entry.name: entry for entry in reversed(list(entry_points(group=GROUP) if found is None else found))}
    return [PackageSource(entry) for entry in named.values()]
