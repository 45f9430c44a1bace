"""Edits of one channel in Discord: never more than it takes within five seconds."""

import time
from functools import partial
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bots.discord.adapter import EDITS, EDITS_PER_SECOND
from bots.edit_rate import EditRate
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.discord_bot import DiscordSetup, running
from tests.support.discord_room import answers, posts

ADA = "1200000000000000001"
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


def stands(sandbox: Sandbox, room: str, text: str) -> bool:
    """Whether an answer is there."""
    return text in answers(sandbox, room)


async def test_answers_that_grow_fast_spend_no_more_edits_than_there_are(sandbox: Sandbox, tmp_path: Path) -> None:
    """Those of one place together, each with its last; nothing else holds them back here."""
    sandbox.guild.limits_on = False
    direct = sandbox.guild.direct(ADA)
    async with running(sandbox, tmp_path / "discord.db", DiscordSetup(edit_interval=0.01)):
        begun = time.monotonic()
        for number in range(1, 8):
            sandbox.model.script.append(Reply(f"{number} " * 12, tokens_per_second=90.0))
            await sandbox.guild.say(direct, "write", ADA)
            await sandbox.guild.until(partial(stands, sandbox, direct, (f"{number} " * 12).strip()))
        elapsed = time.monotonic() - begun
    edits = sum(post.edits for post in posts(sandbox, direct))
    assert 1 <= edits <= EDITS + EDITS_PER_SECOND * elapsed
