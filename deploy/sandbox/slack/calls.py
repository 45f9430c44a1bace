"""What the app asked of the Web API."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `outcome` is "ok" or the error code; `at` in seconds of time.monotonic."""

    method: str
    arguments: dict[str, Any]
    outcome: str
    at: float
