"""How long a refused call waits before it is tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retry import RetryBudget, pause_before, retry_after


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"llm_provider-retry-after": "4"}, 4.0),
        ({"retry-after": "soon", "llm_provider-retry-after": "4"}, 4.0),
        ({"llm_provider-retry-after-ms": "1500"}, 1.5),
        ({"x-retry-after": "4"}, 4.0),
        ({"retry-after": "3s"}, 3.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    """What cannot be read is as if it were not there."""
    assert retry_after(headers) == seconds


def test_retry_after_may_be_a_date_to_come() -> None:
    """An HTTP date has whole seconds."""
    seconds = retry_after({"retry-after": "Fri, 31 Dec 2100 23:59:59 GMT"})
    assert seconds is not None
    assert seconds > 1e9


@given(st.integers(0, 50), st.none() | st.floats(0, 100))
def test_a_pause_is_never_less_than_was_asked_nor_out_of_bounds(attempt: int, asked: float | None) -> None:
    """Jitter only adds."""
    budget = RetryBudget(until=1e6, now=lambda: 0.0)
    budget.retries = attempt
    wait = budget.next_pause(asked)
    assert wait is not None
    assert 0.5 <= wait <= 1.25 * max(4.0, asked or 0)
    assert wait >= (asked or 0)


def test_there_is_no_pause_that_would_end_after_the_deadline() -> None:
    """And what was not waited for counts for no try."""
    budget = RetryBudget(until=10.0, now=lambda: 8.0)
    assert budget.next_pause(3600.0) is None
    assert budget.next_pause(asked=1.0) is not None
    assert budget.retries == 1


def test_no_more_retries_are_made_than_were_allowed() -> None:
    """However much time is left."""
    budget = RetryBudget(until=1e6, now=lambda: 0.0, most=2, first=0.0)
    assert [budget.next_pause() is None for _ in range(4)] == [False, False, True, True]


@given(st.integers(0, 200), st.floats(0.01, 10), st.floats(0.01, 300))
def test_pauses_grow_up_to_the_longest_and_a_little_by_chance(retry: int, first: float, longest: float) -> None:
    """However often something is tried: no number grows out of bounds."""
    usual = min(first * 2.0**retry, longest)
    assert usual <= pause_before(retry, first, longest) <= 1.25 * usual


async def test_a_call_that_has_no_time_left_ends_with_its_own_error() -> None:
    """And waits no more, however long it was asked to."""
    budget = RetryBudget(until=10.0, now=lambda: 0.0, first=0.001)
    await budget.pause("call", ValueError("first"))
    with pytest.raises(ValueError, match="second"):
        await budget.pause("call", ValueError("second"), asked=3_600.0)
