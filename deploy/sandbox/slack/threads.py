"""What the app says about its threads, beside what it says in them."""

import asyncio

from deploy.sandbox.slack.changes import Change
from deploy.sandbox.wire.changes import Changes

STATUS_LASTS = 120.0  # seconds without a message; Slack docs, assistant.threads.setStatus
Place = tuple[str, str]


class Threads:
    """Status and title of a thread, by channel and ts of its root, and the prompts offered in a channel."""

    def __init__(self, changes: Changes[Change]) -> None:
        self.statuses: dict[Place, str] = {}
        self.titles: dict[Place, str] = {}
        self.prompts: dict[str, list[dict[str, str]]] = {}
        self._changes = changes
        self._timers: dict[Place, asyncio.TimerHandle] = {}

    def set_status(self, channel: str, ts: str, text: str) -> None:
        """Show a status until a reply, the next status, or two minutes end it; empty text takes it away."""
        place = (channel, ts)
        if (timer := self._timers.pop(place, None)) is not None:
            timer.cancel()
        if text:
            loop = asyncio.get_running_loop()
            self._timers[place] = loop.call_later(STATUS_LASTS, self.set_status, channel, ts, "")
        if self.statuses.get(place, "") != text:
            self.statuses[place] = text
            if not text:
                del self.statuses[place]
            self._changes.tell(Change("status", channel, ts, None, text))

    def set_title(self, channel: str, ts: str, title: str) -> None:
        """Name a thread."""
        self.titles[channel, ts] = title
        self._changes.wake()

    def offer(self, channel: str, prompts: list[dict[str, str]]) -> None:
        """Offer these prompts in a channel, in place of earlier ones."""
        self.prompts[channel] = prompts
        self._changes.wake()
