"""What the bot writes, as Discord takes it.

That nobody is pinged is no matter of the text: the client allows no mention (allowed_mentions), on create and on edit.
"""

import hashlib

from bots.discord.markdown import render_markdown
from bots.markdown.disguised_links import escape_links
from bots.markdown.splitting import Growing, Limit, Splitter

LONGEST = 2_000  # characters of content (Discord docs, Create Message)
FILE_NAME = "answer.md"


def utf16_units(text: str) -> int:
    """Return a text's length in UTF-16 units, never fewer than the code points that Discord counts."""
    return len(text) + sum(char > "\uffff" for char in text)


def measure_part(markdown: str) -> int:
    """Return how much of a part the text takes, in UTF-16 units, with what making its links harmless may add."""
    return utf16_units(markdown) + markdown.count("]")


LIMIT = Limit(LONGEST, measure_part)


class MessageSplitter:
    """Cuts one answer, again and again while it grows, into at most `most` messages and what is left over."""

    def __init__(self, most: int, heading: str = "") -> None:
        """`heading` stands above the first of them."""
        self._heading = heading
        self._most = most
        self._growing = Growing(LIMIT)

    def __call__(self, markdown: str, *, is_whole: bool = True) -> list[str]:
        """Return an answer in parts that fit one message each; behind `most` of them, the rest as one text."""
        markdown = f"{self._heading}{render_markdown(markdown, is_whole=is_whole)}"
        parts = self._growing(markdown)
        shown = [escape_links(part) for part in parts[: self._most]]  # after the cuts, so that none brings one to life
        return shown if len(parts) <= self._most else [*shown, self._rest_of(markdown)]

    def is_file(self, part: int) -> bool:
        """Whether a part, counted from 0, is the rest that goes out as a file."""
        return part >= self._most

    def _rest_of(self, markdown: str) -> str:
        splitter = Splitter(LIMIT)
        splitter.add(markdown)
        last = splitter.pieces()[self._most - 1]
        return last.carry.opening + markdown[last.end :].strip("\n")


def nonce_of(turn_id: str, part: int) -> str:
    """Return the name under which a part is posted once, however often the call is made: at most 25 characters."""
    return hashlib.blake2s(f"{turn_id} {part}".encode(), digest_size=12).hexdigest()
