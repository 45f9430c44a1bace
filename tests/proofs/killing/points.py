"""The points at which a process can die: named and counted as it comes by them, and deadly at one."""

from collections import Counter
from collections.abc import Callable


class Points:
    """What one process comes by, in order. A point is a name and how often it came by until then: `commit #2`."""

    def __init__(self, deadly: str, note: Callable[[str], None]) -> None:
        """`note` is told every point; `deadly` is the one to die at, empty for none."""
        self._deadly = deadly
        self._note = note
        self._counts: Counter[str] = Counter()

    def dies_at(self, name: str) -> bool:
        """Come by a point, and tell whether the process dies here."""
        self._counts[name] += 1
        point = f"{name} #{self._counts[name]}"
        self._note(point)
        return point == self._deadly
