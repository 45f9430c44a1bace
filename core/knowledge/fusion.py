"""One order out of several: reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009). Pure."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

FLATNESS = 20  # the paper's k, which is 60 for lists of thousands: over fifty, one clear hit counts again


def fuse_ranks(lists: Sequence[tuple[float, Sequence[T]]]) -> list[T]:
    """Return everything that stands in some list, best first; each list comes with its weight, best first itself."""
    scores: defaultdict[T, float] = defaultdict(float)
    for weight, ranked in lists:
        for rank, each in enumerate(ranked):
            scores[each] += weight / (FLATNESS + 1 + rank)
    return sorted(scores, key=lambda each: -scores[each])
