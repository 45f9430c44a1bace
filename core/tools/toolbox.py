"""All the tools that there are, and which of them a conversation has."""

from collections.abc import Iterable

from core.history import History
from core.messages import Entry, Message, Turn
from core.moderation.moderation import Moderation
from core.outcome import Outcome, about
from core.policy import Policies
from core.storage.store import Store
from core.tools.journal import CallJournal
from core.tools.run import Outside, ToolRun
from core.tools.settings import ToolSettings
from core.tools.tool import CallContext, Tool
from core.tools.trust import trust_of


class Toolbox:
    """The tools by name; without any, a turn is answered as if there were no such thing."""

    def __init__(
        self,
        tools: Iterable[Tool],
        settings: ToolSettings,
        store: Store,
        policies: Policies,
        guard: Moderation | None = None,
    ) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}
        self._settings = settings
        self._store = store
        self._policies = policies
        self._checks = guard if guard and guard.is_checking else None

    async def begin_run(
        self, turn: Turn, message: Message, question: Entry, history: History, answer: Outcome
    ) -> ToolRun:
        """Return the run in which a turn's calls are made once its question is admitted in `answer`.

        It takes up what an earlier attempt has kept.
        """
        policy = self._policies.policy_of(message.key)
        tools = {name: self._tools[name] for name in policy.tools if name in self._tools}
        context = CallContext(message.key, message.author, message.zone or policy.time_zone)
        outside = Outside(self._settings, self._checks, about(turn), answer.admission)
        trust = trust_of(message, question, history, tools)
        run = ToolRun(turn, tools, context, trust, CallJournal(self._store, turn), outside)
        await run.resume()
        return run
