"""Mails: who wrote to whom and when, what they wrote, and what came with it."""

import email
from collections.abc import Iterator
from email.message import MIMEPart
from email.policy import EmailPolicy
from typing import Any

from core.files.readers.encodings import decode_text
from core.files.readers.excerpt import Excerpt
from core.files.readers.pages import html_text

HEADERS = ("From", "To", "Cc", "Date", "Subject")
DEEPEST = 5  # mails within each other


class _AnyHeaders(EmailPolicy):
    """Takes each header on which Python's parser fails as it stands, and of one that names a kind no more than that."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Return a header's value."""
        try:
            return super().header_fetch_parse(name, value)
        except Exception:  # noqa: BLE001 - whatever the parser raises on an odd header costs that header alone
            if name.lower().startswith("content-"):
                return self.header_factory(name, value.partition(";")[0])
            return self.header_factory("Unstructured", " ".join(value.split()))


ANY_HEADERS = _AnyHeaders()


def read_eml(content: bytes, excerpt: Excerpt) -> None:
    """Read a mail with the texts and the mails that came with it, and the names of all else."""
    mail: Any = email.message_from_bytes(content, policy=ANY_HEADERS)  # an EmailMessage, as the policy has it
    unread: list[str] = []
    excerpt.append_piece("\n".join(_mail_lines(mail, unread)))
    if unread:
        excerpt.remarks.append(
            f"{len(unread)} files in it are not read" if len(unread) > 1 else "a file in it is not read"
        )


def _mail_lines(mail: MIMEPart, unread: list[str], depth: int = 1) -> Iterator[str]:
    """Yield a mail's lines; what came with it and is no text is named, and added to `unread`."""
    yield from (f"{name}: {value}" for name in HEADERS if (value := mail[name]))
    body = mail.get_body(("plain", "html"))
    if body is not None:
        yield f"\n{_text_of(body).strip()}"
    parts = [mail] if mail.get_content_type() == "message/rfc822" else mail.iter_attachments()
    for part in parts:
        yield from _part_lines(part, unread, depth)


def _part_lines(part: MIMEPart, unread: list[str], depth: int) -> Iterator[str]:
    """Yield what one thing that came with a mail holds."""
    kind = part.get_content_type()
    name = part.get_filename() or kind
    inner = part.get_payload()
    if isinstance(inner, list) and isinstance(mail := next(iter(inner), None), MIMEPart) and depth < DEEPEST:
        yield "\n[a mail within it]"
        yield from _mail_lines(mail, unread, depth + 1)
    elif kind.startswith("text/"):
        yield f"\n[with it: {name}]\n{_text_of(part).strip()}"
    else:
        unread.append(name)
        yield f"[with it, not read: {name}]"


def _text_of(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    text = decode_text(raw, part.get_content_charset() or "")[0]
    return html_text(text) if part.get_content_type() == "text/html" else text
