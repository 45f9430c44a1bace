"""What is shown of an answer while it is checked: nothing that stands in the own list, wherever it is cut."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.messages import ConversationKey
from core.model_events import Admitted, ModelEvent, Notice, Text
from core.moderation.access import AccessControl, AccessLists
from core.moderation.checkers import CheckerPool
from core.moderation.errors import AnswerRefused, CheckFailed, QuestionRefused
from core.moderation.log import ModerationLog, Subject
from core.moderation.moderation import Moderation
from core.moderation.settings import ModerationSettings
from core.moderation.stream import ModeratedStream, PromptTexts
from core.moderation.verdict import Finding, Sample
from core.moderation.words import WordList
from core.policy import ConversationSettings, Policies

ABOUT = Subject(ConversationKey("slack", "T1", "C1", "1.0"), "reference")
QUICK = ModerationSettings(first_window=0.0, later_window=0.0)


class Rows:
    """What Reports asks of a store: to keep rows."""

    async def save_moderation(self, row: tuple[object, ...]) -> None:
        """Keep none."""


class Phrases:
    """A checker that flags a phrase in what it is shown, as an endpoint does."""

    images = False

    def __init__(self, phrase: str, wait: asyncio.Event | None = None) -> None:
        self._phrase = phrase
        self._wait = wait
        self.seen: list[str] = []

    async def findings(self, samples: list[Sample]) -> list[Finding]:
        """Flag the phrase."""
        self.seen += [sample.text for sample in samples]
        if self._wait:
            await self._wait.wait()
        return [Finding(flagged=self._phrase in sample.text) for sample in samples]


def guard(
    words: WordList,
    checkers: Sequence[Phrases] = (),
    options: ModerationSettings = QUICK,
    policies: Policies | None = None,
) -> Moderation:
    """Return a guard over the own list and checkers."""
    reports = ModerationLog(Rows(), {}, AccessControl(AccessLists()), {})  # type: ignore[arg-type]  # one method of it is used
    return Moderation(
        CheckerPool(words, checkers), reports, AccessControl(AccessLists()), options, policies or Policies()
    )


async def spoken(pieces: Sequence[str]) -> AsyncGenerator[ModelEvent, None]:
    """Say pieces one by one, with time for everything else between them."""
    for piece in pieces:
        yield Text(piece)
        for _ in range(6):
            await asyncio.sleep(0)


async def states(release: ModeratedStream, pieces: Sequence[str]) -> tuple[list[str], bool]:
    """Return what was visible, state by state, and whether the answer was refused in the end."""
    text, seen = "", [""]
    try:
        async for event in release.release_events(spoken(pieces)):
            if isinstance(event, Text):
                text += event.text
                seen.append(text)
    except AnswerRefused:
        return seen, True
    return seen, False


def cut(text: str, places: Sequence[int]) -> list[str]:
    """Return a text in pieces, cut at places."""
    ends = sorted({place for place in places if 0 < place < len(text)})
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


asking = PromptTexts("hello", "Ada")
LISTED = ("Bad Thing", "bád\u200b thing", "PRJ-1234")
FILL = st.text("ab .\n", max_size=40)


@settings(max_examples=150)
@given(
    FILL,
    FILL,
    st.lists(st.integers(0, 100), max_size=30),
    st.sampled_from(["Bad Thing", "bád\u200b thing", "PRJ-1234"]),
)
def test_nothing_of_a_listed_phrase_is_ever_visible(before: str, behind: str, cuts: list[int], phrase: str) -> None:
    """At every offset, over every cut; what stood before it may have been seen."""
    answer = f"{before} {phrase} {behind}"
    words = WordList(["bad thing"], [r"prj-\d{4}"])
    seen, refused = asyncio.run(states(ModeratedStream(guard(words), ABOUT, asking), cut(answer, cuts)))
    assert refused
    assert all(len(state) <= len(before) + 1 and answer.startswith(state) for state in seen)


@settings(max_examples=100)
@given(FILL, FILL, st.lists(st.integers(0, 100), max_size=30))
def test_what_an_endpoint_flags_is_never_visible_whole(before: str, behind: str, cuts: list[int]) -> None:
    """A window is checked together with what came before it, so that a phrase over its border is found."""
    answer = f"{before} one bad thing {behind}"
    seen, refused = asyncio.run(
        states(ModeratedStream(guard(WordList(), [Phrases("one bad thing")]), ABOUT, asking), cut(answer, cuts))
    )
    assert refused
    assert not any("one bad thing" in state for state in seen)


@settings(max_examples=100)
@given(st.text(max_size=200), st.lists(st.integers(0, 200), max_size=30))
def test_what_is_clean_is_shown_whole_and_in_order(answer: str, cuts: list[int]) -> None:
    """Nothing is lost, doubled or changed."""
    words = WordList(["a phrase that is not there"])
    seen, refused = asyncio.run(
        states(
            ModeratedStream(guard(words, [Phrases("\0never\0")]), ABOUT, asking), cut(answer, cuts) if answer else []
        )
    )
    assert not refused
    assert seen[-1] == answer


def test_a_pattern_of_any_length_has_the_whole_answer_held() -> None:
    """Nothing is visible before the end."""
    words = WordList(patterns=["secret.*end"])
    assert words.hold is None
    seen, refused = asyncio.run(
        states(ModeratedStream(guard(words), ABOUT, asking), ["the secret ", "is. ", "The end. ", "x"])
    )
    assert (seen, refused) == ([""], True)


def test_the_strict_mode_shows_nothing_before_all_of_it_is_checked() -> None:
    """And then all at once."""
    strict = Policies(ConversationSettings(strict=True))
    release = ModeratedStream(guard(WordList(), [Phrases("never")], policies=strict), ABOUT, asking)
    assert asyncio.run(states(release, ["One. ", "Two. ", "Three."])) == (["", "One. Two. Three."], False)


async def test_nothing_is_visible_before_the_question_is_clean() -> None:
    """However long the check takes; what the model says meanwhile is read."""
    verdict, all_said = asyncio.Event(), asyncio.Event()
    release = ModeratedStream(
        guard(WordList(), [Phrases("never", verdict)], ModerationSettings(output=False)), ABOUT, asking
    )

    async def chat() -> AsyncGenerator[ModelEvent, None]:
        yield Text("All is well.")
        all_said.set()

    events = release.release_events(chat())
    first = asyncio.ensure_future(anext(events))
    await all_said.wait()
    assert not first.done()
    verdict.set()
    assert isinstance(await first, Admitted)
    assert [event async for event in events] == [Text("All is well.")]


async def test_a_flag_closes_the_models_stream() -> None:
    """Before the refusal is told."""
    closed = False

    async def chat() -> AsyncGenerator[ModelEvent, None]:
        nonlocal closed
        try:
            yield Text("never seen")
            await asyncio.Event().wait()
        finally:
            closed = True

    with pytest.raises(QuestionRefused):
        await anext(ModeratedStream(guard(WordList(), [Phrases("hello")]), ABOUT, asking).release_events(chat()))
    assert closed


async def test_a_file_is_checked_before_the_model_is_asked() -> None:
    """And the asker's own words beside it."""
    asked = False

    async def chat() -> AsyncGenerator[ModelEvent, None]:
        nonlocal asked
        asked = True
        yield Text("never seen")

    with pytest.raises(QuestionRefused):
        await anext(
            ModeratedStream(
                guard(WordList(), [Phrases("bad")]), ABOUT, PromptTexts("hi", "Ada", (), ("bad",))
            ).release_events(chat())
        )
    assert not asked


