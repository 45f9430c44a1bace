"""What people read beside an answer to something that was said: that it is listened to, and what was heard."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from core.messages import Replace, ReplyEvent, Text
from core.voice.hearing import Hearing
from core.voice.telling import Heard, missed, quotes


async def listening(hearing: Hearing) -> AsyncGenerator[ReplyEvent, None]:
    """Tell how far it is, until it is done."""
    async for sentence in hearing.progress():
        yield Replace(sentence)


async def around(events: AsyncIterator[ReplyEvent], heard: Sequence[Heard]) -> AsyncGenerator[ReplyEvent, None]:
    """Pass a reply on, with what was heard above it, and below it why something was not."""
    if quoted := quotes(heard):
        yield Text(f"{quoted}\n\n")
    async for event in events:
        yield event
    if notices := missed(heard):
        yield Text(f"\n\n{notices}")
