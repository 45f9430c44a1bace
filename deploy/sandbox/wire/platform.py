"""What the pretend Slack and the pretend Discord are alike in: limits that can be switched off, and whoever watches."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, Protocol, TypeVar

from deploy.sandbox.wire.changes import Changes

C = TypeVar("C")


class Switchable(Protocol):
    """Rate limits that are kept or not."""

    on: bool


L = TypeVar("L", bound=Switchable)
T = TypeVar("T")


class Platform(Generic[C, L]):
    """A platform whose changes, values of type C, can be waited for. `limits`, of type L, are those of its API."""

    def __init__(self, limits: L) -> None:
        self.limits = limits
        self.changes = Changes[C]()

    @property
    def limits_on(self) -> bool:
        """Whether rate limits are kept; a benchmark switches them off."""
        return self.limits.on

    @limits_on.setter
    def limits_on(self, on: bool) -> None:
        self.limits.on = on

    async def until(self, predicate: Callable[[], T], timeout: float = 60.0) -> T:  # noqa: ASYNC109 - it says more on expiry
        """Return what `predicate` gives once it is true; it is asked again after every change.

        Raises TimeoutError, which says how things stand, after `timeout` seconds.
        """
        return await self.changes.until(predicate, timeout, self.describe_state)

    def subscribe(self) -> AbstractContextManager[asyncio.Queue[C]]:
        """Give a queue that receives every change until the block ends."""
        return self.changes.subscribe()

    def describe_state(self) -> str:
        """Say in a sentence what stands here, who is connected, and what was called last."""
        raise NotImplementedError
