"""What became of a call of a tool, as it is kept with its turn: values that know no tool. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from core.messages import ToolCall

CallState = Literal["proposed", "waiting", "running", "returned", "failed", "refused", "uncertain"]
OPEN = frozenset({"proposed", "waiting", "running"})
DECLINED: Mapping[str, str] = {  # what the model is told of a call that was not allowed, by how that ended
    "no": "[Not called: a person refused it. Do not ask for it again.]",
    "late": "[Not called: nobody allowed it in time. Say so.]",
    "edited": "[Not called: the question was changed while this waited to be allowed.]",
    "stopped": "[Not called: a person stopped this.]",
    "unasked": "[Not called: it has to be allowed, and nobody could be asked here. Say so.]",
}


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


def digest_of(records: Iterable[CallRecord]) -> str:
    """Return what stands for calls exactly as they would be made: names and arguments, in their order."""
    said = json.dumps([[each.call.name, each.call.arguments] for each in records])
    return hashlib.sha256(said.encode()).hexdigest()
