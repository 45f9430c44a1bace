"""`Confab is typing…`, from a question's admission to the end of its reply."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import discord

from bots.discord.calls import finish_unawaited

DELAY = 0.3  # seconds; an answer that comes sooner needs no sign, and a question in a channel gets its thread by then
RENEWAL = 8.0  # seconds; Discord shows it for ten
MOST = 75  # times ten minutes in all: whatever happens, it does not go on for ever
PATIENCE = 2.0  # seconds for which a post waits for a call that is under way


@dataclass(frozen=True, slots=True)
class ShownTyping:
    """Where it is shown, by which task, and the lock under which that calls Discord."""

    room: str
    task: asyncio.Task[None]
    calling: asyncio.Lock


class TypingIndicator:
    """Shows where something is being answered, by the id of the question."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._shown: dict[str, ShownTyping] = {}

    def begin_typing(self, question: str, room: str) -> None:
        """Show it in a channel or thread, instead of where the same question showed it before."""
        if question in self._shown and self._shown[question].room == room:
            return
        self.end_typing(question)
        calling = asyncio.Lock()
        self._shown[question] = ShownTyping(room, asyncio.create_task(self._show_typing(room, calling)), calling)

    def end_typing(self, question: str) -> None:
        """Show it no longer; Discord takes it away with the next message, or after ten seconds."""
        if shown := self._shown.pop(question, None):
            shown.task.cancel()

    def close(self) -> None:
        """Show it nowhere any more."""
        for question in list(self._shown):
            self.end_typing(question)

    async def wait_for_call(self, question: str) -> None:
        """Wait for a call that is under way: it must not arrive after the message that takes the sign away."""
        if shown := self._shown.get(question):
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE), shown.calling:
                    pass

    async def _show_typing(self, room: str, calling: asyncio.Lock) -> None:
        place = self._client.get_partial_messageable(int(room))
        await asyncio.sleep(DELAY)
        for _ in range(MOST):
            async with calling:
                with suppress(discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError):
                    await finish_unawaited(_type_once(place))
            await asyncio.sleep(RENEWAL)


async def _type_once(place: discord.PartialMessageable) -> None:
    await place.typing()
