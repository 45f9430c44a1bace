"""Whoever answers conversations looks for turns as often as there may be one, and no more."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from core.conversation import Conversation
from core.messages import ConversationKey, Turn
from core.storage.connection import Connection
from core.storage.store import Store
from core.turn_settings import TurnSettings
from core.worker import Worker

KEY = ConversationKey("slack", "T1", "C1", "1.0")


class CountingStore(Store):
    """A store that counts how often somebody looks for a turn."""

    looked = 0

    async def claim_turn(
        self, key: ConversationKey, reserve: Callable[[Connection, Turn], Turn] | None = None
    ) -> Turn | None:
        """Look as ever."""
        self.looked += 1
        return await super().claim_turn(key, reserve)


@pytest.mark.parametrize("wakings", [1, 3])
async def test_where_nothing_waits_it_is_looked_for_once(tmp_path: Path, wakings: int) -> None:
    """And once more for what may have come meanwhile: an endless look would take a processor and the store."""
    store = CountingStore(tmp_path / "confab.db")
    worker = Worker(store, cast("Conversation", None), {}, TurnSettings())  # it has nothing to answer
    for _ in range(wakings):
        worker.wake(KEY)
    for _ in range(50):  # what the store is asked comes in its order, so that an endless look would stand between
        await store.read_state("nothing")
    await worker.stop(grace=30.0)
    await store.close()
    assert 1 <= store.looked <= 2
