"""Which parts of the connection hear."""

import asyncio


class Shards:
    """The state of each of `count` shards."""

    def __init__(self, count: int) -> None:
        self._deaf = set(range(count))
        self._all_hear = asyncio.Event()

    @property
    def hear(self) -> bool:
        """Whether events can arrive from every guild."""
        return not self._deaf

    async def all_hear(self) -> None:
        """Return once every shard hears."""
        await self._all_hear.wait()

    def connected(self, shard: int) -> None:
        """Learn that a shard hears, in a new session or in the one that it had."""
        self._deaf.discard(shard)
        if self.hear:
            self._all_hear.set()

    def disconnected(self, shard: int) -> None:
        """Learn that a shard has lost its connection."""
        self._deaf.add(shard)
        self._all_hear.clear()
