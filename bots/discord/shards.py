"""Which parts of the connection hear, and what is done when one begins anew."""

import asyncio
from collections.abc import Callable


class Shards:
    """The state of each of `count` shards; `begun` is called when one has a new session, which replays nothing."""

    def __init__(self, count: int, begun: Callable[[], None]) -> None:
        self._deaf = set(range(count))
        self._begun = begun
        self._all_hear = asyncio.Event()

    @property
    def hear(self) -> bool:
        """Whether events can arrive from every guild."""
        return not self._deaf

    async def all_hear(self) -> None:
        """Return once every shard hears."""
        await self._all_hear.wait()

    def connected(self, shard: int) -> None:
        """Learn that a shard has begun a session, and that the guilds which it announced have come."""
        self.resumed(shard)
        self._begun()

    def resumed(self, shard: int) -> None:
        """Learn that a shard goes on with its session, and has replayed what it missed."""
        self._deaf.discard(shard)
        if self.hear:
            self._all_hear.set()

    def disconnected(self, shard: int) -> None:
        """Learn that a shard has lost its connection."""
        self._deaf.add(shard)
        self._all_hear.clear()
