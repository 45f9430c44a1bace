"""Takes a question's words out of its thread's name once they no longer hold."""

import asyncio
import hashlib

import discord
import structlog

from bots.discord.calls import DiscordRefusal, call_persistently
from bots.discord.thread_names import name_from_question, plain_name_of
from bots.state import PlatformState

log = structlog.get_logger()

PATIENCE = 60.0  # seconds; Discord lets a channel's name be changed twice in ten minutes


class ThreadRenaming:
    """Knows the threads that the bot opened, each with the id of the message that it was opened for, and their names.

    Of each name some bits are kept, too few to tell it, so that one that a person gave is known as theirs.
    """

    def __init__(self, client: discord.Client, me: int, state: PlatformState, *, names_questions: bool) -> None:
        """`names_questions`: threads are called by the first words of their questions."""
        self._client = client
        self._me = me
        self._state = state
        self._names_questions = names_questions

    async def note_name(self, thread: discord.Thread) -> None:
        """Remember the name with which a thread was opened."""
        await self._state.write_state(_name_mark(thread.id), _print_of(thread))

    async def follow_question(self, message_id: int, text: str = "") -> None:
        """Give a question's thread a name that tells nothing, unless its name is what the text begins with now.

        A name that a person gave stays. Without a text the question is gone. Only a thread that is not archived is
        known here.
        """
        thread = self._client.get_channel(message_id)
        if not self._names_questions or not isinstance(thread, discord.Thread) or thread.owner_id != self._me:
            return
        plain = plain_name_of(str(message_id))
        if thread.name in {plain, name_from_question(text, str(message_id))} or await self._is_by_person(thread):
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await call_persistently("modify_channel", lambda: thread.edit(name=plain))
        except (TimeoutError, DiscordRefusal) as error:
            log.warning("thread not renamed", id=message_id, error=type(error).__name__, detail=str(error))

    async def _is_by_person(self, thread: discord.Thread) -> bool:
        """Whether a thread is no longer called as the bot has called it; of one of which that is not known, False."""
        return await self._state.read_state(_name_mark(thread.id)) not in {"", _print_of(thread)}


def _name_mark(thread: int) -> str:
    return f"discord/{thread}/name"


def _print_of(thread: discord.Thread) -> str:
    """Return 16 bits of a name's hash."""
    return hashlib.sha256(f"{thread.id} {thread.name}".encode()).hexdigest()[:4]
