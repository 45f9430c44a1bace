"""What is posted in a person's name, and what goes into the history unanswered: checked first."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from core.messages import Entry, Message, Turn
from core.model_events import Notice, Replace, ReplyEvent
from core.moderation.errors import ModerationError
from core.moderation.log import Subject
from core.moderation.moderation import Moderation
from core.moderation.stream import HELD
from core.moderation.verdict import Sample
from core.moderation.visible import seams_of
from core.outcome import Outcome, about, notice, record
from core.sanitize import sanitize_name


async def post_if_clean(
    guard: Moderation, turn: Turn, message: Message, shown: AsyncGenerator[ReplyEvent, None], answer: Outcome
) -> AsyncGenerator[ReplyEvent, None]:
    """Pass on what is posted in a person's name, or why it is not."""
    try:
        if refusal := guard.refusal_of(message):
            raise refusal
        async for held in _wait_until_clean(guard, message, about(turn)):
            yield Replace(held.text, at_once=True)
    except ModerationError as error:
        record(turn, answer, error)
        yield Replace(notice(turn, error))
    else:
        async for event in shown:
            yield event


async def _wait_until_clean(guard: Moderation, message: Message, about: Subject) -> AsyncGenerator[Notice, None]:
    """Return once a message has passed; yield what a person is told where that has to wait. Raises as its check."""
    held = asyncio.Event()
    checking = asyncio.create_task(_require_clean(guard, message, about, held.set))
    waiting = asyncio.create_task(held.wait())
    try:
        await asyncio.wait((checking, waiting), return_when=asyncio.FIRST_COMPLETED)
        if not checking.done():
            yield Notice(HELD)
        await checking
    finally:
        for task in (checking, waiting):
            task.cancel()
        await asyncio.gather(checking, waiting, return_exceptions=True)


async def _require_clean(guard: Moderation, message: Message, about: Subject, held: Callable[[], None]) -> None:
    await guard.require_clean("name", [Sample(sanitize_name(message.author.name))], about, held)
    await guard.require_clean_words("posted", message, about, held)


async def may_merge(guard: Moderation, turn: Turn, message: Message, question: Entry) -> bool:
    """Whether a question may go into the history unanswered, to be answered with the next one.

    What is refused or cannot be checked is not merged: it is dealt with like any other question.
    """
    own = (question.text, question.files)
    texts = [text for text in (*own, *seams_of(own), message.author.name, *message.others) if text]
    samples = [*(Sample(text) for text in texts), *(Sample(image=image.url) for image in question.images)]
    return all(await guard.find_clean("merged", samples, about(turn)))
