"""The addresses at which the app may answer an interaction (Slack docs, Handling user interaction, response_url)."""

import time
import uuid
from dataclasses import dataclass

from deploy.sandbox.slack.refused import Refused

MOST_RESPONSES = 5
LASTS = 1_800.0  # seconds


@dataclass(slots=True)
class Invitation:
    """A `response_url`: for whom it is, where they were, since when (time.monotonic), and how often it was used."""

    user: str
    channel: str
    thread_ts: str | None
    since: float
    used: int = 0


class Invitations:
    """Every `response_url` that was given out; a test may set `lasts`, the seconds for which one serves."""

    def __init__(self) -> None:
        self.lasts = LASTS
        self._given: dict[str, Invitation] = {}

    def give(self, user: str, channel: str, thread_ts: str | None) -> str:
        """Return the last part of a new address."""
        identity = uuid.uuid4().hex
        self._given[identity] = Invitation(user, channel, thread_ts, time.monotonic())
        return identity

    def use(self, identity: str) -> Invitation:
        """Count one use. Raises Refused where the address is too old, unknown, or used up."""
        invitation = self._given.get(identity)
        if invitation is None or time.monotonic() - invitation.since > self.lasts:
            raise Refused("expired_url", status=404)
        if invitation.used >= MOST_RESPONSES:
            raise Refused("used_url", status=404)
        invitation.used += 1
        return invitation
