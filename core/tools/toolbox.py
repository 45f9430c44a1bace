"""All the tools that there are, and which of them a conversation has."""

from collections.abc import Iterable, Sequence
from itertools import islice

from core.history import History
from core.messages import ConversationKey, Entry, Message, Turn
from core.moderation.moderation import Moderation
from core.outcome import Outcome, about
from core.policy import Policies
from core.storage.store import Store
from core.tools.journal import CallJournal
from core.tools.run import Outside, ToolRun
from core.tools.settings import ToolSettings
from core.tools.sources.catalog import ToolCatalog
from core.tools.sources.source import is_listed
from core.tools.tool import CallContext, Tool
from core.tools.trust import trust_of

MOST_TOOLS = 128  # of one request (OpenAI API reference, `tools`)


class Toolbox:
    """The tools by name; without any, a turn is answered as if there were no such thing."""

    def __init__(
        self,
        tools: Iterable[Tool],
        settings: ToolSettings,
        store: Store,
        policies: Policies,
        guard: Moderation | None = None,
        catalog: ToolCatalog | None = None,
    ) -> None:
        self._catalog = catalog
        self._tools = {tool.spec.name: tool for tool in tools}
        self._settings = settings
        self._store = store
        self._policies = policies
        self._checks = guard if guard and guard.is_checking else None

    async def begin_run(
        self, turn: Turn, message: Message, question: Entry, history: History, answer: Outcome, excerpts: str = ""
    ) -> ToolRun:
        """Return the run in which a turn's calls are made once its question is admitted in `answer`.

        It takes up what an earlier attempt has kept. `excerpts` is what was looked up for the question: from outside.
        """
        policy = self._policies.policy_of(message.key)
        tools = await self._tools_in(message.key, policy.tools)
        context = CallContext(message.key, message.author, message.zone or policy.time_zone, asked=message)
        outside = Outside(self._settings, self._checks, about(turn), answer.admission)
        trust = trust_of(message, question, history, tools)
        run = ToolRun(turn, tools, context, trust, CallJournal(self._store, turn), outside, excerpts)
        await run.resume_calls()
        return run

    async def look_again(self) -> None:
        """Offer what the operator has accepted meanwhile."""
        if self._catalog:
            await self._catalog.look_again()

    async def _tools_in(self, key: ConversationKey, listed: Sequence[str]) -> dict[str, Tool]:
        """Return the tools of a conversation by name: those that are `listed`, and of sources all where none is."""
        own = {name: self._tools[name] for name in listed if name in self._tools}
        if not self._catalog:
            return own
        await self._catalog.wait_until_tried()
        connected = self._catalog.tools
        if self._policies.has_own_tools(key):
            connected = {name: tool for name, tool in connected.items() if is_listed(name, listed)}
        return dict(islice({**own, **connected}.items(), MOST_TOOLS))
