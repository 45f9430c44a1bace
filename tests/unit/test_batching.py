"""Checks that share requests: who goes with whom, what is split, and who is harmed by whom, which is nobody."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.moderation import batching
from core.moderation.batching import MOST_CHARACTERS, MOST_SAMPLES, BatchingChecker
from core.moderation.errors import CheckFailed
from core.moderation.verdict import Finding, Sample

FAR = 60.0  # seconds


class Recording:
    """A checker that answers when it is let, and keeps what it was asked; `refuses` says what it will not read."""

    images = True

    def __init__(self, refuses: Callable[[Sequence[Sample]], CheckFailed | None] = lambda _: None) -> None:
        self.asked: list[list[str]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.called_off = asyncio.Event()
        self._came = asyncio.Event()
        self._refuses = refuses

    async def until(self, requests: int) -> None:
        """Wait until so many requests have come."""
        while len(self.asked) < requests:
            self._came.clear()
            await self._came.wait()

    async def findings(self, samples: list[Sample]) -> list[Finding]:
        """Flag what says `bad`."""
        self.asked.append([sample.text or sample.image for sample in samples])
        self._came.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.called_off.set()
            raise
        if error := self._refuses(samples):
            raise error
        return [Finding(flagged="bad" in sample.text) for sample in samples]


async def flags(checker: BatchingChecker, *texts: str) -> list[bool]:
    """Return of each text whether it is flagged."""
    return [found.flagged for found in await checker.findings([Sample(text) for text in texts])]


async def test_one_check_alone_is_asked_at_once_and_those_that_come_meanwhile_go_together() -> None:
    """Ten callers make two requests, and each hears of its own text."""
    recording = Recording()
    recording.open.clear()
    checker = BatchingChecker(recording, FAR)
    first = asyncio.create_task(flags(checker, "one"))
    await recording.until(1)
    others = [asyncio.create_task(flags(checker, f"bad {n}" if n % 2 else f"good {n}")) for n in range(9)]
    await recording.until(2)
    recording.open.set()
    assert await first == [False]
    assert [found for (found,) in await asyncio.gather(*others)] == [bool(n % 2) for n in range(9)]
    assert [len(asked) for asked in recording.asked] == [1, 9]


async def test_what_begins_in_the_same_moment_shares_the_first_request() -> None:
    """A question and its author's name, which are checked side by side."""
    recording = Recording()
    checker = BatchingChecker(recording, FAR)
    await asyncio.gather(flags(checker, "the question"), flags(checker, "the name"))
    assert recording.asked == [["the question", "the name"]]


