"""Checks that share requests: what is asked while other checks are on their way goes together, and is asked once."""

import asyncio
import hashlib
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from core.moderation.automatic import AutomaticChecker
from core.moderation.breaker import PAUSES, Breaker
from core.moderation.errors import CheckFailed
from core.moderation.verdict import Checker, Finding, Sample
from core.retry import RetryBudget

MOST_SAMPLES = 32  # in one request
MOST_CHARACTERS = 32_000  # in one request
AT_ONCE = 4  # requests at a time to one checker
GATHER = 0.04  # seconds in which others may join, while a request is on its way; one that is alone goes at once
PAUSE = 0.25  # seconds before the second try
REMEMBERED = 10_000  # clean findings
REMEMBERED_FOR = 300.0  # seconds
# What a checker says of the request as it was: of several texts it may mean one, so that each is asked alone
OF_THE_TEXTS = frozenset({200, 400, 413, 422})


@dataclass(frozen=True, slots=True)
class Pending:
    """A sample that somebody waits to hear of."""

    sample: Sample
    finding: asyncio.Future[Finding]


class BatchingChecker:
    """Asks one checker for many callers; `deadline` is in seconds for all tries, `pauses` are those of its breaker."""

    def __init__(self, checker: Checker, deadline: float, pauses: tuple[float, ...] = PAUSES) -> None:
        self._checker = checker
        self._deadline = deadline
        self._breaker = Breaker(pauses)
        self._pending: deque[Pending] = deque()
        self._requests: set[asyncio.Task[None]] = set()
        self._is_due = False
        self._clean = CleanFindings()

    @property
    def is_off(self) -> bool:
        """Whether it has turned out that nobody checks behind it."""
        return isinstance(self._checker, AutomaticChecker) and self._checker.is_off

    @property
    def images(self) -> bool:
        """Whether the checker looks at images, as it is known by now."""
        return self._checker.images

    async def findings(self, samples: Sequence[Sample]) -> list[Finding]:
        """Return what is found in each sample, in their order; raise CheckFailed where one could not be asked in time.

        A caller who is called off takes only its own samples back.
        """
        asked = [Pending(sample, self._find(sample)) for sample in samples]
        self._pending += [each for each in asked if not each.finding.done()]
        self._schedule()
        try:
            async with asyncio.timeout(self._deadline):
                return [await each.finding for each in asked]
        except TimeoutError:
            raise CheckFailed("no answer in time") from None
        finally:
            for each in asked:
                _drop_future(each.finding)

    def _find(self, sample: Sample) -> asyncio.Future[Finding]:
        """Return where a sample's finding will be; it is there at once for a text that was found clean before."""
        finding: asyncio.Future[Finding] = asyncio.get_running_loop().create_future()
        if known := self._clean.recall(sample):
            finding.set_result(known)
        return finding

    def _schedule(self) -> None:
        """See that what waits is sent: after this round of the loop, or a little later where requests are out."""
        if self._pending and not self._is_due and len(self._requests) < AT_ONCE:
            self._is_due = True
            asyncio.get_running_loop().call_later(GATHER if self._requests else 0.0, self._send_pending)

    def _send_pending(self) -> None:
        self._is_due = False
        while self._pending and len(self._requests) < AT_ONCE:
            if batch := self._take_batch():
                request = asyncio.create_task(self._ask_batch(batch, _now() + self._deadline))
                self._requests.add(request)
                request.add_done_callback(self._forget_request)
                for each in batch:
                    each.finding.add_done_callback(partial(_call_off, batch, request))

    def _forget_request(self, request: asyncio.Task[None]) -> None:
        self._requests.discard(request)
        self._schedule()

    def _take_batch(self) -> list[Pending]:
        """Return what goes into the next request: an image alone, texts together; who no longer waits is left out."""
        batch: list[Pending] = []
        characters = 0
        while self._pending and len(batch) < MOST_SAMPLES:
            following = self._pending[0]
            characters += len(following.sample.text)
            is_alone = following.sample.image or characters > MOST_CHARACTERS
            if batch and is_alone:
                break
            self._pending.popleft()
            if not following.finding.done():
                batch.append(following)
                if following.sample.image:
                    break
        return batch

    async def _ask_batch(self, batch: list[Pending], until: float) -> None:
        """Have a batch answered; one that is refused as it is gets split, until what is refused stands alone."""
        try:
            findings = await self._ask_until([each.sample for each in batch], until)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
            if _is_of_one(error, batch):
                middle = len(batch) // 2
                await self._ask_batch(batch[:middle], until)
                await self._ask_batch(batch[middle:], until)
            else:
                _settle_all(batch, error)
        else:
            for each, finding in zip(batch, findings, strict=True):
                self._clean.keep(each.sample, finding)
            _settle_all(batch, findings)

    async def _ask_until(self, samples: list[Sample], until: float) -> list[Finding]:
        """Ask until there is an answer; raise CheckFailed at the deadline, or at once while the breaker is open."""
        retries = RetryBudget(until, _now, first=PAUSE)
        while True:
            if not self._breaker.may_try():
                raise CheckFailed("left alone after several failures")
            try:
                return await self._ask_once(samples, until)
            except CheckFailed as error:
                if _is_of_one(error, samples) or self._breaker.is_open:
                    raise
                await retries.pause("moderation", error, error.retry_after)

    async def _ask_once(self, samples: list[Sample], until: float) -> list[Finding]:
        try:
            async with asyncio.timeout_at(until):
                findings = _one_each(await self._checker.findings(samples), samples)
        except (CheckFailed, TimeoutError) as error:
            if _is_of_one(error, samples):
                self._breaker.note_abandoned()
            else:
                self._breaker.note_failure()
            raise error if isinstance(error, CheckFailed) else CheckFailed("no answer in time") from None
        except BaseException:
            self._breaker.note_abandoned()
            raise
        self._breaker.note_success()
        return findings


