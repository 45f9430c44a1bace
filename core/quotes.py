"""Quotations within a message: others' parts of it, the last of its lines each behind a `>`. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from core.messages import Earlier, Message, Quotation

NOT_SHOWN = "[a message that is not shown here]"

Quoting = TypeVar("Quoting", Message, Earlier)


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


def replace_quote(text: str, quoted: str) -> str:
    """Return a text that ends with another quotation than it did; one that ends with none stays as it is."""
    lines = text.split("\n")
    own = len(lines)
    while own and lines[own - 1].startswith(">"):
        own -= 1
    return (
        "\n".join([*lines[:own], *(f"> {line}".rstrip() for line in quoted.split("\n"))]) if own < len(lines) else text
    )
