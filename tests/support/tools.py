"""Tools for tests: the built-in ones that need no network, and some whose doings a test sees."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bots.schedules import OpenedSchedules, open_schedules
from core.chat_commands import ChatCommands
from core.consent.settings import ConsentSettings
from core.policy import ChannelSettings, Policies
from core.schedules.scheduler import PeoplePlatform
from core.storage.store import Store
from core.tools.calculator import CALCULATOR
from core.tools.clock import CLOCK
from core.tools.search_here import ChannelSearch
from core.tools.settings import ToolSettings
from core.tools.tool import Arguments, CallContext, Consent, Tool, ToolFailed, ToolResult, ToolSpec
from tests.support.embedder import EmbedderSetup

Tools = Callable[[Store], Sequence[Tool]]


def without_tools(_: Store) -> Sequence[Tool]:
    """Return no tool, as most tests want it: a question is one call of the model."""
    return ()


@dataclass(frozen=True, slots=True)
class ToolSetup:
    """Which tools a bot has in a test, how much of them, and with which embedder it looks into what people share.

    With `reminds` it has the tool `reminders` as well, and takes up what is due.
    """

    made: Tools = without_tools
    settings: ToolSettings = field(default_factory=ToolSettings)
    consent: ConsentSettings = field(default_factory=ConsentSettings)
    embedder: EmbedderSetup | None = None
    reminds: bool = False

    def open_tools(
        self, store: Store, platforms: Mapping[str, PeoplePlatform], commands: ChatCommands
    ) -> tuple[Sequence[Tool], OpenedSchedules]:
        """Return the tools, and what takes up what is due."""
        opened = open_schedules(store, platforms, commands) if self.reminds else OpenedSchedules()
        return [*self.made(store), *opened.tools], opened


def built_in_tools(store: Store) -> Sequence[Tool]:
    """Return the built-in tools that ask no network."""
    return (CLOCK, CALCULATOR, ChannelSearch(store).search_tool)


@dataclass(slots=True)
class Probe:
    """A tool that notes its calls and returns what it is told to; it waits while `hold` is not set."""

    name: str = "probe"
    returns: str = "nothing of note"
    is_read_only: bool = True
    is_idempotent: bool = False
    address: str = ""
    is_trusted: bool = False
    consent: Consent = "never"
    fails: str = ""
    hold: asyncio.Event | None = None
    calls: list[tuple[Arguments, CallContext]] = field(default_factory=list)

    @property
    def tool(self) -> Tool:
        """The tool."""
        schema = {"type": "object", "properties": {"about": {"type": "string"}, "url": {"type": "string"}}}
        spec = ToolSpec(
            self.name,
            "Returns something.",
            schema,
            self.is_read_only,
            self.is_idempotent,
            self.is_trusted,
            address=self.address,
            consent=self.consent,
        )
        return Tool(spec, self._call)

    async def _call(self, arguments: Arguments, context: CallContext) -> ToolResult:
        self.calls.append((arguments, context))
        if self.hold:
            await self.hold.wait()
        if self.fails:
            raise ToolFailed(self.fails)
        return ToolResult(self.returns)


def policies_with(*names: str, knowledge: Literal["off", "files", "all"] = "off") -> Policies:
    """Return policies under which a channel has these tools, and what people share is looked up."""
    return Policies(ChannelSettings(channel_context=0, tools=names, knowledge=knowledge))
