"""What was said while the bot did not hear, read from channels and threads themselves.

Slack delivers an event again three times, the last after some five minutes, and then no more (Slack docs, Events API).
A message's ts is its time to the microsecond, so that one mark serves all channels.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

import structlog

from bots.slack.calls import SlackCalls, SlackRefusal
from bots.slack.events import SlackEventReader
from bots.slack.payload_values import next_cursor_of
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
AT_ONCE, PAUSE = 20, 2.0  # calls of a method, and seconds before each further one: Tier 3 allows 50 a minute
TYPES = "public_channel,private_channel,im,mpim"

Found = dict[tuple[int, str], Mapping[str, Any]]  # messages by their number and channel


def microseconds_of(ts: object) -> int:
    """Return a ts in microseconds since the epoch, 0 where it is none."""
    try:
        return round(float(str(ts)) * 1_000_000)
    except (ValueError, OverflowError):
        return 0


class SlackBackfill:
    """Reads what is newer than the mark in the bot's channels and its latest threads, and hears it oldest first."""

    def __init__(self, calls: SlackCalls, team: str, ear: SlackEventReader, state: PlatformState) -> None:
        self._calls = calls
        self._team = team
        self._ear = ear
        self._state = state
        self._made: Counter[str] = Counter()

    async def read_missed(self, mark: int) -> int | None:
        """Hear once what is newer than a mark; return the new one if nothing was left out.

        That lies a little before the beginning, or before the newest message found if that is earlier: our clock may
        be wrong. What came after was heard, or is newer than the mark.
        """
        began, newest = microseconds_of(time.time()), 0
        oldest, found = max(mark, began - round(LONGEST * 1_000_000)), Found()
        self._made.clear()
        try:
            async with asyncio.timeout(PATIENCE):
                async for channels in self._list_channels():
                    for channel, threads in channels.items():
                        await self._read_channel(channel, threads, oldest, found)
                    newest = max(newest, await self._hear(found))
        except TimeoutError:
            log.warning("catch-up ended early", seconds=PATIENCE, hint="What was not read by then stays unanswered.")
            await self._hear(found)
            return began - MARGIN
        except SlackRefusal as error:
            log.warning("catch-up broke off", detail=str(error), hint="It is tried again.")
            await self._hear(found)
            return None
        return min(newest, began) - MARGIN

    async def _list_channels(self) -> AsyncIterator[dict[str, list[str]]]:
        """Yield the channels in which something was asked, with the threads in each, and then the others."""
        known: dict[str, list[str]] = {}
        for key in await self._state.recent_conversations(self._team, MOST_THREADS):
            known.setdefault(key.channel, []).extend([key.thread] if key.thread else [])
        for channel in (await self._state.recent_channels(self._team, MOST_CHANNELS))[: MOST_CHANNELS - len(known)]:
            known.setdefault(channel, [])
        yield known
        asked = {"types": TYPES, "exclude_archived": "true", "limit": PAGE}
        joined = [str(channel["id"]) for channel in await self._read_pages("users.conversations", asked, "channels")]
        others = [channel for channel in joined if channel not in known]
        yield {channel: [] for channel in others[: MOST_CHANNELS - len(known)]}

    async def _read_channel(self, channel: str, threads: list[str], oldest: int, found: Found) -> None:
        """Find what is new in a channel and in those of its threads that have news.

        A root tells of its latest reply (Slack docs, conversations.history): only those of older roots are asked for.
        """
        history = await self._read_pages(
            "conversations.history", {"channel": channel, "limit": PAGE}, "messages", oldest
        )
        told = min((microseconds_of(post.get("ts")) for post in history), default=0)
        grown = [str(post.get("thread_ts")) for post in history if microseconds_of(post.get("latest_reply")) > oldest]
        older = [thread for thread in threads if microseconds_of(thread) < told or not history]
        since = {"channel": channel, "oldest": f"{oldest / 1_000_000:.6f}", "limit": PAGE}
        for thread in dict.fromkeys([*older, *grown]):
            history += await self._read_pages("conversations.replies", {**since, "ts": thread}, "messages")
        posts = {(microseconds_of(post.get("ts")), channel): post for post in history}
        new = {place: post for place, post in posts.items() if place[0] > oldest}
        if new:
            log.info("caught up", channel=channel, messages=len(new))
        found.update(new)

    async def _hear(self, found: Found) -> int:
        """Hear what was found, those first who wait longest, and empty it; return the newest number, 0 without one."""
        numbers = sorted(found)
        for number, channel in numbers:
            await self._ear.receive_post(channel, found.pop((number, channel)))
        return numbers[-1][0] if numbers else 0

    async def _read_pages(
        self, method: str, arguments: Mapping[str, Any], name: str, oldest: int = 0
    ) -> list[Mapping[str, Any]]:
        """Return what a method lists under `name`, page by page until one reaches back to `oldest`, in microseconds.

        What Slack does not let us read we could not hear. Raises SlackRefusal where it does not answer.
        """
        found: list[Mapping[str, Any]] = []
        cursor = {"cursor": ""}
        while len(found) < MOST_IN_ROOM:
            await self._wait_for_turn(method)
            try:
                answer = await self._calls.query(method, {**arguments, **(cursor if cursor["cursor"] else {})})
            except SlackRefusal as error:
                if error.is_silence:
                    raise
                log.info("not read", method=method, code=error.code)
                return found
            found += answer.get(name, ())
            cursor = {"cursor": next_cursor_of(answer)}
            if not cursor["cursor"] or (oldest and found and microseconds_of(found[-1].get("ts")) <= oldest):
                return found
        log.warning("catch-up is long", method=method, messages=len(found), hint="The rest is left out.")
        return found

    async def _wait_for_turn(self, method: str) -> None:
        """Leave room for the calls of those who ask now; each method has a limit of its own (Slack docs)."""
        self._made[method] += 1
        if self._made[method] > AT_ONCE:
            await asyncio.sleep(PAUSE)
