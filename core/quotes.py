"""Quotations within a message: others' parts of it, the last of its lines each behind a `>`. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from core.messages import Earlier, Message, Quotation

WORDLESS = "(a message without words)"  # a mention alone, or what holds nothing that can be read
NOT_SHOWN = "[a message that is not shown here]"
MARKS = (">", "&gt;")  # before each line of a quotation, the second in what Slack has escaped

Quoting = TypeVar("Quoting", Message, Earlier)


def reference_of(channel: str, message_id: str) -> str:
    """Return what names a message in another channel: `C1/1700000000.000100`."""
    return f"{channel}/{message_id}"


def leave_out_quotations(said: Quoting, unread: Sequence[Quotation]) -> Quoting:
    """Return a message without some of its quotations, and without their files.

    Where such a part is not found in the text as it stands, nothing of the text is kept.
    """
    text, files = said.text, {file for each in unread for file in each.files}
    for part in (each.text for each in unread if each.text):
        text = text.replace(part, NOT_SHOWN) if part in text else NOT_SHOWN
    kept = tuple(file for file in said.attachments if file.id not in files)
    read = tuple(each for each in said.quotations if each not in unread)
    left = replace(said, text=text, attachments=kept, quotations=read)
    if isinstance(left, Earlier):
        return left
    of_others = {other for each in unread for other in each.others}
    return replace(left, others=tuple(other for other in left.others if other not in of_others))


def quoted_people(quotations: Sequence[Quotation]) -> tuple[str, ...]:
    """Return the ids of those who wrote what is quoted, as far as the platform tells them."""
    return tuple(dict.fromkeys(each.author.id for each in quotations if each.author.id))


def without_quoted_lines(text: str) -> str:
    """Return a text without the lines that quote somebody: what its author wrote."""
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(MARKS))


def replace_quote(text: str, quoted: str) -> str:
    """Return a text that ends with another quotation than it did; one that ends with none stays as it is.

    A line is quoted behind a `>`, or behind that as Slack escapes it; the new lines as the last one was.
    """
    lines = text.split("\n")
    own, mark = len(lines), next((mark for mark in MARKS if lines[-1].startswith(mark)), "")
    if not mark:
        return text
    while own and lines[own - 1].startswith(mark):
        own -= 1
    return "\n".join([*lines[:own], *(f"{mark} {line}".rstrip() for line in quoted.split("\n"))])


def quote_anew(question: Message, quoted: Message) -> Message:
    """Return a question with what the message that it quotes says now, and with those of its files that are left.

    One that does not end with a quotation stays as it is.
    """
    ending = (each for each in question.quotations if each.text and question.text.endswith(each.text))
    if not (old := next(ending, None)):
        return question
    text, gone = replace_quote(old.text, quoted.text), set(old.files) - {file.id for file in quoted.attachments}
    others = (*(each for each in old.others if each in text), quoted.text, *quoted.others)
    new = replace(old, text=text, others=others, files=tuple(file for file in old.files if file not in gone))
    now = question.text.removesuffix(old.text) + text
    kept = (each for each in question.quotations if each is not old and each.text in now)  # also those within the old
    return replace(
        question,
        text=now,
        attachments=tuple(file for file in question.attachments if file.id not in gone),
        others=(*(each for each in question.others if each not in old.others), *others),
        quotations=(*kept, new),
    )
