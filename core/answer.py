"""What becomes of a turn while it is answered."""

from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import BotError, PlatformError, Uncertain
from core.messages import Turn, Usage
from core.store import Store


@dataclass(slots=True)
class Answer:
    """What became of a turn so far: the model's words, what they cost, where they stand, and what went wrong.

    `times` says when each step was reached, in seconds since the epoch.
    """

    text: str = ""
    usage: Usage | None = None
    error: BotError | None = None
    message_id: str = ""
    parts: int = 0
    times: dict[str, float] = field(default_factory=dict)


class Parts:
    """The journal of one turn: notes each part of its reply that is visible."""

    def __init__(self, store: Store, turn: Turn, answer: Answer, first: int = 0) -> None:
        """`first` is the number under which part 0 is noted, where others stand before it."""
        self._store = store
        self._turn = turn
        self._answer = answer
        self._first = first

    async def posted(self, part: int, platform_id: str) -> None:
        """Note a part; the first one's id stands for the answer in the history."""
        self._answer.message_id = self._answer.message_id or platform_id
        self._answer.parts = max(self._answer.parts, self._first + part + 1)
        await self._store.posted(self._turn, self._first + part, platform_id)


def state_of(answer: Answer) -> str:
    """Return how a turn with this answer ends: `done`, `failed` or `uncertain`."""
    if isinstance(answer.error, Uncertain):
        return "uncertain"
    return "failed" if isinstance(answer.error, PlatformError) else "done"


def detail_of(answer: Answer) -> dict[str, Any]:
    """Return what is noted of it with the turn's end."""
    detail: dict[str, Any] = {}
    if answer.error:
        detail["error"] = type(answer.error).__name__
    if answer.usage:
        detail["usage"] = asdict(answer.usage)
    if answer.times:
        detail["times"] = answer.times
    return detail
