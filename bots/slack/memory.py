"""What the adapter must know of earlier, and does not keep itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bots.marks import Marks
from core.messages import ConversationKey


@dataclass(frozen=True, slots=True)
class Memory:
    """`conversations` lists those of a workspace, `channels` where they were held: the latest first, a few."""

    conversations: Callable[[str, int], Awaitable[list[ConversationKey]]]
    channels: Callable[[str, int], Awaitable[list[str]]]
    marks: Marks
