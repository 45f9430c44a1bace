"""Takes a question's words out of its thread's name once they no longer hold."""

import asyncio

import discord
import structlog

from bots.discord.calls import DiscordRefusal, call_persistently
from bots.discord.thread_names import name_from_question, plain_name_of

log = structlog.get_logger()

PATIENCE = 60.0  # seconds; Discord lets a channel's name be changed twice in ten minutes


class ThreadRenaming:
    """Knows the threads that the bot opened: each has the id of the message that it was opened for."""

    def __init__(self, client: discord.Client, me: int, *, names_questions: bool) -> None:
        """`names_questions`: threads are called by the first words of their questions."""
        self._client = client
        self._me = me
        self._names_questions = names_questions

    async def follow_question(self, message_id: int, text: str = "") -> None:
        """Give a question's thread a name that tells nothing, unless its name is what the text begins with now.

        Without a text the question is gone. Only a thread that is not archived is known here.
        """
        thread = self._client.get_channel(message_id)
        if not self._names_questions or not isinstance(thread, discord.Thread) or thread.owner_id != self._me:
            return
        plain = plain_name_of(str(message_id))
        if thread.name in {plain, name_from_question(text, str(message_id))}:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await call_persistently("modify_channel", lambda: thread.edit(name=plain))
        except (TimeoutError, DiscordRefusal) as error:
            log.warning("thread not renamed", id=message_id, error=type(error).__name__, detail=str(error))
