"""What goes wrong on request."""

from dataclasses import dataclass, field

from deploy.sandbox.wire.faults import CallFaults


@dataclass(slots=True)
class Faults(CallFaults):
    """What the guild does badly.

    What happens to open gateway connections at one moment (dropped, told to reconnect, session invalidated) is
    asked of the gateway itself.
    """

    blocked_words: set[str] = field(default_factory=set)
    """the words for which automatic moderation blocks a message of the bot (200000)"""
    codes: dict[str, list[int]] = field(default_factory=dict)
    """the error codes with which a route's next calls are refused, in order: 240000, 20028, 30046…"""
    code_wait: float = 0.1
    """the seconds after which a call that such a code answers with 429 may come again: hours, for some of them"""

    limits_all: bool = False
    """whether a call that is limited says that all others are as well (`global`)"""

    untold_members: bool = False
    """whether requests for members over the gateway are left without an answer"""

    def code(self, route: str) -> int:
        """Return the error code with which this call is refused, and count it; 0 if it is not."""
        asked = self.codes.get(route) or self.codes.get("*")
        return asked.pop(0) if asked else 0
