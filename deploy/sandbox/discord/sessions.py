"""What Discord keeps of a gateway session, so that it can be resumed (Discord docs, Gateway, Resuming)."""

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox.discord.connections import Connection
from deploy.sandbox.discord.intents import Intent

MOST_KEPT = 5000  # events; a session that missed more cannot be resumed


@dataclass(slots=True)
class Session:
    """One identify and what was sent to it since.

    `connection` is None while nobody is connected, since `left_at`, in seconds of time.monotonic.
    """

    id: str
    intents: Intent
    shard: int
    shards: int
    connection: Connection | None = None
    sequence: int = 0
    left_at: float = 0.0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))

    def send(self, event: str, data: dict[str, Any], *, silent: bool = False) -> None:
        """Send an event under the next sequence number, and keep it; `silent` keeps it alone."""
        self.sequence += 1
        text = json.dumps({"op": 0, "t": event, "s": self.sequence, "d": data}, separators=(",", ":"))
        self.sent.append((self.sequence, text))
        if self.connection is not None and not silent:
            self.connection.send(text)

    def holds(self, sequence: int) -> bool:
        """Say whether everything after this sequence number can still be sent again."""
        oldest = self.sent[0][0] if self.sent else self.sequence + 1
        return oldest <= sequence + 1

    def after(self, sequence: int) -> list[str]:
        """Return what was sent after this sequence number, as it was sent."""
        return [text for number, text in self.sent if number > sequence]
