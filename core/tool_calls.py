"""What became of a call of a tool, as it is kept with its turn: values that know no tool. Pure."""

from dataclasses import dataclass
from typing import Literal

from core.messages import ToolCall

CallState = Literal["proposed", "waiting", "running", "returned", "failed", "refused", "uncertain"]
OPEN = frozenset({"proposed", "waiting", "running"})


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call: `round` is the model's how many-th answer with calls, `place` its number there, both from 0.

    `result` is what the model is told of it, `source` where that comes from, as people are told. A `refused` call was
    never made. An `uncertain` one was being made when its process ended, and is not to be made twice.
    """

    round: int
    place: int
    call: ToolCall
    state: CallState
    result: str = ""
    source: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the model can be told what became of it."""
        return self.state not in OPEN
