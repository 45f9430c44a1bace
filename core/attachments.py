"""What came with a message, as text: small text files are read, everything else is named."""

import re
from pathlib import PurePosixPath

import structlog

from core.context import inert
from core.errors import FileUnreadable
from core.messages import Attachment, Message, Platform

log = structlog.get_logger()

MOST = 64 * 1024  # bytes of one file: about a quarter of what a conversation may hold
TEXTS = {"application/json", "application/xml", "application/yaml", "application/toml", "application/x-sh"}
ENDINGS = {
    ".txt",
    ".md",
    ".csv",
    ".tsv",
    ".log",
    ".json",
    ".yaml",
    ".yml",
    ".toml",
    ".ini",
    ".xml",
    ".sql",
    ".sh",
    ".py",
}


async def attached(message: Message, platform: Platform) -> str:
    """Return what a person attached, each file labelled and fenced as data; empty where there was none."""
    return "\n\n".join([await _told(file, platform) for file in message.attachments])


async def _told(file: Attachment, platform: Platform) -> str:
    label = f"{'voice note' if file.is_voice_note else 'file'} {inert(file.name)}"
    if not _is_text(file):
        return f"[{label}: not shown, since only text files are read]"
    try:
        content = await platform.download(file, MOST)
    except FileUnreadable as error:
        log.warning("file unreadable", detail=str(error), hint=error.hint)
        return f"[{label}: it could not be read]"
    return f"[{label}]\n{fenced(content.decode('utf-8', 'replace'))}"


def _is_text(file: Attachment) -> bool:
    named = PurePosixPath(file.name.lower()).suffix in ENDINGS
    kind = file.media_type.partition(";")[0].lower()
    return (named or kind.startswith("text/") or kind in TEXTS) and (file.size or 0) <= MOST


def fenced(text: str) -> str:
    """Return a text in a fence that nothing in it can close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text.rstrip()}\n{fence}"
