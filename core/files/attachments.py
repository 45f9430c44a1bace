"""What came with a message: texts and documents are read, pictures are shown, everything else is named.

What is not read, or only in part, is told to the model and to the person alike.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import structlog

from core.errors import FileUnreadable
from core.fair_slots import Owner
from core.files.documents import Documents, DocumentText
from core.files.kinds import kind_of, kind_of_content
from core.messages import MOST_FILES, Attachment, ConversationKey, Image, Message
from core.ports import Platform
from core.sanitize import sanitize_name, sanitize_text

log = structlog.get_logger()

MOST_OF_A_DOCUMENT = 8 * 1024 * 1024  # bytes, of a text as well; of a long one only the beginning is read
MOST_OF_A_PICTURE = 16 * 1024 * 1024  # bytes
MOST_PICTURES = 4  # of one message
NOTHING_HEARD: Mapping[str, str] = {}

# Why a file is not read, as the model and the person are told.
UNHEARD = "nobody asked about it; reply to it, or ask in its menu, and it is heard"
UNKNOWN = "it is of a kind that is not read"
TOO_LARGE = "documents and texts are read up to 8 MiB, and pictures up to 16 MiB"
BROKEN = "it is broken, locked by a password, or takes too long to read"
NOT_HAD = "it could not be fetched"
EMPTY = "no text was found in it"
TOO_MANY = f"not shown, since at most {MOST_PICTURES} pictures of a message are"

# What people read below the answer.
UNSEEN = "_The model that I work with cannot see pictures, so I know no more of yours than the name._"
UNCHECKED = "_Pictures cannot be checked here, so I did not look at yours and know no more of them than the name._"
FENCES = re.compile("`+")
LEFT_OUT = f"_I look at {MOST_PICTURES} pictures of a message: the others I left out._"
UNREADABLE = (
    "_I could not look at all of your pictures: one is broken, too large or of a kind that I do not know. PNG, JPEG, "
    "WebP and GIF work, up to 16 MiB and 64 megapixels._"
)


# Why no picture is shown at all: what the model is told of one, and what the person reads.
BLIND = ("not shown, since this model cannot see pictures", UNSEEN)
UNLOOKED = ("not shown, since nobody checks pictures here", UNCHECKED)


@dataclass(frozen=True, slots=True)
class AttachmentContent:
    """What came with a message: as text, in which pictures are named, and the pictures that are shown.

    `notices` is what the person is told of what was not read or shown. `spoken` are those parts of the text that were
    heard in recordings, `data` all others.
    """

    text: str = ""
    images: tuple[Image, ...] = ()
    notices: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    data: tuple[str, ...] = ()


async def read_attachments(
    message: Message,
    platform: Platform,
    documents: Documents,
    heard: Mapping[str, str] = NOTHING_HEARD,
    *,
    blind: tuple[str, str] | None,
) -> AttachmentContent:
    """Return what a person attached, each text labelled and fenced as data; no pictures where `blind` says why.

    `heard` holds what is told in a recording's place, by the file's id: that is what the person says, and no data.
    """
    reader = _Reader(message.key, platform, documents, (message.key.workspace, message.author.id), blind)
    parts = []
    for file in message.attachments[:MOST_FILES]:
        said = heard.get(file.id)
        parts.append(AttachmentContent(said, spoken=(said,)) if said else await reader.read(file))
    if further := len(message.attachments) - MOST_FILES:
        parts += [_further_files(further)] if further > 0 else []
    return AttachmentContent(
        "\n\n".join(part.text for part in parts),
        tuple(image for part in parts for image in part.images),
        tuple(dict.fromkeys(notice for part in parts for notice in part.notices)),
        tuple(said for part in parts for said in part.spoken),
        tuple(part.text for part in parts if not part.spoken),
    )


@dataclass(slots=True)
class _Reader:
    """Reads the files of one message, one after the other; `shown` is how many pictures were."""

    key: ConversationKey
    platform: Platform
    documents: Documents
    owner: Owner
    blind: tuple[str, str] | None
    shown: int = 0

    async def read(self, file: Attachment) -> AttachmentContent:
        """Return what a file holds, or why it is not read."""
        kind, is_picture = kind_of(file), file.media_type.startswith("image/")
        most = MOST_OF_A_PICTURE if kind == "picture" else MOST_OF_A_DOCUMENT
        if not kind:
            return _not_read(file, UNHEARD if file.is_voice_note else UNKNOWN, is_picture=is_picture)
        if (file.size or 0) > most:
            return _not_read(file, TOO_LARGE, is_picture=kind == "picture")
        if kind == "picture" and (unseen := self._unseen(file)):
            return unseen
        try:
            content = await self._download(file, most)
        except FileUnreadable as error:
            log.warning("file unreadable", detail=str(error), hint=error.hint)
            return _not_read(file, TOO_LARGE if error.too_large else NOT_HAD, is_picture=kind == "picture")
        return await self._read_content(file, content, kind)

    async def _download(self, file: Attachment, most: int) -> bytes:
        """Return a file's content; raises FileUnreadable."""
        content = bytearray()
        async with aclosing(self.platform.open_file(self.key, file, most)) as chunks:
            async for chunk in chunks:
                content += chunk
        return bytes(content)

    async def _read_content(self, file: Attachment, content: bytes, named: str) -> AttachmentContent:
        """Return what bytes hold; these tell what a file is where its name does not."""
        kind = kind_of_content(content, named)
        if kind == "picture":
            return self._unseen(file) or await self._read_picture(file, content)
        if not kind:
            return _not_read(file, UNKNOWN, is_picture=named == "picture")
        found = await self.documents.read_document(content, kind, self.owner)
        return _told_of(file, found) if found and found.text else _not_read(file, EMPTY if found else BROKEN)

    async def _read_picture(self, file: Attachment, content: bytes) -> AttachmentContent:
        image = await self.documents.read_picture(content, self.owner)
        if image is None:
            return _not_read(file, "it could not be read as a picture", is_picture=True)
        self.shown += 1
        return AttachmentContent(f"[{_label(file, 'picture')}]", (replace(image, file=file.id),))

    def _unseen(self, file: Attachment) -> AttachmentContent | None:
        """Return what is told of a picture that is not shown, whatever it holds; None where it is."""
        if not self.blind and self.shown < MOST_PICTURES:
            return None
        why, notice = self.blind or (TOO_MANY, LEFT_OUT)
        return AttachmentContent(f"[{_label(file, 'picture')}: {why}]", notices=(notice,))


