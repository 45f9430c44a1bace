"""What came with a message, as text: texts, PDFs and spreadsheets are read, everything else is named."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

import structlog

from core.context import inert
from core.documents import MOST as MOST_OF_A_DOCUMENT
from core.documents import Documents
from core.errors import FileUnreadable
from core.messages import Attachment, Message, Platform

log = structlog.get_logger()

MOST = 64 * 1024  # bytes of one file: about a quarter of what a conversation may hold
TEXTS = {"application/json", "application/xml", "application/yaml", "application/toml", "application/x-sh"}
ENDINGS = re.compile(
    r".*\.(txt|md|rst|org|tex|csv|tsv|log|jsonl?|ya?ml|toml|ini|cfg|conf|xml|html|css|sql|sh|bat|ps1|py|[jt]sx?|go|rs|java"
    r"|kt|c|h|cc|cpp|hpp|cs|rb|php|pl|swift|scala|lua|r|diff|patch)"
)
DOCUMENTS = {
    ".pdf": "pdf",
    "application/pdf": "pdf",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
NOTHING_HEARD: Mapping[str, str] = {}
NOT_READ = "not read, since only texts up to 64 KiB, and PDFs and spreadsheets up to 8 MiB are"


async def attached(
    message: Message, platform: Platform, documents: Documents, heard: Mapping[str, str] = NOTHING_HEARD
) -> str:
    """Return what a person attached, each file labelled and fenced as data; empty where there was none.

    `heard` holds what is told in a recording's place, by the file's id: that is what the person says, and no data.
    """
    told = [heard.get(file.id) or await _told(file, platform, documents) for file in message.attachments]
    return "\n\n".join(told)


async def _told(file: Attachment, platform: Platform, documents: Documents) -> str:
    label = f"file {inert(file.name)}"
    kind = _kind(file)
    most = MOST if kind == "text" else MOST_OF_A_DOCUMENT
    if not kind or (file.size or 0) > most:
        return f"[{label}: {NOT_READ}]"
    try:
        content = await platform.download(file, most)
    except FileUnreadable as error:
        log.warning("file unreadable", detail=str(error), hint=error.hint)
        return f"[{label}: it could not be read]"
    text = content.decode("utf-8", "replace") if kind == "text" else await documents.text(content, kind)
    return f"[{label}]\n{fenced(text)}" if text.strip() else f"[{label}: no text was found in it]"


def _kind(file: Attachment) -> str:
    """Return `text`, `pdf` or `xlsx`, by the file's ending or its media type; empty for everything else."""
    ending, media_type = PurePosixPath(file.name.lower()).suffix, file.media_type.partition(";")[0].lower()
    if ending in DOCUMENTS or media_type in DOCUMENTS:
        return DOCUMENTS.get(ending) or DOCUMENTS[media_type]
    return (
        "text" if ENDINGS.fullmatch(file.name.lower()) or media_type.startswith("text/") or media_type in TEXTS else ""
    )


def fenced(text: str) -> str:
    """Return a text in a fence that nothing in it can close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text.rstrip()}\n{fence}"
