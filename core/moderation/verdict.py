"""What a check found in a text, and what is made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sample:
    """One text to be checked, or one image as a URL (`data:` as a rule), on its own."""

    text: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a text is refused, and for which categories; `unchecked` where nobody could be asked."""

    categories: tuple[str, ...] = ()
    unchecked: bool = False

    @property
    def is_flagged(self) -> bool:
        """Whether the text is refused."""
        return bool(self.categories)


CLEAN = Verdict()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a checker says of one sample: its own yes or no for each category, and scores from 0 to 1 where it has some.

    `flagged` is its yes or no to the whole, for a checker that names no category.
    """

    flagged: bool = False
    categories: Mapping[str, bool] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)

    def verdict_by(self, thresholds: Mapping[str, float]) -> Verdict:
        """Return the verdict: by its score where a category has a threshold, by the checker's own word where not."""
        own = {name for name, is_flagged in self.categories.items() if is_flagged}
        scored = thresholds.keys() & self.scores.keys()
        found = {name for name in own if name not in scored}
        found |= {name for name in scored if self.scores[name] >= thresholds[name]}
        if self.flagged and not own:
            found.add("flagged")
        return Verdict(tuple(sorted(found)))


class Checker(Protocol):
    """Somebody who is asked about texts over the network; `images` says whether pictures, too."""

    @property
    def images(self) -> bool:
        """Whether it can look at images."""

    async def findings(self, samples: list[Sample]) -> list[Finding]:
        """Return what is found in each sample, in their order; raise CheckFailed where that cannot be had."""


def strictest_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return what several verdicts come to: every category that one of them names."""
    found = list(verdicts)
    categories = {name for verdict in found for name in verdict.categories}
    return Verdict(tuple(sorted(categories)), any(verdict.unchecked for verdict in found))