def name_attachments(files: Sequence[Attachment]) -> str:
    """Return what is told of files that are only named; nothing where there are none."""
    named = [f"[{_label(each)}]" for each in files]
    return "\n".join(named[:MOST_FILES])


def _label(file: Attachment, what: str = "") -> str:
    kind = "picture" if file.media_type.startswith("image/") else "voice note" if file.is_voice_note else "file"
    return f"{what or kind} {sanitize_name(file.name)}"


def _not_read(file: Attachment, why: str, *, is_picture: bool = False) -> AttachmentContent:
    """Return what is told of a file in place of its content."""
    notice = UNREADABLE if is_picture else f"_I did not read `{sanitize_name(file.name)}`: {why}._"
    label = _label(file, "picture" if is_picture else "")
    return AttachmentContent(f"[{label}: not read, since {why}]", notices=(notice,))


def _told_of(file: Attachment, found: DocumentText) -> AttachmentContent:
    """Return a document's text in its fence, with what was left out of it and what else is to be known."""
    name, what = sanitize_name(file.name), "; ".join(found.left_out)
    labels, notices = [_label(file)], []
    if what:
        labels.append(f"read only in part ({what}), so that totals over it are partial; say so where it matters")
        notices.append(f"_I read `{name}` only in part ({what}): totals over it are partial._")
    if remarks := "; ".join(found.remarks):
        labels.append(remarks)
        notices.append(f"_Of `{name}`: {remarks}._")
    label = ": ".join([labels[0], "; ".join(labels[1:])]) if notices else labels[0]
    return AttachmentContent(f"[{label}]\n{fence_text(sanitize_text(found.text))}", notices=tuple(notices))


def _further_files(number: int) -> AttachmentContent:
    why = f"at most {MOST_FILES} files of a message are"
    return AttachmentContent(
        f"[{number} more files: not read, since {why}]", notices=(f"_I did not read {number} more files: {why}._",)
    )


def fence_text(text: str) -> str:
    """Return a text in a fence that nothing in it can close."""
    longest = max((len(run.group()) for run in FENCES.finditer(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text.rstrip()}\n{fence}"
