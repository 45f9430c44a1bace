"""What a reply is made of beside what the model says just now."""

from collections.abc import AsyncGenerator

from core.errors import AnswerCutByLength
from core.messages import ModelEvent, Replace, ReplyEvent, SavedAnswer, Text


async def again(kept: SavedAnswer) -> AsyncGenerator[ModelEvent, None]:
    """Say what the model answered to an earlier attempt, and end as it did."""
    yield Text(kept.text)
    if kept.usage:
        yield kept.usage
    if kept.is_cut:
        raise AnswerCutByLength("kept from an earlier attempt")


async def sentence(text: str) -> AsyncGenerator[ReplyEvent, None]:
    """Say one sentence in place of an answer."""
    yield Replace(text)
