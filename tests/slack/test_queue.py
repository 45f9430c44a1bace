"""A conversation in which too much waits, when Slack delivers again what waits already."""

import asyncio
from pathlib import Path

from core.commands import FULL
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Setup, running
from tests.support.room import answered, answers, mention


async def test_a_redelivery_of_what_waits_uses_up_no_notice(sandbox: Sandbox, tmp_path: Path) -> None:
    """It is known before the queue is found full, so that the next new question is refused with a word."""
    hold = asyncio.Event()
    sandbox.model.script.append(Reply(pieces=("so far", " and whole"), hold=hold))
    async with running(sandbox, tmp_path / "confab.db", Setup(queue=2)):
        thread = await sandbox.workspace.say(GENERAL, mention("first"))
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["so far"])
        sandbox.workspace.faults.deliveries = 3
        await sandbox.workspace.say(GENERAL, mention("second"), thread_ts=thread)
        await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
        await sandbox.workspace.say(GENERAL, mention("third"), thread_ts=thread)
        await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
        hold.set()
        await answered(sandbox, thread, 3)
        assert [FULL in answer for answer in answers(sandbox, thread)].count(True) == 1
