"""What Slack tells, on its way to core: live, or read again after a gap."""

from collections.abc import Mapping
from typing import Any

from bots.slack.events import read
from core.messages import Receive


class EventReader:
    """Reads what is said in one workspace, whose id is `team`, and hands it on."""

    def __init__(self, team: str, bot_user: str, receive: Receive, *, dm_threads: bool) -> None:
        self._team = team
        self._bot_user = bot_user
        self._receive = receive
        self._dm_threads = dm_threads

    async def told(self, body: Mapping[str, Any]) -> bool:
        """Take an event in; False where it is nothing for a bot."""
        event = read(body, self._bot_user, dm_threads=self._dm_threads)
        if event is not None:
            await self._receive(event)
        return event is not None

    async def said(self, channel: str, post: Mapping[str, Any]) -> None:
        """Take in a message as it stands in a channel's history."""
        await self.told({"team_id": self._team, "event": {**post, "type": "message", "channel": channel}})
