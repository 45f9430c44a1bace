"""What a reply needs beside its conversation's key, as text that waits in the inbox with the message."""

import json
import time
from dataclasses import asdict, dataclass
from typing import Self

TOKEN_LIFE = 14 * 60.0  # seconds; Discord keeps an interaction's token for 15 minutes (docs, Receiving and Responding)


@dataclass(frozen=True, slots=True)
class Handle:
    """The channel or thread in which a message stands. An interaction has a token, and the id of its first answer."""

    channel: str
    token: str = ""
    original: str = ""
    expires: float = 0.0

    @classmethod
    def of_interaction(cls, channel: str, token: str, original: str, made_at: float) -> Self:
        """Return the handle of an interaction that was made at a time in seconds since the epoch."""
        return cls(channel, token, original, made_at + TOKEN_LIFE)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `str` wrote."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    @property
    def holds(self) -> bool:
        """Whether the interaction can still be answered by its token."""
        return bool(self.token) and time.time() < self.expires
