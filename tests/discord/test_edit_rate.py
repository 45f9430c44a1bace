"""Edits of one channel in Discord: never more than it takes within five seconds."""

from hypothesis import given
from hypothesis import strategies as st

from bots.discord.adapter import EDITS, EDITS_PER_SECOND
from bots.edit_rate import EditRate

WINDOW, MOST = 5.0, 5  # seconds, and edits within them (discord-api-docs#20)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 3)), max_size=200))
def test_no_five_seconds_hold_more_than_five_edits(steps: list[tuple[bool, float]]) -> None:
    """However they are spread."""
    now = [0.0]
    budget = EditRate(EDITS, EDITS_PER_SECOND, clock=lambda: now[0])
    spent: list[float] = []
    for waits, seconds in steps:
        if waits:
            now[0] += seconds
        elif budget.spend_edit():
            spent.append(now[0])
    assert all(sum(begin <= each <= begin + WINDOW for each in spent) <= MOST for begin in spent)


async def test_a_reply_keeps_its_last_edit_to_itself() -> None:
    """Another that grows in the same channel cannot take it."""
    budget = EditRate(EDITS, EDITS_PER_SECOND, clock=lambda: 0.0)
    assert budget.reserve_edit()
    assert budget.spend_edit()
    assert not budget.spend_edit()
    await budget.spend_last_edit()
