"""Edits of one workspace: never more than Slack takes in a minute, and each reply's last one set aside."""

from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bots.edit_rate import EditRate
from bots.slack.adapter import EDITS, EDITS_PER_SECOND
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import Setup, running
from tests.support.room import answers, ask

TIER_3 = 50  # calls a minute (Slack docs, rate limits)


@dataclass(slots=True)
class Clock:
    """A clock that is set by hand, in seconds."""

    now: float = 0.0
    spent: list[float] = field(default_factory=list)


@given(st.lists(st.tuples(st.sampled_from(["wait", "spend", "reserve"]), st.floats(0, 5)), max_size=300))
def test_no_minute_holds_more_edits_than_slack_takes(actions: list[tuple[str, float]]) -> None:
    """However the edits are spread."""
    clock = Clock()
    budget = EditRate(EDITS, EDITS_PER_SECOND, clock=lambda: clock.now)
    reserved = 0
    for action, seconds in actions:
        if action == "wait":
            clock.now += seconds
        elif action == "reserve":
            reserved += budget.reserve_edit()
        elif budget.spend_edit():
            clock.spent.append(clock.now)
    for begin in clock.spent:
        assert sum(begin <= at < begin + 60 for at in clock.spent) + reserved <= TIER_3


@given(st.integers(1, 40))
async def test_what_is_set_aside_is_there_when_it_is_needed(replies: int) -> None:
    """Replies that grow take everything but the last edits of all."""
    clock = Clock()
    budget = EditRate(EDITS, EDITS_PER_SECOND, clock=lambda: clock.now)
    growing = sum(budget.reserve_edit() for _ in range(replies))
    while budget.spend_edit():
        pass
    for _ in range(growing):
        await budget.spend_last_edit()  # with this clock, a wait would never end in time: none is needed
        budget.release_edit()


async def test_a_reply_that_finds_no_edit_left_had_better_come_whole() -> None:
    """Its last state would have to wait behind the others'."""
    clock = Clock()
    budget = EditRate(2.0, EDITS_PER_SECOND, clock=lambda: clock.now)
    assert [budget.reserve_edit() for _ in range(3)] == [True, True, False]
    budget.release_edit()
    assert budget.reserve_edit()


async def test_an_answer_that_grows_fast_spends_no_more_edits_than_there_are(sandbox: Sandbox, tmp_path: Path) -> None:
    """However short the time between two of them is set."""
    sandbox.model.script.append(Reply("word " * 120, tokens_per_second=60.0))
    async with running(sandbox, tmp_path / "confab.db", Setup(edit_interval=0.01)):
        thread = await ask(sandbox, "write")
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == [("word " * 120).strip()])
    edits = [call.at for call in sandbox.workspace.calls if call.method == "chat.update"]
    assert 5 < len(edits) <= EDITS + 1 + EDITS_PER_SECOND * (edits[-1] - edits[0])
