"""What was said while the bot did not hear, read from channels and threads themselves.

Slack delivers an event again three times, the last after some five minutes, and then no more (Slack docs, Events API).
A message's ts is its time to the microsecond, so that one mark serves all channels.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import structlog

from bots.slack.calls import SlackCalls, SlackRefusal
from bots.slack.events import SlackEventReader
from bots.state import PlatformState

log = structlog.get_logger()

LONGEST = 86_400.0  # seconds; what is older has been answered by somebody else, or is of no use any more
MOST_THREADS = 100  # threads that are looked into, the latest first; each costs a call, as Slack does not tell of them
MOST_CHANNELS = 100  # channels and direct messages, of which each costs a call as well
MOST_IN_ROOM = 500  # messages of one channel or thread
PATIENCE = 600.0  # seconds in all: so long a start would otherwise compete with those who ask now
MARGIN = 120_000_000  # two minutes in microseconds: behind the newest message some may still wait for the disk
SILENCE = 900.0  # seconds without an event after which Slack may have stopped to send any
PAGE = 200  # messages of one call, as Slack recommends (Slack docs, conversations.history)
AT_ONCE, PAUSE = 20, 2.0  # calls, and seconds before each further one: Tier 3 allows 50 a minute, and others need some
TYPES = "public_channel,private_channel,im,mpim"


def microseconds_of(ts: object) -> int:
    """Return a ts in microseconds since the epoch, 0 where it is none."""
    try:
        return round(float(str(ts)) * 1_000_000)
    except ValueError:
        return 0


class SlackBackfill:
    """Reads what is newer than the mark in the bot's channels and its latest threads, oldest first in each channel."""

    def __init__(self, calls: SlackCalls, team: str, ear: SlackEventReader, state: PlatformState) -> None:
        self._calls = calls
        self._team = team
        self._ear = ear
        self._state = state
        self._made = 0

    async def read_missed(self, mark: int) -> int | None:
        """Hear once what is newer than a mark; return the new one if nothing was left out.

        That lies a little before the beginning, or before the newest message found if that is earlier: our clock may
        be wrong. What came after was heard, or is newer than the mark.
        """
        began, self._made = microseconds_of(time.time()), 0
        oldest = max(mark, began - round(LONGEST * 1_000_000))
        try:
            async with asyncio.timeout(PATIENCE):
                newest = [await self._read_channel(*room, oldest) for room in await self._list_channels()]
        except TimeoutError:
            log.warning("catch-up ended early", seconds=PATIENCE, hint="What was not read by then stays unanswered.")
            return began - MARGIN
        except SlackRefusal as error:
            log.warning("catch-up broke off", detail=str(error), hint="It is tried again.")
            return None
        return min(max(newest, default=0), began) - MARGIN

    async def _list_channels(self) -> list[tuple[str, list[str]]]:
        """Return the channels to read with the threads in each, those in which something was asked last first."""
        threads: dict[str, list[str]] = {}
        for key in await self._state.recent_conversations(self._team, MOST_THREADS):
            threads.setdefault(key.channel, []).extend([key.thread] if key.thread else [])
        known = await self._state.recent_channels(self._team, MOST_CHANNELS)
        asked = {"types": TYPES, "exclude_archived": "true", "limit": PAGE}
        joined = [str(channel["id"]) for channel in await self._read_pages("users.conversations", asked, "channels")]
        for channel in (*known, *joined):
            threads.setdefault(channel, [])
        return list(threads.items())[:MOST_CHANNELS]

    async def _read_channel(self, channel: str, threads: list[str], oldest: int) -> int:
        """Hear one channel and its threads; return the newest number in it, 0 where there is nothing new."""
        since = {"channel": channel, "oldest": f"{oldest / 1_000_000:.6f}", "limit": PAGE}
        said = await self._read_pages("conversations.history", since, "messages")
        grown = [str(post["thread_ts"]) for post in said if microseconds_of(post.get("latest_reply")) > oldest]
        for thread in dict.fromkeys([*threads, *grown]):
            said += await self._read_pages("conversations.replies", {**since, "ts": thread}, "messages")
        posts = {microseconds_of(post["ts"]): post for post in said}
        numbers = sorted(number for number in posts if number > oldest)  # a thread's root comes whatever is asked for
        for number in numbers:
            await self._ear.receive_post(channel, posts[number])
        if numbers:
            log.info("caught up", channel=channel, messages=len(numbers))
        return max(numbers, default=0)

    async def _read_pages(self, method: str, arguments: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
        """Return what a method lists under `name`, over its pages. What Slack does not let us read we could not hear.

        Raises SlackRefusal where it does not answer.
        """
        found: list[Mapping[str, Any]] = []
        cursor = {"cursor": ""}
        while len(found) < MOST_IN_ROOM:
            await self._wait_for_turn()
            try:
                answer = await self._calls.query(method, {**arguments, **(cursor if cursor["cursor"] else {})})
            except SlackRefusal as error:
                if error.is_silence:
                    raise
                log.info("not read", method=method, code=error.code)
                return found
            found += answer.get(name, ())
            cursor = {"cursor": (answer.get("response_metadata") or {}).get("next_cursor", "")}
            if not cursor["cursor"]:
                return found
        log.warning("catch-up is long", method=method, messages=len(found), hint="The rest is left out.")
        return found

    async def _wait_for_turn(self) -> None:
        """Leave room for the calls of those who ask now."""
        self._made += 1
        if self._made > AT_ONCE:
            await asyncio.sleep(PAUSE)
