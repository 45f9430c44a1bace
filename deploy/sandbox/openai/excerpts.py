"""What the stand-in makes of what was found for a question: it quotes the line that fits best, with its mark."""

import re
from collections.abc import Sequence

EXCERPT = re.compile(r"^\[(S\d{1,4})\] [^\n]+\n(`{3,})\n(.*?)\n\2", re.MULTILINE | re.DOTALL)
WORD = re.compile(r"[^\W_]{3,}")
COMMON = frozenset({"the", "and", "for", "that", "with", "what", "who", "when", "where", "how", "does", "are", "you"})
LONGEST = 300  # characters of a line that is quoted


def found_for(question: str, messages: Sequence[tuple[str, str]]) -> str:
    """Return the line of the excerpts, which stand in the messages since the last answer, that fits a question best.

    It is quoted with its mark; empty where none shares a word of some weight with the question.
    """
    since = max((at for at, (role, _) in enumerate(messages) if role == "assistant"), default=-1) + 1
    told = "\n".join(text for _, text in messages[since:])
    wanted = _words_of(question)
    lines = [
        (mark, line.strip()) for mark, _, text in EXCERPT.findall(told) for line in text.splitlines() if line.strip()
    ]
    mark, line = max(lines, key=lambda each: len(wanted & _words_of(each[1])), default=("", ""))
    return f"> {line[:LONGEST]} [{mark}]" if wanted & _words_of(line) else ""


def _words_of(text: str) -> set[str]:
    return {word.casefold() for word in WORD.findall(text)} - COMMON
