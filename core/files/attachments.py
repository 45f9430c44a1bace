"""What came with a message: texts, PDFs and spreadsheets are read, pictures are shown, everything else is named."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import structlog

from core.errors import FileUnreadable
from core.files.documents import MOST as MOST_OF_A_DOCUMENT
from core.files.documents import MOST_OF_A_PICTURE, Documents
from core.messages import Attachment, Image, Message, Platform
from core.sanitize import sanitize_name, sanitize_text

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
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif"}
BEGINNINGS = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP", re.DOTALL)  # of a picture's bytes
LIMITS: Mapping[str, int] = {"text": MOST, "picture": MOST_OF_A_PICTURE}  # bytes; any other's is a document's
MOST_PICTURES = 4  # of one message
NOT_READ = (
    "not read, since only texts up to 64 KiB, PDFs and spreadsheets up to 8 MiB, and PNG, JPEG, WebP and GIF "
    "pictures up to 16 MiB are"
)
TOO_MANY = f"not shown, since at most {MOST_PICTURES} pictures of a message are"

# What people read below the answer.
UNSEEN = "_The model that I work with cannot see pictures, so I know no more of yours than the name._"
UNCHECKED = "_Pictures cannot be checked here, so I did not look at yours and know no more of them than the name._"
LEFT_OUT = f"_I look at {MOST_PICTURES} pictures of a message: the others I left out._"
UNREADABLE = (
    "_I could not look at all of your pictures: one is broken, too large or of a kind that I do not know. PNG, JPEG, "
    "WebP and GIF work, up to 16 MiB and 64 megapixels._"
)


# Why no picture is shown at all: what the model is told of one, and what the person reads.
BLIND = ("not shown, since this model cannot see pictures", UNSEEN)
UNLOOKED = ("not shown, since nobody checks pictures here", UNCHECKED)


@dataclass(frozen=True, slots=True)
class Attached:
    """What came with a message: as text, in which pictures are named, and the pictures that are shown.

    `notices` is what the person is told of pictures that are not. `spoken` are those parts of the text that were heard
    in recordings, `data` all others.
    """

    text: str = ""
    images: tuple[Image, ...] = ()
    notices: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    data: tuple[str, ...] = ()


async def attached(
    message: Message,
    platform: Platform,
    documents: Documents,
    heard: Mapping[str, str] = NOTHING_HEARD,
    *,
    blind: tuple[str, str] | None,
) -> Attached:
    """Return what a person attached, each text labelled and fenced as data; no pictures where `blind` says why.

    `heard` holds what is told in a recording's place, by the file's id: that is what the person says, and no data.
    """
    if not message.attachments:
        return Attached()
    images: list[Image] = []
    parts = []
    for file in message.attachments:
        if said := heard.get(file.id):
            parts.append(Attached(said, spoken=(said,)))
            continue
        parts.append(await _told(file, platform, documents, 0 if blind else MOST_PICTURES - len(images), blind))
        images += [replace(image, file=file.id) for image in parts[-1].images]
    notices = dict.fromkeys(notice for part in parts for notice in part.notices)
    text = "\n\n".join(part.text for part in parts)
    spoken = tuple(said for part in parts for said in part.spoken)
    data = tuple(part.text for part in parts if not part.spoken)
    return Attached(text, tuple(images), tuple(notices), spoken, data)


async def _told(
    file: Attachment, platform: Platform, documents: Documents, pictures: int, blind: tuple[str, str] | None
) -> Attached:
    """Return a file; `pictures` is how many may still be shown, `blind` why none is at all."""
    kind = _kind(file)
    label = f"{'picture' if kind == 'picture' else 'file'} {sanitize_name(file.name)}"
    most = LIMITS.get(kind, MOST_OF_A_DOCUMENT)
    unreadable = (UNREADABLE,) if kind == "picture" or file.media_type.startswith("image/") else ()
    if not kind or (file.size or 0) > most:
        return Attached(f"[{label}: {NOT_READ}]", notices=unreadable)
    if kind == "picture" and not pictures:
        why, notice = blind or (TOO_MANY, LEFT_OUT)
        return Attached(f"[{label}: {why}]", notices=(notice,))
    try:
        content = await platform.download(file, most)
    except FileUnreadable as error:
        log.warning("file unreadable", detail=str(error), hint=error.hint)
        return Attached(f"[{label}: it could not be read]", notices=unreadable)
    if kind == "picture" or (pictures and BEGINNINGS.match(content)):
        return _shown(label, await documents.picture(content) if BEGINNINGS.match(content) else None)
    text = content.decode("utf-8", "replace") if kind == "text" else await documents.text(content, kind)
    return Attached(
        f"[{label}]\n{fenced(sanitize_text(text))}" if text.strip() else f"[{label}: no text was found in it]"
    )


def _shown(label: str, image: Image | None) -> Attached:
    if image is None:
        return Attached(f"[{label}: it could not be read as a picture]", notices=(UNREADABLE,))
    return Attached(f"[{label}]", (image,))


def _kind(file: Attachment) -> str:
    """Return `text`, `picture`, `pdf` or `xlsx`, by the file's ending or its media type; empty for everything else."""
    ending, media_type = PurePosixPath(file.name.lower()).suffix, file.media_type.partition(";")[0].lower()
    if ending in DOCUMENTS or media_type in DOCUMENTS:
        return DOCUMENTS.get(ending) or DOCUMENTS[media_type]
    if ending in PICTURES or media_type in {"image/png", "image/jpeg", "image/webp", "image/gif"}:
        return "picture"
    is_text = ENDINGS.fullmatch(file.name.lower()) or media_type.startswith("text/") or media_type in TEXTS
    return "text" if is_text else ""


def fenced(text: str) -> str:
    """Return a text in a fence that nothing in it can close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text.rstrip()}\n{fence}"
