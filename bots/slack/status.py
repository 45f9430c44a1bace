"""The line `is thinking…` under a thread, for as long as nothing can be read yet."""

import asyncio
from collections.abc import Mapping

import structlog

from bots.slack.calls import Calls, SlackRefusal
from bots.slack.reply import Reply, unbroken
from core.messages import Turn

log = structlog.get_logger()

PATIENCE = 0.8  # seconds; a quicker answer needs no status
RENEWAL = 100.0  # seconds; Slack clears a status after two minutes (Slack docs, assistant.threads.setStatus)


class Status:
    """Shows that an answer is being made; a workspace without the feature is asked once."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._supported = True

    async def thinking(self, turn: Turn, reply: Reply) -> None:
        """Show the status until a part is posted (which clears it), or until this is cancelled."""
        key = turn.message.key
        await asyncio.sleep(PATIENCE)
        while self._supported and key.thread and not reply.visible:
            await unbroken(self._show({"channel_id": key.channel, "thread_ts": key.thread}, reply))
            await asyncio.sleep(RENEWAL)

    async def _show(self, place: Mapping[str, str], reply: Reply) -> None:
        """Show the status; one that may have come after the answer, which would have cleared it, is taken away."""
        await self._set({**place, "status": "is thinking…"})
        if reply.visible:
            await self._set({**place, "status": ""})

    async def _set(self, arguments: dict[str, str]) -> None:
        try:
            await self._calls.write("assistant.threads.setStatus", arguments)
        except SlackRefusal as error:
            self._supported = False
            log.info("no status here", error=error.code)
