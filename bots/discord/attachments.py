"""The files that came with a message."""

import discord

from core.messages import Attachment


def attachments_of(message: discord.Message) -> tuple[Attachment, ...]:
    """Return the files that came with a message, or with what it forwards."""
    forwarded = (file for snapshot in message.message_snapshots for file in snapshot.attachments)
    return tuple(_read_attachment(file) for file in (*message.attachments, *forwarded))


def _read_attachment(file: discord.Attachment) -> Attachment:
    return Attachment(
        id=str(file.id),
        name=str(file.filename),
        media_type=str(file.content_type or ""),
        url=str(file.url),
        size=file.size,
        duration=file.duration,
        is_voice_note=file.is_voice_message(),
    )
