"""The rows of one turn's calls."""

from collections.abc import Sequence

from core.messages import ConversationKey, Turn
from core.storage import consents, tool_calls
from core.storage.errors import TurnLost
from core.storage.store import Store
from core.tool_calls import CallRecord


class CallJournal:
    """Writes down what becomes of a turn's calls, before and after; a write raises TurnLost once the turn is lost."""

    def __init__(self, store: Store, turn: Turn) -> None:
        self._store = store
        self._turn = turn

    async def read_calls(self) -> list[CallRecord]:
        """Return what an earlier attempt has written, in order; nothing is read at the first."""
        if self._turn.attempts < 2:
            return []
        return list(await self._store.run(lambda db: tool_calls.select_calls(db, self._turn)))

    async def read_grants(self, key: ConversationKey) -> frozenset[str]:
        """Return the tools that somebody in a channel allowed to be called always."""
        return await self._store.run(lambda db: consents.select_grants(db, key))

    async def save_calls(self, records: Sequence[CallRecord]) -> None:
        """Write new calls down, as they are proposed."""
        if not await self._store.run(lambda db: tool_calls.insert_calls(db, self._turn, records)):
            raise TurnLost(self._turn.id)

    async def save_call(self, record: CallRecord) -> None:
        """Write down what has become of a call."""
        if not await self._store.run(lambda db: tool_calls.update_call(db, self._turn, record)):
            raise TurnLost(self._turn.id)
