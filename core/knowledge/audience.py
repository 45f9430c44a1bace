"""Who reads an answer, and what all of them may see: each platform tells that at the moment of the question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.messages import Message
from core.ports import Platform


@dataclass(frozen=True, slots=True)
class Audience:
    """What everybody may see who reads where a message stands, beside what was posted there.

    `elsewhere` are other channels of its workspace. `is_internal` says that nobody from outside of it reads there, and
    `reads_here` that all of them may read what was posted there before.
    """

    is_internal: bool = False
    elsewhere: frozenset[str] = frozenset()
    reads_here: bool = True


NOBODY_ELSE = Audience()


class SourcePlatform(Platform, Protocol):
    """A platform whose people put things in: it knows who reads where, and where a message is found."""

    async def find_audience(self, message: Message, channels: Sequence[str]) -> Audience:
        """Return who reads the answer to a message, and which of these channels all of them may read just now.

        What cannot be found out counts as what may not be seen; it raises nothing.
        """

    def link_to(self, message: Message) -> str:
        """Return the address of a message, empty where it has none."""
