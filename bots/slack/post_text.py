"""What stands in a Slack message: its own words, blocks and attachments, and what it forwards."""

import re
from dataclasses import dataclass, replace

from bots.slack.block_text import has_other_blocks, text_of_all_blocks
from bots.slack.incoming import text_of, unescape
from bots.slack.outgoing import escape_text
from bots.slack.payload_values import Payload, mapping_at, mappings_at, number_at, text_at, ts_at
from core.messages import Attachment, Author, Quotation

MOST_ATTACHMENTS = 50
DEEPEST = 3  # forwarded messages in one another
PICTURE = "[picture]"  # one that is shown by its address alone, which nobody looks at
LETTERS = re.compile(r"\W+")
CANVAS = "application/vnd.slack-docs"  # the media type of what Slack serves as a page (Slack docs, Canvases)
STUB = "check_file_info"  # of a file from another workspace only the id comes (Slack docs, Slack Connect)
FORWARDED = ("is_share", "is_msg_unfurl", "is_reply_unfurl", "message_blocks")  # each marks an attachment as a message
PREVIEW = ("from_url", "original_url", "is_app_unfurl")  # of a link (Slack docs, Unfurling links)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A message that another one holds: by whom, its text as Slack writes it, and where it stands, if that is told.

    `author_id` is empty where Slack does not tell it; `files` are the ids of those that came with it. `within` is what
    it forwards itself, which is a part of its text.
    """

    author: str
    text: str
    channel: str = ""
    ts: str = ""
    author_id: str = ""
    files: tuple[str, ...] = ()
    within: tuple[Quotation, ...] = ()

    @property
    def quoted_text(self) -> str:
        """The message as a part of another one's text, each line quoted."""
        opening = f"Forwarded message by {self.author}"
        return f"{opening}:\n{quote_lines(self.text)}" if self.text else opening

    @property
    def of_others(self) -> tuple[str, ...]:
        """What of it is to be checked: its text and its author's name."""
        return tuple(part for part in (self.text, self.author) if part)

    @property
    def quotations(self) -> tuple[Quotation, ...]:
        """The message as somebody's part of another one's, and those that it forwards itself."""
        whole = Quotation(Author(self.author_id, self.author), self.quoted_text, self.of_others, self.files)
        return (whole, *(replace(each, text=quote_lines(each.text)) for each in self.within))


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
        return tuple(quotation for each in self.forwarded for quotation in each.quotations)


def read_text(post: Payload, depth: int = DEEPEST) -> PostText:
    """Return what a message says, whoever wrote it, with messages in it `depth` deep.

    Previews of links are none of it, but for those in an app's post, which are what it shows.
    """
    attachments = mappings_at(post, "attachments")[:MOST_ATTACHMENTS]
    by_an_app = bool(post.get("bot_id")) or post.get("subtype") == "bot_message"
    said, blocks = text_of(post), post.get("blocks")
    if by_an_app or has_other_blocks(blocks):  # a person's rich text says what their text does
        said = _without_repetition(text_at(post, "text"), text_of_all_blocks(blocks))
    others = (each for each in attachments if not _is_forwarded(each) and (by_an_app or not _is_preview(each)))
    own = "\n\n".join(part for part in (said, *map(_attachment_text, others)) if part.strip())
    forwarded = (_read_forwarded(each, depth) for each in attachments if _is_forwarded(each) and depth > 0)
    return PostText(own, tuple(forwarded))


def attachments_of(post: Payload) -> tuple[Attachment, ...]:
    """Return the files that came with a message and with what it forwards, each once, but for those that were deleted.

    (Slack docs, File object, mode.)
    """
    files = (file for file in _files_of(post, DEEPEST) if file.get("mode") != "tombstone")
    return tuple(_read_file(file) for file in files)


