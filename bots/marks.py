"""How far a platform was heard, kept from one start to the next."""

from typing import Protocol


class Marks(Protocol):
    """Where a platform keeps how far it has received, so that it can catch up after a gap."""

    async def read_state(self, name: str) -> str:
        """Return what was last set under `name`, empty where nothing was."""

    async def advance_state(self, name: str, number: int) -> None:
        """Remember a number under `name`, unless one as large stands there: it only grows."""

    async def write_state(self, name: str, value: str) -> None:
        """Remember `value` under `name`."""
