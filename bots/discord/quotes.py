"""A message that somebody asks about by replying to it, or from its menu, beside what they ask."""

import asyncio
from dataclasses import dataclass, replace
from typing import Self

import discord
import structlog

from bots.discord.attachments import attachments_of
from bots.discord.authors import author_of
from bots.discord.calls import DiscordRefusal, call_persistently
from bots.discord.message_kinds import SPOKEN
from bots.discord.message_text import quote_lines, shown_text
from bots.discord.places import handle_of
from core.messages import Attachment, Author, Message, Quotation
from core.quotes import WORDLESS

log = structlog.get_logger()

PATIENCE = 5.0  # seconds in which a message that is referred to is read; the answer waits for it


@dataclass(frozen=True, slots=True)
class Quote:
    """What a message shows, who wrote it, and the files that came with it."""

    message_id: str
    author: Author
    text: str
    attachments: tuple[Attachment, ...] = ()
    is_own: bool = False

    @classmethod
    def of_message(cls, message: discord.Message, me: int, workspace: str) -> Self:
        """Return the quote of a message that stands in a `workspace`; `me` is the bot's user id."""
        author, is_own = author_of(message.author, workspace), message.author.id == me
        text, files = shown_text(message, me), attachments_of(message)
        return cls(str(message.id), author, text if text or files else _told_of_kind(message), files, is_own)


def _told_of_kind(message: discord.Message) -> str:
    """Return what is told of a message that says nothing, as those of Discord's own."""
    kind = str(message.type.name).replace("_", " ")
    return WORDLESS if message.type in SPOKEN else f"(Discord's own message: {kind})"


def add_quote(question: Message, quote: Quote) -> Message:
    """Return a question with what it is about below it; one without words of its own asks about that alone."""
    author = "yourself" if quote.is_own else quote.author.name
    opening = f"In reply to {author}:" if question.text else f"What do you say to this message by {author}?"
    quoted = "\n".join(line for line in (opening, quote_lines(quote.text)) if line)
    others = tuple(text for text in (quote.author.name, quote.text) if text)
    quotation = Quotation(quote.author, quoted, others, tuple(file.id for file in quote.attachments))
    return replace(
        question,
        text=f"{question.text}\n\n{quoted}" if question.text else quoted,
        attachments=(*question.attachments, *quote.attachments),
        about=quote.message_id,
        others=(*question.others, *others),
        quotations=(*question.quotations, quotation),
    )


async def read_referenced(client: discord.Client, question: Message, me: int) -> Message:
    """Return a question with what Discord did not send with it: the message replied to, or who wrote a forwarded one.

    Where that cannot be read, by rights or in time, the question stays as it is.
    """
    handle = handle_of(question)
    channel, _, message_id = (handle.forwarded or f"{handle.channel}/{handle.replied}").partition("/")
    if not message_id:
        return question
    room = client.get_partial_messageable(int(channel))
    try:
        async with asyncio.timeout(PATIENCE):
            found = await call_persistently("get_channel_message", lambda: room.fetch_message(int(message_id)))
    except (TimeoutError, DiscordRefusal) as error:
        log.info("referenced message not read", detail=str(error))
        return replace(question, about="")  # it quotes nothing
    if handle.replied:
        return add_quote(question, Quote.of_message(found, me, question.key.workspace))
    author = author_of(found.author, question.key.workspace)
    credited = f"{question.text}\n\nThe forwarded message is by {author.name}."
    by_author = tuple(each if each.author.id else replace(each, author=author) for each in question.quotations)
    return replace(question, text=credited, others=(*question.others, author.name), quotations=by_author)