class Broken:
    """A checker that fails until it is mended."""

    images = False

    def __init__(self) -> None:
        self.mended = False

    async def findings(self, samples: list[Sample]) -> list[Finding]:
        """Fail, or find nothing."""
        if not self.mended:
            raise CheckFailed("out of order", retry_after=60.0)
        return [Finding() for _ in samples]


async def test_a_person_is_told_once_that_a_check_has_to_wait_and_then_reads_the_answer() -> None:
    """Closed is the default."""
    broken = Broken()
    stream = ModeratedStream(guard(WordList(), [broken]), ABOUT, asking)  # type: ignore[list-item]  # another checker
    events: AsyncIterator[ModelEvent] = stream.release_events(spoken(["Well."]))
    assert isinstance(await anext(events), Notice)
    broken.mended = True
    rest = [event async for event in events]
    assert [type(event) for event in rest] == [Admitted, Text]


SCORES: Mapping[str, float] = {"violence": 0.6, "hate": 0.2}


@pytest.mark.parametrize(
    ("thresholds", "found"),
    [
        ({}, ("violence",)),
        ({"violence": 0.8}, ()),
        ({"hate": 0.1, "violence": 0.8}, ("hate",)),
        ({"gone": 0.1}, ("violence",)),
    ],
)
def test_a_threshold_decides_by_the_score_and_the_endpoint_where_there_is_none(
    thresholds: Mapping[str, float], found: tuple[str, ...]
) -> None:
    """A category that the endpoint does not know changes nothing."""
    finding = Finding(flagged=True, categories={"violence": True, "hate": False}, scores=SCORES)
    assert finding.verdict_by(thresholds).categories == found
