"""What people said to each other, as pieces in which it is found, and without what a prompt has already. Pure."""

import time
from collections.abc import Sequence
from dataclasses import replace

from core.knowledge.splitting import MOST, Count, split_document
from core.messages import Message
from core.sanitize import format_said, sanitize_text
from core.storage.chat_lines import ChatLine
from core.storage.knowledge import Piece

QUESTION_MARKS = ("?", "\uff1f", "\u061f")


def tells_something(message: Message) -> bool:
    """Whether a message says something to be found later: a question to the bot would only be found for itself."""
    is_question = message.addressed and message.text.rstrip().endswith(QUESTION_MARKS)
    return bool(message.text.strip()) and not (message.author.is_bot or message.command or is_question)


def own_words(message: Message) -> str:
    """Return what its author says in a message, without what it quotes."""
    text = message.text
    for quoted in sorted((each.text for each in message.quotations if each.text), key=len, reverse=True):
        text = text.replace(quoted, "")
    return sanitize_text(text.strip())


def split_exchange(lines: Sequence[ChatLine], count: Count) -> list[Piece]:
    """Return an exchange in pieces, each line behind its speaker; labelled with when its first line was said."""
    pieces: list[Piece] = []
    held: list[ChatLine] = []
    tokens = 0
    for line in (each for each in lines if each.text):
        size = count(_format_line(line))
        if held and tokens + size > MOST:
            pieces += _join_lines(held, count)
            held, tokens = [], 0
        held.append(line)
        tokens += size + 1
    return [*pieces, *(_join_lines(held, count) if held else [])]


def _join_lines(lines: Sequence[ChatLine], count: Count) -> list[Piece]:
    """Return lines as one piece; a line that is longer than a piece as several."""
    text = "\n".join(map(_format_line, lines))
    label = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(lines[0].sent_at))
    if (tokens := count(text)) <= MOST:
        return [Piece("", label, text, tokens)]
    return [replace(each, title="", label=label) for each in split_document(text, (), "", "text", count)]


def _format_line(line: ChatLine) -> str:
    return format_said(line.author_name, line.text)


def leave_out_lines(text: str, lines: Sequence[ChatLine]) -> str:
    """Return a piece's text without those of these lines that stand in it; empty where nothing else does."""
    left = f"\n{text}\n"
    for line in lines:
        said = _format_line(line)
        if text in said:  # it is a part of one long line
            return ""
        left = left.replace(f"\n{said}\n", "\n")
    return left.strip("\n")


def first_line_of(text: str, lines: Sequence[ChatLine]) -> ChatLine | None:
    """Return the first of these lines that stands in a piece's text."""
    return next((line for line in lines if line.text and _format_line(line) in text), None)
