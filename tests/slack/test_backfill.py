"""What was said in Slack while Confab did not hear, and Slack no longer sends: it is read, and answered once."""

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.slack.posts import Post
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Bot, running
from tests.support.database import change, column, locked, wait_for_column
from tests.support.room import answered, answers, ask, mention, prompt

MARK = "SELECT value FROM marks WHERE name LIKE 'slack/%'"
UNREADABLE: list[dict[str, Any]] = [{"ts": None}, {"ts": "soon"}, {"ts": 1e400}, {"ts": []}]
Place = tuple[str, str]  # a thread's root, and its channel


@pytest.fixture(autouse=True)
def nothing_is_sent_again(sandbox: Sandbox) -> None:
    """Let Slack give an event up at once, as it does after five minutes."""
    sandbox.workspace.courier.retry_waits = ()


async def nothing_happens(sandbox: Sandbox, calls: int) -> None:
    """Ask one thing more, in another channel, and see that the model was asked nothing else."""
    await ask(sandbox, "is that all?", "C0BUDGET1")
    await asyncio.sleep(0.3)  # what is read after a gap comes after its beginning
    assert len(sandbox.model.requests) == calls + 1


async def asked_before(sandbox: Sandbox, database: Path) -> str:
    """Let a bot answer one question and stop; return the thread."""
    async with running(sandbox, database) as bot:
        thread = await ask(sandbox, "hi")
        await bot.worker.stop(5.0)
    return thread


async def missed(sandbox: Sandbox, thread: str) -> list[Place]:
    """Say something everywhere; return where each is to be answered."""
    say, direct = sandbox.workspace.say, sandbox.workspace.direct("U0ADA1234")
    channel = await say(GENERAL, mention("in a channel that it knows"))
    await say(GENERAL, "not for the bot")
    await say(GENERAL, "in its thread", thread_ts=thread)
    await say(GENERAL, "and once more", thread_ts=thread)
    new = await say("C0RANDOM1", mention("in a channel that it does not know"), "U0GRACE12")
    root = await say("C0RANDOM1", "what do you think?")
    await say("C0RANDOM1", mention("and you?"), "U0GRACE12", root)
    first = await say(direct, "directly, for the first time")
    return [(channel, GENERAL), (thread, GENERAL), (new, "C0RANDOM1"), (root, "C0RANDOM1"), (first, direct)]


async def test_what_was_said_while_the_bot_was_down_is_answered_once(sandbox: Sandbox, tmp_path: Path) -> None:
    """Mentions, follow-ups in the order in which they were written, first direct messages; and nothing twice."""
    thread = await asked_before(sandbox, tmp_path / "s.db")
    places = await missed(sandbox, thread)
    numbers = (1, 3, 1, 1, 1)
    async with running(sandbox, tmp_path / "s.db") as bot:
        for (root, channel), number in zip(places, numbers, strict=True):
            await answered(sandbox, root, number, channel)
        await nothing_happens(sandbox, calls=7)
        await bot.worker.stop(5.0)
    async with running(sandbox, tmp_path / "s.db"):
        await nothing_happens(sandbox, calls=8)
    assert [len(answers(sandbox, *place)) for place in places] == list(numbers)
    asked = [prompt(request)[-1] for request in sandbox.model.requests]
    assert asked.index("in its thread") < asked.index("and once more")


