"""What goes wrong on request."""

from dataclasses import dataclass, field, fields
from typing import Literal

Fault = Literal["server_error", "dropped_reply", "reset"]


@dataclass(slots=True)
class Faults:
    """What the workspace does badly; all of it may be changed while it runs.

    Methods are named as `chat.update`, with `*` for every method.
    """

    deliveries: int = 1
    """how often each event arrives; the later ones say that they are retries"""
    message_first: bool = False
    """whether message.channels arrives before the app_mention of the same message"""
    refuse_sockets: bool = False
    """whether a new Socket Mode connection is turned away"""
    silent_sockets: bool = False
    """whether sockets stay open but neither answer a ping nor deliver an event"""
    expired_files: bool = False
    """whether every file's address is gone (404)"""
    clip_kind: str = "m4a"
    """as which kind of clip a person's recording arrives; the kinds are those of deploy.sandbox.page.clips"""
    rate_limited: dict[str, float] = field(default_factory=dict)
    """until when, in seconds of time.monotonic, a method answers 429"""
    retry_after: str = ""
    """what a 429 says instead of a number of seconds, as something between Slack and the app might"""
    server_error: dict[str, int] = field(default_factory=dict)
    """how many of a method's next calls answer 503, with nothing done"""
    dropped_reply: dict[str, int] = field(default_factory=dict)
    """how many of a method's next calls do their work, and then lose the connection instead of answering"""
    reset: dict[str, int] = field(default_factory=dict)
    """how many of a method's next calls lose the connection with nothing done"""
    slow: dict[str, float] = field(default_factory=dict)
    """how many seconds a method waits before it does anything"""

    def clear(self) -> None:
        """Let everything work again."""
        fresh = Faults()
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))

    def strikes(self, fault: Fault, method: str) -> bool:
        """Say whether this call is one of those that go wrong, and count it."""
        left: dict[str, int] = getattr(self, fault)
        for name in (method, "*"):
            if left.get(name, 0) > 0:
                left[name] -= 1
                return True
        return False

    def delay(self, method: str) -> float:
        """Return the seconds that a call to this method waits."""
        return self.slow.get(method, self.slow.get("*", 0.0))

    def limited_for(self, method: str, now: float) -> float:
        """Return the seconds for which this method goes on answering 429; zero or less if it does not."""
        return max(self.rate_limited.get(method, 0.0), self.rate_limited.get("*", 0.0)) - now
