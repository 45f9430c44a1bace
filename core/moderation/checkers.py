"""Everything that is asked about a text, put together: the strictest verdict holds."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from core.moderation.breaker import PAUSES, Breaker
from core.moderation.errors import CheckFailed
from core.moderation.verdict import CLEAN, Checker, Finding, Sample, Verdict, strictest
from core.moderation.words import WordList

log = structlog.get_logger()

PIECE = 8_000  # characters of one sample: below 32,768 tokens in any script, which moderation models read at a time
OVERLAP = 200  # characters that two pieces share, so that what stands over their border is found
AT_ONCE = 4  # requests about one text at a time
REQUEST = 32_000  # characters in one request
PAUSE = 0.25  # seconds before the second try; it doubles


@dataclass(slots=True)
class GuardedChecker:
    """A checker and its breaker."""

    checker: Checker
    breaker: Breaker


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
        self._asked = [GuardedChecker(checker, Breaker(pauses)) for checker in checkers]
        self._deadline = deadline

    @property
    def remote(self) -> bool:
        """Whether anybody is asked over the network."""
        return bool(self._asked)

    @property
    def looks(self) -> bool:
        """Whether anybody who is asked looks at images."""
        return any(asked.checker.images for asked in self._asked)

    async def verdicts(
        self, samples: Sequence[Sample], thresholds: Mapping[str, float], own: Sequence[Verdict]
    ) -> list[Verdict]:
        """Return the verdict on each sample, in order; `own` are those of the own list, by `listed`.

        Raises CheckFailed where a checker could not be asked within the deadline.
        """
        together = list(own)
        asked = [place for place, verdict in enumerate(own) if not verdict.flagged]
        if asked and self._asked:
            found = await self._found([samples[place] for place in asked], thresholds)
            for place, verdict in zip(asked, found, strict=True):
                together[place] = verdict
        return together

    async def listed(self, samples: Sequence[Sample]) -> list[Verdict]:
        """Return the own list's verdict on each sample."""
        return [await self.words.verdict(sample.text) for sample in samples] if self.words else [CLEAN] * len(samples)

    async def _found(self, samples: Sequence[Sample], thresholds: Mapping[str, float]) -> list[Verdict]:
        if len(self._asked) == 1:
            return await self._by(self._asked[0], samples, thresholds)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._tried(each, samples, thresholds)) for each in self._asked]
        answers = [task.result() for task in tasks]
        failed = [answer for answer in answers if isinstance(answer, CheckFailed)]
        heard = [answer for answer in answers if not isinstance(answer, CheckFailed)]
        together = [strictest(verdicts) for verdicts in zip(*heard, strict=True)]
        if failed and not any(verdict.flagged for verdict in together):
            raise failed[0]
        return together

    async def _tried(
        self, asked: GuardedChecker, samples: Sequence[Sample], thresholds: Mapping[str, float]
    ) -> list[Verdict] | CheckFailed:
        try:
            return await self._by(asked, samples, thresholds)
        except CheckFailed as error:
            return error

    async def _by(
        self, asked: GuardedChecker, samples: Sequence[Sample], thresholds: Mapping[str, float]
    ) -> list[Verdict]:
        """Return one checker's verdicts: long texts in pieces, and images where it looks at any."""
        pieces = [(place, piece) for place, sample in enumerate(samples) for piece in _pieces(sample, asked.checker)]
        requests = list(_requests([piece for _, piece in pieces]))
        if len(requests) == 1:
            findings = await self._persist(asked, requests[0])
        else:
            findings = await self._several(asked, requests)
        verdicts: list[list[Verdict]] = [[] for _ in samples]
        for (place, _), finding in zip(pieces, findings, strict=True):
            verdicts[place].append(finding.judged(thresholds))
        return [strictest(found) for found in verdicts]

    async def _several(self, asked: GuardedChecker, requests: list[list[Sample]]) -> list[Finding]:
        findings: list[Finding] = []
        for start in range(0, len(requests), AT_ONCE):
            batch = requests[start : start + AT_ONCE]
            for found in await asyncio.gather(*(self._persist(asked, request) for request in batch)):
                findings += found
        return findings

    async def _persist(self, asked: GuardedChecker, samples: list[Sample]) -> list[Finding]:
        """Ask until there is an answer; raise CheckFailed at the deadline, or at once while the breaker is open."""
        until, wait = _now() + self._deadline, PAUSE
        while True:
            if not asked.breaker.admits():
                raise CheckFailed("left alone after several failures")
            try:
                return await self._once(asked, samples, until)
            except CheckFailed as error:
                pause = max(wait, error.retry_after or 0.0)
                if _now() + pause >= until or asked.breaker.is_open:
                    raise
                log.info("moderation_retry", detail=str(error), pause=round(pause, 2))
            await asyncio.sleep(pause)
            wait *= 2

    async def _once(self, asked: GuardedChecker, samples: list[Sample], until: float) -> list[Finding]:
        try:
            async with asyncio.timeout_at(until):
                findings = await asked.checker.findings(samples)
        except (CheckFailed, TimeoutError) as error:
            asked.breaker.failed()
            raise error if isinstance(error, CheckFailed) else CheckFailed("no answer in time") from None
        except asyncio.CancelledError:
            asked.breaker.given_up()
            raise
        asked.breaker.succeeded()
        return findings


def _pieces(sample: Sample, checker: Checker) -> list[Sample]:
    """Return what a checker is asked about in place of one sample; nothing where there is nothing to read."""
    if sample.image:
        return [sample] if checker.images else []
    if not sample.text.strip():
        return []
    starts = range(0, max(1, len(sample.text) - OVERLAP), PIECE - OVERLAP)
    return [Sample(sample.text[start : start + PIECE]) for start in starts]


def _requests(pieces: list[Sample]) -> list[list[Sample]]:
    """Return the pieces as requests: each image alone, texts together as long as they are short."""
    requests: list[list[Sample]] = []
    room = 0
    for piece in pieces:
        if piece.image or len(piece.text) > room:
            requests.append([])
            room = 0 if piece.image else REQUEST
        requests[-1].append(piece)
        room -= len(piece.text)
    return requests


def _now() -> float:
    return asyncio.get_running_loop().time()
