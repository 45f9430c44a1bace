"""The roles of people of whom a message does not tell them, as what REST brings does not: asked of the gateway.

Only where a role decides who is served. One request tells of up to a hundred people, without a privileged intent
(Discord docs, Request Guild Members), and what it told is known for some minutes.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import discord
import structlog

from bots.discord.authors import roles_of
from bots.discord.places import DIRECT
from core.channel_gone import ChannelGone
from core.messages import Author, Deletion, Earlier, Edit, Message, PlatformEvent, Receive

log = structlog.get_logger()

MOST = 100  # people of one request (Discord docs, Request Guild Members)
PATIENCE = 5.0  # seconds for the answer; whoever is not told of by then stays one whose roles are not known
FRESH = 600.0  # seconds for which what was told holds
MOST_KNOWN = 10_000  # people who are remembered

Said = TypeVar("Said", Message, Earlier)
Person = tuple[str, str]  # a guild and a user, by their ids


class MemberRoles:
    """Fills in roles, where `is_needed`."""

    def __init__(self, client: discord.Client, *, is_needed: bool) -> None:
        self._client = client
        self._is_needed = is_needed
        self._asking = asyncio.Lock()  # nobody is asked about twice at the same time
        self._known: dict[Person, tuple[tuple[str, ...], float]] = {}

    async def receive_event(self, receive: Receive, event: PlatformEvent) -> bool:
        """Hand an event on, with the roles of all who wrote in it; return what `receive` does."""
        if isinstance(event, Deletion | ChannelGone):
            return await receive(event)
        message = event.message if isinstance(event, Edit) else event
        (message,) = await self.complete(message.key.workspace, [message])
        return await receive(Edit(message) if isinstance(event, Edit) else message)

    async def complete(self, workspace: str, said: Sequence[Said]) -> list[Said]:
        """Return messages with the roles of all who wrote in them, as far as they can be known."""
        if not self._is_needed or workspace == DIRECT:
            return list(said)
        unknown = {author.id for each in said for author in _authors_of(each) if author.roles is None}
        async with self._asking:
            await self._ask(workspace, [each for each in unknown if not self._is_known(workspace, each)])
        return [self._with_roles(workspace, each) for each in said]

    async def _ask(self, workspace: str, people: Sequence[str]) -> None:
        guild = self._client.get_guild(int(workspace))
        if not guild or not people:
            return
        self._forget()
        try:
            async with asyncio.timeout(PATIENCE):
                for page in (people[start : start + MOST] for start in range(0, len(people), MOST)):
                    found = await guild.query_members(user_ids=[int(each) for each in page], limit=MOST, cache=False)
                    self._remember(workspace, page, found)
        except (TimeoutError, discord.DiscordException, OSError) as error:
            log.warning("roles not told", guild=workspace, people=len(people), error=type(error).__name__)

    def _remember(self, workspace: str, asked: Iterable[str], found: Iterable[discord.Member]) -> None:
        """Note what was told; who is not among those found is no member, and has no role."""
        until, roles = time.monotonic() + FRESH, {str(each.id): roles_of(each) for each in found}
        self._known |= {(workspace, each): (roles.get(each, ()), until) for each in asked}

    def _forget(self) -> None:
        now = time.monotonic()
        fresh = [(person, told) for person, told in self._known.items() if told[1] > now]
        self._known = dict(fresh[-MOST_KNOWN:])

    def _is_known(self, workspace: str, person: str) -> bool:
        return self._known.get((workspace, person), ((), 0.0))[1] > time.monotonic()

    def _with_roles(self, workspace: str, said: Said) -> Said:
        parts = tuple(replace(each, author=self._fill_roles(workspace, each.author)) for each in said.quotations)
        return replace(said, author=self._fill_roles(workspace, said.author), quotations=parts)

    def _fill_roles(self, workspace: str, author: Author) -> Author:
        known = self._known.get((workspace, author.id))
        return replace(author, roles=known[0]) if author.roles is None and known else author


def _authors_of(said: Message | Earlier) -> Iterable[Author]:
    return (said.author, *(each.author for each in said.quotations))