async def test_without_the_scopes_to_know_its_channels_it_reads_those_that_it_remembers(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """An app that was installed with an earlier manifest loses little."""
    sandbox.workspace.scopes -= {"channels:read", "groups:read", "im:read", "mpim:read"}
    await asked_before(sandbox, tmp_path / "s.db")
    thread = await sandbox.workspace.say(GENERAL, mention("and now?"))
    async with running(sandbox, tmp_path / "s.db"):
        await answered(sandbox, thread)


async def test_nothing_older_than_the_first_start_is_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    """Who invites the bot does not want last week's mentions answered."""
    await sandbox.workspace.say(GENERAL, mention("before you came"))
    for number in range(2):
        async with running(sandbox, tmp_path / "s.db") as bot:
            await nothing_happens(sandbox, calls=number)
            await bot.worker.stop(5.0)


async def test_nothing_older_than_a_day_is_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    """Somebody else has answered it by then."""
    await asked_before(sandbox, tmp_path / "s.db")
    change(tmp_path / "s.db", "UPDATE marks SET value = '1'")
    then = time.time() - 100_000
    for age in (0, 90_000):
        ts = f"{then + age:.6f}"
        sandbox.workspace.publish(Post(ts, GENERAL, "U0ADA1234", mention(f"after {age} seconds")))
    async with running(sandbox, tmp_path / "s.db"):
        await nothing_happens(sandbox, calls=2)
    asked = [prompt(request)[-1] for request in sandbox.model.requests]
    assert "after 90000 seconds" in asked
    assert "after 0 seconds" not in asked


async def test_what_a_lost_socket_did_not_bring_is_read(sandbox: Sandbox, bot: Bot) -> None:
    """Once another has taken its place."""
    assert bot
    thread = await ask(sandbox, "hi")
    sandbox.workspace.faults.refuse_sockets = True
    await sandbox.workspace.disconnect("refresh_requested")
    await sandbox.workspace.until(lambda: sandbox.workspace.connected == 0)
    await sandbox.workspace.say(GENERAL, "still there?", thread_ts=thread)
    other = await sandbox.workspace.say(GENERAL, mention("and you?"))
    sandbox.workspace.faults.refuse_sockets = False
    await sandbox.workspace.until(lambda: len(answers(sandbox, thread)) == 2, 90.0)
    assert len(await answered(sandbox, other)) == 1


async def test_a_catch_up_that_slack_does_not_answer_is_made_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """The mark moves only when all of it was read: a bot that is stopped before reads it after its next start."""
    await asked_before(sandbox, tmp_path / "s.db")
    thread = await sandbox.workspace.say(GENERAL, mention("meanwhile"))
    broken = sandbox.workspace.faults.server_error
    broken["conversations.history"] = 1_000
    async with running(sandbox, tmp_path / "s.db"):
        async with asyncio.timeout(60):
            while broken["conversations.history"] == 1_000:  # noqa: ASYNC110 - a call that is not answered wakes nobody
                await asyncio.sleep(0.05)
    sandbox.workspace.faults.clear()
    async with running(sandbox, tmp_path / "s.db"):
        await answered(sandbox, thread)
        await nothing_happens(sandbox, calls=2)


async def test_what_could_not_be_stored_is_read_once_it_can(sandbox: Sandbox, bot: Bot, tmp_path: Path) -> None:
    """Nothing was acknowledged, and Slack has given it up: the bot knows that it missed something."""
    assert bot
    with locked(tmp_path / "confab.db"):
        thread = await sandbox.workspace.say(GENERAL, mention("is it safe?"))
        await sandbox.workspace.until(lambda: len(sandbox.workspace.courier.given_up) == 2, 90.0)
        await asyncio.sleep(3)  # SQLite waits for five seconds in all
    await sandbox.workspace.until(lambda: len(answers(sandbox, thread)) == 1, 90.0)
    await nothing_happens(sandbox, calls=1)


async def test_those_who_wait_longest_are_heard_first(sandbox: Sandbox, tmp_path: Path) -> None:
    """In whichever of the channels in which something was asked before."""
    async with running(sandbox, tmp_path / "s.db") as bot:
        before = [await ask(sandbox, "hi", channel) for channel in (GENERAL, "C0BUDGET1")]
        await bot.worker.stop(5.0)
    said = [await sandbox.workspace.say(channel, mention("me")) for channel in (GENERAL, "C0BUDGET1") * 3]
    async with running(sandbox, tmp_path / "s.db"):
        for number, ts in enumerate(said):
            await answered(sandbox, ts, 1, (GENERAL, "C0BUDGET1")[number % 2])
    assert column(tmp_path / "s.db", "SELECT message_id FROM turns ORDER BY seq") == [*before, *said]


async def test_threads_without_news_cost_no_call(sandbox: Sandbox, tmp_path: Path) -> None:
    """Their roots in the channel's history tell of their latest replies."""
    async with running(sandbox, tmp_path / "s.db") as bot:
        threads = [await ask(sandbox, f"question {number}") for number in range(4)]
        await bot.worker.stop(5.0)
    change(tmp_path / "s.db", "UPDATE marks SET value = ?", str(round(time.time() * 1_000_000)))
    await sandbox.workspace.say(GENERAL, "and then?", thread_ts=threads[2])
    before = Counter(call.method for call in sandbox.workspace.calls)
    async with running(sandbox, tmp_path / "s.db"):
        await answered(sandbox, threads[2], 2)
    made = Counter(call.method for call in sandbox.workspace.calls) - before
    assert made["conversations.replies"] == 1


async def test_catch_up_reads_past_what_cannot_be_read(sandbox: Sandbox, tmp_path: Path) -> None:
    """What was asked before and behind it is answered, the mark goes on, and such an event is listed as failed."""
    database, workspace = tmp_path / "s.db", sandbox.workspace
    thread = await asked_before(sandbox, database)
    change(database, "UPDATE marks SET value = value - 600000000 WHERE name LIKE 'slack/%'")
    (mark,) = column(database, MARK)
    await workspace.say(GENERAL, "before it", thread_ts=thread)
    for odd in UNREADABLE:
        await workspace.say_raw(GENERAL, odd)
        await workspace.say_raw(GENERAL, odd, thread_ts=thread)
    await workspace.say(GENERAL, "behind it", thread_ts=thread)
    async with running(sandbox, database):
        await answered(sandbox, thread, 3)
        await wait_for_column(database, MARK, lambda marks: marks != [mark])
        at = workspace.stamp()
        event = {"type": "message", "channel": GENERAL, "user": "U0ADA", "text": mention("odd"), "event_ts": at}
        for odd in UNREADABLE:
            await workspace.send_event({**event, **odd})
        failed = "SELECT message_id FROM turns WHERE error = 'Unreadable'"
        assert await wait_for_column(database, failed, bool) == [at]
        assert await ask(sandbox, "and now?")
