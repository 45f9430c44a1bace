"""The nonces of the last minutes, by which a repeated message is recognized (Discord docs, Create Message)."""

import time
from collections import OrderedDict

LIFE = 300.0  # seconds; Discord says "the past few minutes"


class Nonces:
    """Which post each author made under which nonce, as long as Discord remembers it."""

    def __init__(self) -> None:
        self._posts: OrderedDict[tuple[str, str], tuple[float, str, str]] = OrderedDict()

    def find(self, author: str, nonce: str | int) -> tuple[str, str] | None:
        """Return the channel and the id of the post made under this nonce, or None."""
        self._forget()
        found = self._posts.get((author, str(nonce)))
        return found[1:] if found else None

    def keep(self, author: str, nonce: str | int, channel: str, post: str) -> None:
        """Remember the post that was made under this nonce."""
        self._posts[author, str(nonce)] = (time.monotonic() + LIFE, channel, post)

    def _forget(self) -> None:
        now = time.monotonic()
        while self._posts and next(iter(self._posts.values()))[0] < now:
            self._posts.popitem(last=False)
