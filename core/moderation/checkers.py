"""Everything that is asked about a text, put together: the strictest verdict holds."""

import asyncio
from collections.abc import Mapping, Sequence

from core.moderation.batching import BatchingChecker
from core.moderation.breaker import PAUSES
from core.moderation.errors import CheckFailed
from core.moderation.verdict import CLEAN, Checker, Finding, Sample, Verdict, strictest_of
from core.moderation.visible import visible_text
from core.moderation.words import WordList

PIECE = 8_000  # characters of one sample: below 32,768 tokens in any script, which moderation models read at a time
OVERLAP = 200  # characters that two pieces share, so that what stands over their border is found


class CheckerPool:
    """Asks the own list and every checker; `deadline` is in seconds for all tries of one check together.

    `pauses` are those of their breakers.
    """

    def __init__(
        self,
        words: WordList,
        checkers: Sequence[Checker],
        deadline: float = 5.0,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self.words = words
        self._checkers = [BatchingChecker(checker, deadline, pauses) for checker in checkers]

    @property
    def asks_remotely(self) -> bool:
        """Whether anybody is asked over the network."""
        return bool(self._checkers)

    @property
    def checks_anything(self) -> bool:
        """Whether there is anybody to ask, as it is known by now, or a word of one's own to look for."""
        return bool(self.words) or not all(checker.is_off for checker in self._checkers)

    @property
    def checks_images(self) -> bool:
        """Whether anybody who is asked looks at images."""
        return any(checker.images for checker in self._checkers)

    async def collect_verdicts(
        self, samples: Sequence[Sample], thresholds: Mapping[str, float], own: Sequence[Verdict]
    ) -> list[Verdict]:
        """Return the verdict on each sample, in order; `own` are those of the own list, by `listed`.

        Raises CheckFailed where a checker could not be asked within the deadline.
        """
        together = list(own)
        asked = [place for place, verdict in enumerate(own) if not verdict.is_flagged]
        if asked and self._checkers:
            found = await self._ask_all([samples[place] for place in asked], thresholds)
            for place, verdict in zip(asked, found, strict=True):
                together[place] = verdict
        return together

    async def listed_verdicts(self, samples: Sequence[Sample]) -> list[Verdict]:
        """Return the own list's verdict on each sample."""
        return (
            [await self.words.verdict_on(sample.text) for sample in samples] if self.words else [CLEAN] * len(samples)
        )

    async def _ask_all(self, samples: Sequence[Sample], thresholds: Mapping[str, float]) -> list[Verdict]:
        """Return the strictest verdict on each sample; one checker that cannot be asked is made good by a flag."""
        asked = [self._ask_one(each, samples, thresholds) for each in self._checkers]
        if len(asked) == 1:
            return await asked[0]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        heard = [answer for answer in answers if not isinstance(answer, BaseException)]
        together = [strictest_of(verdicts) for verdicts in zip(*heard, strict=True)]
        failed = next((answer for answer in answers if isinstance(answer, BaseException)), None)
        if failed and not (isinstance(failed, CheckFailed) and any(verdict.is_flagged for verdict in together)):
            raise failed
        return together

    async def _ask_one(
        self, checker: BatchingChecker, samples: Sequence[Sample], thresholds: Mapping[str, float]
    ) -> list[Verdict]:
        """Return one checker's verdicts: long texts in pieces, and images where it looks at any."""
        pieces = [(place, piece) for place, sample in enumerate(samples) for piece in _pieces_of(sample, checker)]
        verdicts: list[list[Verdict]] = [[] for _ in samples]
        findings: list[Finding] = await checker.findings([piece for _, piece in pieces])
        for (place, _), finding in zip(pieces, findings, strict=True):
            verdicts[place].append(finding.verdict_by(thresholds))
        return [strictest_of(found) for found in verdicts]


def _pieces_of(sample: Sample, checker: BatchingChecker) -> list[Sample]:
    """Return what a checker is asked about in place of one sample: what is seen of it, if anything."""
    if sample.image:
        return [sample] if checker.images else []
    text = visible_text(sample.text)
    if not text:
        return []
    starts = range(0, max(1, len(text) - OVERLAP), PIECE - OVERLAP)
    return [Sample(text[start : start + PIECE]) for start in starts]
