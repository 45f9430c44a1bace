"""The model's window is set, told, or learnt, and a conversation's prompts are measured by its own last one."""

import statistics
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ContextOverflow
from core.llm.models import window_of
from core.prompt.context_window import REMEMBERED, UNKNOWN, ContextWindow
from core.prompt.tokens import by_vocabulary
from core.token_ratio import SAFE_START, TokenRatio


class Clock:
    """A clock that stands until it is moved on, in seconds."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_what_the_operator_says_goes_before_what_the_endpoint_tells_and_what_errors_teach() -> None:
    """The prompt that was refused is cut nevertheless."""
    window = ContextWindow(9_000)
    window.set_told_size(50_000)
    assert window.size == 9_000
    assert window.learn(ContextOverflow("", 5_000), 6_000) < 5_000
    assert window.size == 9_000


def test_an_unknown_window_is_told_or_learnt() -> None:
    """An error teaches a window that is less than what was told."""
    window = ContextWindow()
    assert window.size == UNKNOWN
    window.set_told_size(50_000)
    assert window.size == 50_000
    window.learn(ContextOverflow("", 8_192), 9_000)
    assert window.size == 8_192


def test_an_error_without_figures_teaches_no_more_than_that_so_many_tokens_are_too_many() -> None:
    """And that once a shorter one has passed; what is sent in place of that prompt is shorter by far at once."""
    window = ContextWindow()
    assert window.learn(ContextOverflow(), 40_000) == 24_000
    assert window.size == UNKNOWN
    window.note_too_many(40_000)
    assert window.size == 40_000
    window.note_too_many(300)
    assert window.size == 40_000


@pytest.mark.parametrize("figure", [262, 600, 2013, 7_999])
def test_a_window_is_never_less_than_what_has_passed(figure: int) -> None:
    """A figure that says so is another one: the error has none."""
    window = ContextWindow()
    window.note_passed(8_000)
    window.note_passed(20)
    assert window.learn(ContextOverflow("", figure), 10_000) == 6_000
    assert window.size == UNKNOWN
    window.note_too_many(5_000)
    assert window.size == 8_000


def test_what_was_learnt_is_forgotten_after_a_while() -> None:
    """As what has passed is: the server may have been started with another window."""
    clock = Clock()
    window = ContextWindow(clock=clock)
    window.note_passed(6_000)
    window.learn(ContextOverflow("", 8_000), 9_000)
    clock.now += REMEMBERED - 1
    assert window.size == 8_000
    clock.now += 2
    assert window.size == UNKNOWN
    window.learn(ContextOverflow("", 2_000), 3_000)
    assert window.size == 2_000


def test_a_limit_that_takes_most_of_the_window_leaves_no_room() -> None:
    """Only then is it the limit's fault that a prompt does not fit."""
    assert ContextWindow(answer=4_000).leaves_no_room(ContextOverflow("", 4_096))
    assert not ContextWindow(answer=400).leaves_no_room(ContextOverflow("", 4_096))
    assert not ContextWindow().leaves_no_room(ContextOverflow("", 4_096))
    assert ContextWindow(4_096, 4_000).leaves_no_room(ContextOverflow())


@given(st.integers(1, 2_000_000), st.none() | st.integers(1, 100_000))
def test_room_for_the_answer_is_left(size: int, answer: int | None) -> None:
    """All that was asked for, unless that were more than three quarters of the window."""
    window = ContextWindow(size, answer)
    assert window.prompt <= size - min(answer or 1, size * 3 // 4)
    assert window.prompt >= size * 0.2 - 1


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_gauge_knows_the_prompt_that_it_was_anchored_on(counted: int, reported: int, tokens: int) -> None:
    """And what it says would fit, fits by what it says."""
    gauge = TokenRatio().anchored_on(counted, reported)
    if gauge.counted:
        assert gauge.tokens(counted) == reported
    if tokens > gauge.tokens(0):
        assert gauge.tokens(gauge.counts(tokens)) <= tokens


def test_without_an_anchor_a_prompt_is_taken_for_longer_than_it_is() -> None:
    """Until the endpoint has reported once; nonsense that it reports changes nothing."""
    assert TokenRatio().tokens(1_000) == 1_000 * SAFE_START
    assert TokenRatio().anchored_on(1_000, 0) == TokenRatio()
    assert TokenRatio().anchored_on(1_000, 90_000) == TokenRatio()


VOICES = (
    "We should ship on Friday, once the last test has passed. Can somebody look at the login page before that?",
    "Wir liefern am Freitag aus, sobald der letzte Test durch ist. Kann jemand vorher die Anmeldeseite ansehen?",
    "def total(rows: list[Row]) -> int:\n    return sum(row.amount for row in rows if row.paid)  # cents",
    "Мы выпускаем в пятницу, как только пройдёт последний тест. Кто-нибудь посмотрит страницу входа?",
    "最后一个测试通过后 我们将在星期五发布。在那之前有人能看一下登录页面吗。",
)
OTHERS = ("llama3", "qwen3", "deepseek_v3", "mistral_v3", "glm4", "kimi_k2", "gemma3")


def test_anchored_on_its_last_turn_a_conversation_is_measured_to_a_few_percent() -> None:
    """Ours counts with one vocabulary; seven other models count with theirs, and add tokens that nobody sees."""
    ours, errors = by_vocabulary("o200k_base"), []
    for name, voice in product(OTHERS, VOICES):
        before, new, theirs = voice * 20, voice[: len(voice) // 2] * 3, by_vocabulary(name)
        gauge = TokenRatio().anchored_on(ours(before), theirs(before) + 35)
        real = theirs(before + new) + 35
        errors.append(abs(gauge.tokens(ours(before + new)) / real - 1))
    assert statistics.median(errors) < 0.01
    assert max(errors) < 0.05


@pytest.mark.parametrize(
    ("entry", "window"),
    [
        ({"max_model_len": 4096}, 4096),
        ({"context_length": 200_000, "top_provider": {"context_length": 131_072}}, 131_072),
        ({"context_window": 8192}, 8192),
        ({"max_context_length": 32_768, "loaded_context_length": 4096}, 4096),
        ({"meta": {"n_ctx_train": 131_072, "n_ctx": 8192}}, 8192),
        ({"owned_by": "openai"}, None),
        ({"context_length": "long", "top_provider": None}, None),
    ],
)
def test_a_window_is_read_from_the_fields_of_those_vendors_that_tell_it(
    entry: dict[str, object], window: int | None
) -> None:
    """Of the model that is asked, and no other."""
    listing = {"data": [{"id": "other"}, {"id": "m", **entry}]}
    assert window_of(listing, "m") == window
    assert window_of(listing, "gone") is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_listing_is_read_without_a_fault(listing: object) -> None:
    """Whatever stands there."""
    assert window_of(listing, "m") is None
    assert window_of({"data": [listing]}, "m") is None