async def test_a_request_is_bounded_in_texts_and_characters_and_an_image_goes_alone() -> None:
    """Whatever waits is cut into requests that any endpoint takes."""
    recording = Recording()
    checker = BatchingChecker(recording, FAR)
    long = "x" * (MOST_CHARACTERS // 2)
    samples = [*(Sample(f"{n}") for n in range(MOST_SAMPLES + 1)), *(Sample(f"{long}{n}") for n in range(3))]
    await checker.findings([*samples, Sample(image="data:1"), Sample(image="data:2")])
    assert all(len(asked) <= MOST_SAMPLES and sum(map(len, asked)) <= MOST_CHARACTERS for asked in recording.asked)
    assert ["data:1"] in recording.asked
    assert ["data:2"] in recording.asked
    assert [text for asked in recording.asked for text in asked] == [
        sample.text or sample.image for sample in samples
    ] + ["data:1", "data:2"]


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_refusal_of_several_texts_is_split_until_the_culprit_stands_alone(status: int) -> None:
    """Everybody else has a verdict; the one hears that there is none."""

    def refuse(samples: Sequence[Sample]) -> CheckFailed | None:
        return CheckFailed("no", status) if any("odd" in sample.text for sample in samples) else None

    checker = BatchingChecker(Recording(refuse), 0.1)
    answers = await asyncio.gather(*(flags(checker, text) for text in ("a", "bad", "odd", "b")), return_exceptions=True)
    assert answers[:2] == [[False], [True]]
    assert isinstance(answers[2], CheckFailed)
    assert answers[3] == [False]


async def test_a_checker_that_gives_one_result_for_several_texts_is_asked_text_by_text() -> None:
    """As a real emulator of OpenAI's API does: it is not taken for unreachable."""

    class OneResult(Recording):
        async def findings(self, samples: list[Sample]) -> list[Finding]:
            return (await super().findings(samples))[:1]

    assert await flags(BatchingChecker(OneResult(), FAR), "good", "bad", "fine") == [False, True, False]


async def test_who_is_called_off_harms_nobody_and_a_request_that_nobody_waits_for_ends() -> None:
    """One of two in a request goes: the other hears; the last one goes: the request is closed."""
    recording = Recording()
    recording.open.clear()
    checker = BatchingChecker(recording, FAR)
    gone, stays = (asyncio.create_task(flags(checker, text)) for text in ("gone", "bad"))
    await recording.until(1)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    recording.open.set()
    assert await stays == [True]
    recording.open.clear()
    last = asyncio.create_task(flags(checker, "last"))
    await recording.until(2)
    last.cancel()
    await asyncio.gather(last, return_exceptions=True)
    await recording.called_off.wait()


async def test_a_clean_text_is_asked_once_and_a_flagged_one_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was flagged may be judged otherwise the next time; what was clean is remembered for some minutes."""
    recording = Recording()
    checker = BatchingChecker(recording, FAR)
    for _ in range(2):
        assert await flags(checker, "good", "bad") == [False, True]
    assert recording.asked == [["good", "bad"], ["bad"]]
    later = asyncio.get_running_loop().time() + batching.REMEMBERED_FOR
    monkeypatch.setattr(batching, "_now", lambda: later)
    assert await flags(checker, "good") == [False]
    assert recording.asked[2:] == [["good"]]


async def test_forty_conversations_are_answered_under_a_limit_of_ten_requests_a_second() -> None:
    """Who shares a request needs fewer of them; what is refused for speed is asked again, for all that wait."""
    tokens = 10

    def limit(_: Sequence[Sample]) -> CheckFailed | None:
        nonlocal tokens
        tokens -= 1
        return CheckFailed("too fast", 429, 0.1) if tokens < 0 else None

    async def refill() -> None:
        nonlocal tokens
        while True:
            await asyncio.sleep(0.1)
            tokens = min(10, tokens + 1)

    checker = BatchingChecker(Recording(limit), FAR)
    refilling = asyncio.create_task(refill())
    texts = [[f"{kind} of {n}" for kind in ("question", "bad answer")] for n in range(40)]
    answers = await asyncio.gather(*(flags(checker, *pair) for pair in texts))
    refilling.cancel()
    assert answers == [[False, True]] * 40


async def test_an_error_that_nobody_foresaw_is_told_to_all_that_wait() -> None:
    """It is theirs to deal with; nobody waits for ever."""

    class Broken(Recording):
        async def findings(self, samples: list[Sample]) -> list[Finding]:
            raise ZeroDivisionError(len(samples))

    checker = BatchingChecker(Broken(), FAR)
    answers = await asyncio.gather(flags(checker, "a"), flags(checker, "b"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ZeroDivisionError] * 2


@given(st.lists(st.lists(st.sampled_from(["good", "bad", "odd", "x" * 20_000, ""]), max_size=5), max_size=12))
@settings(deadline=None)
def test_each_caller_hears_of_its_own_texts_whoever_else_asks(callers: list[list[str]]) -> None:
    """However the requests are put together and split."""

    def refuse(samples: Sequence[Sample]) -> CheckFailed | None:
        return CheckFailed("no", 400) if len(samples) > 1 and any("odd" in each.text for each in samples) else None

    async def ask_all() -> list[list[bool]]:
        checker = BatchingChecker(Recording(refuse), FAR)
        return await asyncio.gather(*(flags(checker, *texts) for texts in callers))

    assert asyncio.run(ask_all()) == [["bad" in text for text in texts] for texts in callers]
