"""What the adapter must know of earlier, and does not keep itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bots.marks import Marks
from core.messages import ConversationKey

Lookup = Callable[[str], Awaitable[ConversationKey | None]]


@dataclass(frozen=True, slots=True)
class Memory:
    """`conversation_of` tells in which conversation a message of ours was posted, if it is a part of an answer.

    `direct_channels` lists the direct messages in which the bot was asked something, the latest first, at most so many.
    """

    conversation_of: Lookup
    direct_channels: Callable[[int], Awaitable[list[str]]]
    marks: Marks
