"""What goes wrong on request."""

from dataclasses import dataclass, field, fields
from typing import Literal

Fault = Literal["server_error", "dropped_reply", "reset"]


@dataclass(slots=True)
class Faults:
    """What the guild does badly; all of it may be changed while it runs.

    Routes are named as in Discord's documentation: `create_message`, `edit_message`…, with `*` for every route.
    What happens to open gateway connections at one moment (dropped, told to reconnect, session invalidated) is
    asked of the gateway itself.
    """

    deliveries: int = 1
    """how often each event arrives in a session"""
    refuse_sockets: bool = False
    """whether a new gateway connection is turned away"""
    silent_sockets: bool = False
    """whether gateway connections stay open but neither acknowledge a heartbeat nor deliver an event"""
    expired_files: bool = False
    """whether every attachment's address has expired (404)"""
    blocked_words: set[str] = field(default_factory=set)
    """the words for which automatic moderation blocks a message of the bot (200000)"""
    codes: dict[str, list[int]] = field(default_factory=dict)
    """the error codes with which a route's next calls are refused, in order: 240000, 20028, 30046…"""
    rate_limited: dict[str, float] = field(default_factory=dict)
    """until when, in seconds of time.monotonic, a route answers 429"""
    server_error: dict[str, int] = field(default_factory=dict)
    """how many of a route's next calls answer `error_status`, with nothing done"""
    error_status: int = 503
    """the status of a server_error: 500, 502, 503…"""
    dropped_reply: dict[str, int] = field(default_factory=dict)
    """how many of a route's next calls do their work, and then lose the connection instead of answering"""
    reset: dict[str, int] = field(default_factory=dict)
    """how many of a route's next calls lose the connection with nothing done"""
    slow: dict[str, float] = field(default_factory=dict)
    """how many seconds a route waits before it does anything"""

    def clear(self) -> None:
        """Let everything work again."""
        fresh = Faults()
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))

    def strikes(self, fault: Fault, route: str) -> bool:
        """Say whether this call is one of those that go wrong, and count it."""
        left: dict[str, int] = getattr(self, fault)
        for name in (route, "*"):
            if left.get(name, 0) > 0:
                left[name] -= 1
                return True
        return False

    def delay(self, route: str) -> float:
        """Return the seconds that a call to this route waits."""
        return self.slow.get(route, self.slow.get("*", 0.0))

    def limited_for(self, route: str, now: float) -> float:
        """Return the seconds for which this route goes on answering 429; zero or less if it does not."""
        return max(self.rate_limited.get(route, 0.0), self.rate_limited.get("*", 0.0)) - now

    def code(self, route: str) -> int:
        """Return the error code with which this call is refused, and count it; 0 if it is not."""
        asked = self.codes.get(route) or self.codes.get("*")
        return asked.pop(0) if asked else 0
