"""What goes wrong on request, on either platform."""

import time
from dataclasses import dataclass, field, fields
from typing import Literal

Fault = Literal["server_error", "dropped_reply", "reset"]


@dataclass(slots=True)
class CallFaults:
    """What a platform does badly; all of it may be changed while it runs.

    Calls are named as in the platform's documentation (`chat.update`, `create_message`), with `*` for every call.
    """

    deliveries: int = 1
    """how often each event arrives"""
    refuse_sockets: bool = False
    """whether a new socket is turned away"""
    silent_sockets: bool = False
    """whether sockets stay open but neither answer a sign of life nor deliver an event"""
    expired_files: bool = False
    """whether every file's address is gone (404)"""
    rate_limited: dict[str, float] = field(default_factory=dict)
    """until when, in seconds of time.monotonic, a call answers 429"""
    server_error: dict[str, int] = field(default_factory=dict)
    """how many of the next calls answer `error_status`, with nothing done"""
    error_status: int = 503
    """the status of a server_error: 500, 502, 503…"""
    dropped_reply: dict[str, int] = field(default_factory=dict)
    """how many of the next calls do their work, and then lose the connection instead of answering"""
    reset: dict[str, int] = field(default_factory=dict)
    """how many of the next calls lose the connection with nothing done"""
    slow: dict[str, float] = field(default_factory=dict)
    """how many seconds a call waits before it does anything"""

    clock_ahead: float = 0.0
    """by how many seconds its clock, as its Date headers tell it, is ahead of this machine's"""
    web_page: bool = False
    """whether a web page answers in its place, as a proxy's or a sign-in's"""

    def clear(self) -> None:
        """Let everything work again."""
        fresh = type(self)()
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))

    def strikes(self, fault: Fault, call: str) -> bool:
        """Say whether this call is one of those that go wrong, and count it."""
        left: dict[str, int] = getattr(self, fault)
        for name in (call, "*"):
            if left.get(name, 0) > 0:
                left[name] -= 1
                return True
        return False

    def delay(self, call: str) -> float:
        """Return the seconds that a call waits."""
        return self.slow.get(call, self.slow.get("*", 0.0))

    def limited_for(self, call: str) -> float:
        """Return the seconds for which a call goes on answering 429; zero or less if it does not."""
        return max(self.rate_limited.get(call, 0.0), self.rate_limited.get("*", 0.0)) - time.monotonic()
