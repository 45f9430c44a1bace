"""What does not answer is left alone for a while, and tried by one at a time."""

from core.moderation.breaker import FAILURES, Breaker

LONG, NONE = 3_600.0, 0.0  # seconds: a pause that no test outlasts, and one that is over at once


def opened(*pauses: float) -> Breaker:
    """Return a breaker after as many failures in a row as it bears."""
    breaker = Breaker(pauses)
    for _ in range(FAILURES):
        assert breaker.may_try()
        breaker.note_failure()
    return breaker


async def test_after_failures_in_a_row_it_is_left_alone() -> None:
    """A success in between begins the count anew."""
    assert not opened(LONG).may_try()
    breaker = Breaker((LONG,))
    for _ in range(FAILURES):
        breaker.note_failure()
        breaker.note_success()
    assert breaker.may_try()
    assert not breaker.is_open


async def test_once_the_pause_is_over_one_tries_at_a_time() -> None:
    """A success lets everybody in again."""
    breaker = opened(NONE)
    assert [breaker.may_try() for _ in range(3)] == [True, False, False]
    breaker.note_success()
    assert [breaker.may_try() for _ in range(3)] == [True, True, True]


async def test_who_was_called_off_while_trying_leaves_the_try_to_the_next() -> None:
    """Otherwise nobody would ever ask again."""
    breaker = opened(NONE)
    assert breaker.may_try()
    breaker.note_abandoned()
    assert breaker.may_try()


async def test_the_pauses_grow_with_the_failures_up_to_the_longest() -> None:
    """However often it fails after that."""
    breaker = opened(NONE, LONG)
    assert breaker.may_try()
    for _ in range(5):
        breaker.note_failure()
        assert not breaker.may_try()