def _files_of(post: Payload, depth: int) -> list[Payload]:
    forwarded = [each for each in mappings_at(post, "attachments") if _is_forwarded(each)] if depth > 0 else []
    within = (file for each in forwarded for inner in _posts_in(each) for file in _files_of(inner, depth - 1))
    files = enumerate((*mappings_at(post, "files"), *within))
    return list({text_at(file, "id") or str(number): file for number, file in files}.values())


def quote_lines(text: str) -> str:
    """Return a text as Slack writes it with each of its lines quoted."""
    return "\n".join(f"&gt; {line}" for line in text.split("\n"))


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
    media_type = text_at(file, "mimetype")
    return Attachment(
        id=text_at(file, "id"),
        name=text_at(file, "name") or text_at(file, "title"),
        media_type="text/html" if media_type == CANVAS else media_type,
        url="" if file.get("file_access") == STUB else url,
        size=None if size is None else int(size),
        duration=None if duration is None else duration / 1000,
        is_voice_note=file.get("subtype") == "slack_audio",
    )


def _is_forwarded(attachment: Payload) -> bool:
    return any(attachment.get(name) for name in FORWARDED)


def _is_preview(attachment: Payload) -> bool:
    return any(attachment.get(name) for name in PREVIEW)


def _posts_in(attachment: Payload) -> list[Payload]:
    """Return what a forwarded message is told as: by messages in the attachment, and by what it has itself."""
    itself = {name: attachment.get(name) for name in ("attachments", "files")}
    return [*(mapping_at(each, "message") for each in mappings_at(attachment, "message_blocks")), itself]


def _read_forwarded(attachment: Payload, depth: int) -> Forwarded:
    author = text_at(attachment, "author_id")
    name = text_at(attachment, "author_name") or text_at(attachment, "author_subname")
    by = escape_text(" ".join(name.split())) or (f"<@{author}>" if author.isalnum() else "somebody")
    inner = [read_text(post, depth - 1) for post in _posts_in(attachment)]
    shown = "\n".join(text for each in inner if (text := each.whole).strip())
    parts = "\n".join(part for part in (text_at(attachment, "pretext"), *_parts_of(attachment)) if part.strip())
    said = _without_repetition(parts, shown) or text_at(attachment, "fallback")
    place = text_at(attachment, "channel_id"), ts_at(attachment, "ts")
    files = dict.fromkeys(text_at(file, "id") for post in _posts_in(attachment) for file in _files_of(post, depth - 1))
    within = tuple(part for each in inner for part in each.quotations)
    return Forwarded(by, said.strip(), *place, author, tuple(files), within)


def _attachment_text(attachment: Payload) -> str:
    """Return what an attachment says; its fallback where it says nothing else (Slack docs, legacy fields)."""
    pretext, author, footer = (text_at(attachment, name) for name in ("pretext", "author_name", "footer"))
    parts = [pretext, author, *_parts_of(attachment), footer]
    return "\n".join(part for part in parts if part.strip()) or text_at(attachment, "fallback")


def _parts_of(attachment: Payload) -> list[str]:
    """Return what stands between an attachment's head and its foot."""
    link, title = text_at(attachment, "title_link"), text_at(attachment, "title")
    fields = [(text_at(each, "title"), text_at(each, "value")) for each in mappings_at(attachment, "fields")]
    return [
        f"<{link}|{title}>" if link and title and "|" not in link else title,
        _without_repetition(text_at(attachment, "text"), text_of_all_blocks(attachment.get("blocks"))),
        *(": ".join(part for part in field if part) for field in fields),
        PICTURE if text_at(attachment, "image_url") else "",
        " ".join(text_at(each, "text") for each in mappings_at(attachment, "actions")),
    ]


def _without_repetition(text: str, shown: str) -> str:
    """Return a message's text and what its blocks show, once where each line of the text is the fallback of a part."""
    found = _letters_of(shown)
    if all(_letters_of(line) in found for line in text.split("\n")):
        return shown
    return f"{text}\n{shown}" if shown else text


def _letters_of(text: str) -> str:
    return LETTERS.sub("", unescape(text))
