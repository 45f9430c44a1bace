"""`Confab is typing…`, from a question's admission to the end of its reply."""

import asyncio
from contextlib import suppress

import aiohttp
import discord

RENEWAL = 8.0  # seconds; Discord shows it for ten
MOST = 75  # times ten minutes in all: whatever happens, it does not go on for ever
PATIENCE = 2.0  # seconds for which a post waits for a call that is under way


class Typing:
    """Shows where something is being answered, by the id of the question."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._shown: dict[str, asyncio.Task[None]] = {}
        self._calling: dict[str, asyncio.Lock] = {}

    def begin(self, question: str, room: str) -> None:
        """Show it in a channel or thread, instead of where the same question showed it before."""
        self.end(question)
        self._calling[question] = asyncio.Lock()
        self._shown[question] = asyncio.create_task(self._show(room, self._calling[question]))

    def end(self, question: str) -> None:
        """Show it no longer; Discord takes it away with the next message, or after ten seconds."""
        self._calling.pop(question, None)
        if shown := self._shown.pop(question, None):
            shown.cancel()

    def close(self) -> None:
        """Show it nowhere any more."""
        for question in list(self._shown):
            self.end(question)

    async def quiet(self, question: str) -> None:
        """Wait for a call that is under way: it must not arrive after the message that takes the sign away."""
        if lock := self._calling.get(question):
            with suppress(TimeoutError):
                await asyncio.wait_for(lock.acquire(), PATIENCE)
                lock.release()

    async def _show(self, room: str, calling: asyncio.Lock) -> None:
        place = self._client.get_partial_messageable(int(room))
        for _ in range(MOST):
            async with calling:
                with suppress(discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError):
                    await place.typing()
            await asyncio.sleep(RENEWAL)
