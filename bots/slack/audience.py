"""Who reads in a channel, asked of Slack at that moment, and what an answer there may show of other channels."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

import structlog

from bots.slack.calls import SlackCalls, SlackRefusal
from bots.slack.payload_values import mapping_at, next_cursor_of, text_at
from core.channel_gone import ChannelGone
from core.knowledge.audience import NOBODY_ELSE, Audience
from core.messages import Message, PlatformEvent, Receive

log = structlog.get_logger()

PATIENCE = 5.0  # seconds in which Slack tells; an answer waits for it
PAGE, PAGES = 999, 10  # of one call, and calls at the most: who has more channels or members finds less
FRESH = 10.0  # seconds for which what Slack tells of channels and people serves: Tier 2 allows 20 calls a minute
MOST_TOLD = 500  # channels and people of which that is known at a time
INFO = {"channel": "conversations.info", "user": "users.info"}
GUESTS_FRESH = 300.0  # seconds for which it is known who is a guest
# Slack docs, Conversation object: shared with other workspaces, or about to be
SHARED = ("is_shared", "is_ext_shared", "is_org_shared", "is_pending_ext_shared")
GUEST = ("is_restricted", "is_ultra_restricted", "is_stranger")  # Slack docs, User object
HINT = "Only what was posted in the question's own channel is looked up. The bot may need channels:read and users:read."


class SlackAudience:
    """Knows who reads in the channels of one workspace."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls
        self._public: tuple[float, frozenset[str]] = (0.0, frozenset())  # until when it serves
        self._guests: tuple[float, frozenset[str]] = (0.0, frozenset())
        self._told: OrderedDict[tuple[str, str], tuple[float, Mapping[str, Any]]] = OrderedDict()

    async def find_audience(self, message: Message, channels: Sequence[str]) -> Audience:
        """Return who reads the answer to a message, and which of these channels all of them may read just now.

        What Slack does not tell in time counts as what may not be seen.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._find_audience(message, channels)
        except (TimeoutError, SlackRefusal) as error:
            log.warning("audience unknown", error=type(error).__name__, detail=str(error), hint=HINT)
            return NOBODY_ELSE

    async def _find_audience(self, message: Message, channels: Sequence[str]) -> Audience:
        channel = message.key.channel
        is_direct = channel.startswith("D")
        if is_direct:
            is_internal = await self._is_full_member(message)
        else:
            is_internal = not _is_shared(await self._describe("channel", channel))
        if not is_internal or not channels:
            return Audience(is_internal=is_internal)
        if not is_direct and not (await self._is_full_member(message) and await self._has_no_guests(channel)):
            return Audience(is_internal=True)
        return Audience(is_internal=True, elsewhere=frozenset(channels) & await self._public_channels())

    async def _describe(self, kind: Literal["channel", "user"], name: str) -> Mapping[str, Any]:
        """Return what Slack tells of a channel or a person, as it was a few seconds ago at the most."""
        until, told = self._told.get((kind, name), (0.0, {}))
        if time.monotonic() >= until:
            told = mapping_at(await self._calls.query(INFO[kind], {kind: name}), kind)
            self._told[kind, name] = (time.monotonic() + FRESH, told)
            if len(self._told) > MOST_TOLD:
                self._told.popitem(last=False)
        return told

    async def _is_full_member(self, message: Message) -> bool:
        """Whether who asks is no guest, and of this workspace itself."""
        return not _is_guest(await self._describe("user", message.author.id), message.key.workspace)

    async def _has_no_guests(self, channel: str) -> bool:
        """Whether only people read in a channel who may join every public one."""
        until, guests = self._guests
        if time.monotonic() >= until:
            people = [each async for each in self._read_pages("users.list", "members", {})]
            guests = frozenset(text_at(each, "id") for each in people if _is_guest(each, ""))
            self._guests = (time.monotonic() + GUESTS_FRESH, guests)
        if not guests:
            return True
        members = self._read_pages("conversations.members", "members", {"channel": channel})
        return not guests & {str(each) async for each in members}

    async def _public_channels(self) -> frozenset[str]:
        """Return the channels that every full member may read, and nobody from outside."""
        until, public = self._public
        if time.monotonic() >= until:
            asked = {"types": "public_channel", "exclude_archived": "true"}
            found = [each async for each in self._read_pages("conversations.list", "channels", asked)]
            public = frozenset(text_at(each, "id") for each in found if _is_open_to_all(each))
            self._public = (time.monotonic() + FRESH, public)
        return public

    async def receive_event(self, receive: Receive, event: PlatformEvent) -> bool:
        """Hand an event on, and ask anew which channels are public where one of them changed."""
        if isinstance(event, ChannelGone):
            self._public = (0.0, frozenset())
            self._told.clear()
        return await receive(event)

    async def _read_pages(self, method: str, name: str, arguments: Mapping[str, str]) -> AsyncIterator[Any]:
        """Yield what all pages of a list hold; raises TimeoutError where there are too many to know all."""
        cursor = ""
        for _ in range(PAGES):
            answer = await self._calls.query(method, {**arguments, "limit": PAGE, "cursor": cursor})
            for each in answer.get(name) or ():
                yield each
            cursor = next_cursor_of(answer)
            if not cursor:
                return
        raise TimeoutError(f"{method} has too many pages")


def _is_shared(channel: Mapping[str, Any]) -> bool:
    """Whether people of other workspaces read in a channel, or are invited to; also where nothing is told of it."""
    return not channel or any(channel.get(each) for each in (*SHARED, "pending_shared", "pending_connected_team_ids"))


def _is_open_to_all(channel: Mapping[str, Any]) -> bool:
    return not (channel.get("is_private") or channel.get("is_archived") or _is_shared(channel))


def _is_guest(person: Mapping[str, Any], workspace: str) -> bool:
    """Whether a person is a guest, or of another workspace than this; without one, a guest alone."""
    is_stranger = bool(workspace) and text_at(person, "team_id") != workspace
    return is_stranger or any(person.get(each) for each in GUEST)
