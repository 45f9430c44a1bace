"""Which triggers were given out, and which views stand before whom."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox.slack.refused import Refused

View = dict[str, Any]
LASTS = 3.0  # seconds (Slack docs, Modals)


@dataclass(slots=True)
class _Trigger:
    user: str
    at: float
    exchanged: bool = False


@dataclass(slots=True)
class Views:
    """Each person's modal, if one is open, and home; `lasts` is for how many seconds a trigger serves."""

    lasts: float = LASTS
    modals: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    _triggers: dict[str, _Trigger] = field(default_factory=dict)

    def give_trigger(self, user: str) -> str:
        """Return a new trigger_id of something that a person did."""
        trigger = f"{time.time_ns() // 1_000_000}.0.{uuid.uuid4().hex}"
        self._triggers[trigger] = _Trigger(user, time.monotonic())
        return trigger

    def exchange(self, trigger: str) -> str:
        """Use a trigger up; return who set it off."""
        known = self._triggers.get(trigger)
        if known is None:
            raise Refused("invalid_trigger_id")
        if known.exchanged:
            raise Refused("exchanged_trigger_id")
        if time.monotonic() - known.at > self.lasts:
            raise Refused("expired_trigger_id")
        known.exchanged = True
        return known.user
