"""What people read beside an answer to something that was said: that it is listened to, and what was missed."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from core.messages import Replace, ReplyEvent, Text
from core.voice.notes import Transcription
from core.voice.telling import Heard, missed


async def listening(hearing: Transcription) -> AsyncGenerator[ReplyEvent, None]:
    """Tell how far it is, until it is done."""
    async for sentence in hearing.progress():
        yield Replace(sentence)


async def with_missed(events: AsyncIterator[ReplyEvent], heard: Sequence[Heard]) -> AsyncGenerator[ReplyEvent, None]:
    """Pass a reply on, and say below it why something was not heard."""
    async for event in events:
        yield event
    if notices := missed(heard):
        yield Text(f"\n\n{notices}")
