"""Personas as Discord shows them: by a heading above the answer, which no member's name stands in.

A webhook could show a name as an author, but takes no nonce: what a crash left could not be found again.
"""

import asyncio
import time

import discord
import structlog

from bots.discord.places import DIRECT
from bots.persona_names import fold_name, heading_of, shown_name
from core.face import Face

log = structlog.get_logger()

PATIENCE = 2.0  # seconds for members of a name
FRESH = 3_600.0  # seconds for which they are believed
MOST = 100  # members that one question gives (Discord docs, Request Guild Members)


class PersonaHeadings:
    """The headings of answers, by whom the bot plays."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._known: dict[tuple[str, str], tuple[bool, float]] = {}  # whether a name is free, and until when

    async def heading_for(self, face: Face | None, workspace: str) -> str:
        """Return the line above an answer; empty for the bot itself, and where a member has the name."""
        if face is None or not shown_name(face):
            return ""
        if workspace != DIRECT and not await self._is_free(shown_name(face), workspace):
            return ""
        return heading_of(face)

    async def _is_free(self, name: str, workspace: str) -> bool:
        known = self._known.get((workspace, name))
        if known and known[1] > time.monotonic():
            return known[0]
        guild = self._client.get_guild(int(workspace))
        try:
            async with asyncio.timeout(PATIENCE):
                found = await guild.query_members(query=name, limit=MOST, cache=False) if guild else []
        except (TimeoutError, discord.DiscordException, OSError) as error:
            log.warning("members not told", guild=workspace, error=type(error).__name__)
            return False
        members = [*found, *(guild.members if guild else ())]
        is_free = fold_name(name) not in {fold_name(each) for one in members for each in (one.display_name, one.name)}
        self._known = {place: told for place, told in self._known.items() if told[1] > time.monotonic()}
        self._known[workspace, name] = (is_free, time.monotonic() + FRESH)
        return is_free
