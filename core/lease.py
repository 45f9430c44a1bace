"""Keeps a turn while it is being answered, and ends the attempt where it is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from core.messages import Turn
from core.storage.errors import StorageUnavailable, TurnLost
from core.storage.store import Store
from core.storage.turns import LEASE


@asynccontextmanager
async def held_lease(store: Store, turn: Turn, every: float = LEASE / 3) -> AsyncIterator[None]:
    """Renew a turn's lease `every` so many seconds; what is done meanwhile ends with TurnLost once it is not ours."""
    try:
        async with asyncio.timeout(None) as end:
            renewing = asyncio.create_task(_renew(store, turn, every, end))
            try:
                yield
            finally:
                renewing.cancel()
    except TimeoutError:
        if end.expired():
            raise TurnLost(turn.id) from None
        raise


async def _renew(store: Store, turn: Turn, every: float, end: asyncio.Timeout) -> None:
    """Renew until the turn is lost; then end what is under way."""
    is_ours = True
    while is_ours:
        await asyncio.sleep(every)
        with suppress(StorageUnavailable):  # it is tried again while the lease lasts
            is_ours = await store.renew_lease(turn)
    end.reschedule(0.0)