class CleanFindings:
    """What was found clean lately, by a hash of it, so that a name, a question and its retry are not asked twice."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[float, Finding]] = OrderedDict()

    def recall(self, sample: Sample) -> Finding | None:
        """Return what was found in the same text or image within the last minutes, where that was nothing."""
        until, finding = self._kept.get(_hash_of(sample), (0.0, None))
        return finding if _now() < until else None

    def keep(self, sample: Sample, finding: Finding) -> None:
        """Remember a finding in which no category is named; scores stay with it, as thresholds differ by channel."""
        if finding.flagged or any(finding.categories.values()):
            return
        key = _hash_of(sample)
        self._kept[key] = (_now() + REMEMBERED_FOR, finding)
        self._kept.move_to_end(key)
        if len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)


def _hash_of(sample: Sample) -> bytes:
    return hashlib.blake2b(f"{sample.text}\0{sample.image}".encode(errors="replace"), digest_size=16).digest()


def _is_of_one(error: BaseException, batch: Sequence[object]) -> bool:
    """Whether a checker's refusal of several texts may be about one of them."""
    return isinstance(error, CheckFailed) and error.status in OF_THE_TEXTS and len(batch) > 1


def _one_each(findings: list[Finding], samples: Sequence[Sample]) -> list[Finding]:
    """Return the findings; raise CheckFailed where they are not one for each sample."""
    if len(findings) != len(samples):
        raise CheckFailed(f"{len(findings)} results for {len(samples)} texts", 200)
    return findings


def _settle_all(batch: Sequence[Pending], outcome: Sequence[Finding] | Exception) -> None:
    """Tell all who still wait."""
    for place, each in enumerate(batch):
        if each.finding.done():
            continue
        if isinstance(outcome, Exception):
            each.finding.set_exception(outcome)
        else:
            each.finding.set_result(outcome[place])


def _drop_future(finding: asyncio.Future[Finding]) -> None:
    """Wait no longer for a finding; an error in it was told by another of the same caller's."""
    if finding.done() and not finding.cancelled():
        finding.exception()
    finding.cancel()


def _call_off(batch: Sequence[Pending], request: asyncio.Task[None], _: asyncio.Future[Finding]) -> None:
    """End a request for which nobody waits any more."""
    if all(each.finding.cancelled() for each in batch):
        request.cancel()


def _now() -> float:
    return asyncio.get_running_loop().time()
