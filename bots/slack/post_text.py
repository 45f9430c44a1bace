"""What stands in a Slack message: its own words, blocks and attachments, and what it forwards."""

import re
from dataclasses import dataclass
from itertools import chain

from bots.slack.block_text import text_of_blocks, text_of_other_blocks
from bots.slack.incoming import text_of, unescape
from bots.slack.outgoing import escape_text
from bots.slack.payload_values import Payload, mapping_at, mappings_at, number_at, text_at, ts_at
from core.messages import Attachment, Author, Quotation

MOST_ATTACHMENTS = 50
LETTERS = re.compile(r"\W+")
STUB = "check_file_info"  # of a file from another workspace only the id comes (Slack docs, Slack Connect)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A message that another one holds: by whom, its text as Slack writes it, and where it stands, if that is told.

    `author_id` is empty where Slack does not tell it; `files` are the ids of those that came with it.
    """

    author: str
    text: str
    channel: str = ""
    ts: str = ""
    author_id: str = ""
    files: tuple[str, ...] = ()

    @property
    def quoted_text(self) -> str:
        """The message as a part of another one's text, each line quoted."""
        lines = "\n".join(f"&gt; {line}" for line in self.text.split("\n"))
        return f"Forwarded message by {self.author}:\n{lines}" if self.text else f"Forwarded message by {self.author}"

    @property
    def of_others(self) -> tuple[str, ...]:
        """What of it is to be checked: its text and its author's name."""
        return tuple(part for part in (self.text, self.author) if part)


@dataclass(frozen=True, slots=True)
class PostText:
    """What a message says: its author's own words, and what it forwards."""

    own: str
    forwarded: tuple[Forwarded, ...] = ()

    @property
    def whole(self) -> str:
        """All of it, as one text."""
        return "\n\n".join(part for part in (self.own, *(each.quoted_text for each in self.forwarded)) if part.strip())

    @property
    def of_others(self) -> tuple[str, ...]:
        """What of it is not its author's."""
        return tuple(part for each in self.forwarded for part in each.of_others)

    @property
    def quotations(self) -> tuple[Quotation, ...]:
        """What it forwards, with who wrote it."""
        return tuple(
            Quotation(Author(each.author_id, each.author), each.quoted_text, each.of_others, each.files)
            for each in self.forwarded
        )


def read_text(post: Payload) -> PostText:
    """Return what a message says, whoever wrote it; previews of links are none of it."""
    attachments = mappings_at(post, "attachments")[:MOST_ATTACHMENTS]
    said = _without_repetition(text_of(post), text_of_other_blocks(post.get("blocks")))
    below = [_attachment_text(each) for each in attachments if not _is_forwarded(each) and not _is_preview(each)]
    own = "\n\n".join(part for part in (said, *below) if part.strip())
    return PostText(own, tuple(_read_forwarded(each) for each in attachments if _is_forwarded(each)))


def attachments_of(post: Payload) -> tuple[Attachment, ...]:
    """Return the files that came with a message and with what it forwards, but for those that were deleted.

    (Slack docs, File object, mode.)
    """
    forwarded = (mappings_at(each, "files") for each in mappings_at(post, "attachments") if _is_forwarded(each))
    files = chain(mappings_at(post, "files"), *forwarded)
    return tuple(_read_file(file) for file in files if file.get("mode") != "tombstone")


def is_stub(file: Attachment) -> bool:
    """Whether of a file only the id is known."""
    return bool(file.id) and not file.url and not file.media_type


def read_file_info(file: Payload) -> Attachment | None:
    """Return a file as files.info tells of it; None where it is gone, or still not to be had."""
    found = _read_file(file)
    return None if file.get("mode") == "tombstone" or not found.url else found


def _read_file(file: Payload) -> Attachment:
    duration, size = number_at(file, "duration_ms"), number_at(file, "size")
    url = text_at(file, "url_private_download") or text_at(file, "url_private")
    return Attachment(
        id=text_at(file, "id"),
        name=text_at(file, "name") or text_at(file, "title"),
        media_type=text_at(file, "mimetype"),
        url="" if file.get("file_access") == STUB else url,
        size=None if size is None else int(size),
        duration=None if duration is None else duration / 1000,
        is_voice_note=file.get("subtype") == "slack_audio",
    )


def _is_forwarded(attachment: Payload) -> bool:
    return any(attachment.get(name) for name in ("is_share", "is_msg_unfurl", "message_blocks"))


def _is_preview(attachment: Payload) -> bool:
    """Whether Slack made it of a link (Slack docs, Unfurling links)."""
    return any(attachment.get(name) for name in ("from_url", "original_url", "is_app_unfurl"))


def _read_forwarded(attachment: Payload) -> Forwarded:
    author = text_at(attachment, "author_id")
    name = text_at(attachment, "author_name") or text_at(attachment, "author_subname")
    blocks = [
        block
        for each in mappings_at(attachment, "message_blocks")
        for block in mappings_at(mapping_at(each, "message"), "blocks")
    ]
    text = _without_repetition(text_at(attachment, "text"), _text_of_all(blocks)) or _attachment_text(attachment)
    by = escape_text(" ".join(name.split())) or (f"<@{author}>" if author.isalnum() else "somebody")
    files = tuple(text_at(file, "id") for file in mappings_at(attachment, "files"))
    return Forwarded(by, text.strip(), text_at(attachment, "channel_id"), ts_at(attachment, "ts"), author, files)


def _attachment_text(attachment: Payload) -> str:
    """Return what an attachment says; its fallback where it says nothing else (Slack docs, legacy fields)."""
    link = text_at(attachment, "title_link")
    title = text_at(attachment, "title")
    fields = [(text_at(each, "title"), text_at(each, "value")) for each in mappings_at(attachment, "fields")]
    said = _without_repetition(text_at(attachment, "text"), _text_of_all(attachment.get("blocks")))
    parts = [
        text_at(attachment, "pretext"),
        "" if _is_forwarded(attachment) else text_at(attachment, "author_name"),
        f"<{link}|{title}>" if link and title and "|" not in link else title,
        said,
        *(": ".join(part for part in field if part) for field in fields),
        text_at(attachment, "footer"),
    ]
    return "\n".join(part for part in parts if part.strip()) or text_at(attachment, "fallback")


def _text_of_all(blocks: object) -> str:
    parts = (text_of_blocks(blocks), text_of_other_blocks(blocks))
    return "\n".join(part for part in parts if part)


def _without_repetition(text: str, shown: str) -> str:
    """Return a message's text and what its blocks show, once where the text is their fallback."""
    if not shown or not text.strip() or _letters_of(text) in _letters_of(shown):
        return shown or text
    return f"{text}\n{shown}"


def _letters_of(text: str) -> str:
    return LETTERS.sub("", unescape(text))
