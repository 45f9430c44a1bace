"""Replies in Slack: they grow as they are made, are whole in the end, ping nobody, and survive Slack's moods."""

import asyncio
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from core.policy import ChannelSettings, Policies
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.bot import GENERAL, Bot, Setup, running
from tests.support.database import column
from tests.support.room import answered, answers, ask, mention
from tests.unit.test_splitting import MARKDOWN

pytestmark = pytest.mark.usefixtures("bot")


def calls(sandbox: Sandbox, method: str) -> list[str]:
    """Return the outcome of every call of a method, in order."""
    return [call.outcome for call in sandbox.workspace.calls if call.method == method]


async def whole(sandbox: Sandbox, thread: str, text: str) -> None:
    """Wait until a thread's answer, all its parts joined, is `text` but for white space."""
    await sandbox.workspace.until(lambda: squeezed("".join(answers(sandbox, thread))) == squeezed(text))


def squeezed(text: str) -> str:
    """Return a text without its white space, which a cut may take away."""
    return "".join(text.split())


async def test_an_answer_that_comes_at_once_is_one_post_and_no_edit(sandbox: Sandbox) -> None:
    """Edits are for what takes time."""
    sandbox.model.script.append(Reply("Short."))
    await ask(sandbox, "hi")
    assert calls(sandbox, "chat.postMessage") == ["ok"]
    assert calls(sandbox, "chat.update") == []


async def test_an_answer_grows_while_it_is_made(sandbox: Sandbox) -> None:
    """The first words stand in the thread before the model has finished, and nothing that stood there goes back."""
    hold = asyncio.Event()
    words = tuple(f"word{n} " for n in range(40))
    sandbox.model.script.append(Reply(pieces=words, tokens_per_second=40.0, hold=hold, hold_after=30))
    thread = await sandbox.workspace.say(GENERAL, mention("tell me a lot"))
    seen: list[str] = []
    with sandbox.workspace.subscribe() as changes:
        await sandbox.workspace.until(lambda: "word29" in "".join(answers(sandbox, thread)))
        assert sandbox.model.requests[0].done_at is None
        hold.set()
        await whole(sandbox, thread, "".join(words))
        while not changes.empty():
            post = changes.get_nowait().post
            seen += [post.shown] if post and post.user == "U0CONFAB1" else []
    assert all(len(before) <= len(after) for before, after in pairwise(seen))
    assert len(answers(sandbox, thread)) == 1


async def test_a_channel_can_be_set_to_get_whole_answers(sandbox: Sandbox, bot: Bot, tmp_path: Path) -> None:
    """Streaming off: one post, once all of it is there."""
    await bot.slack.stop()
    policies = Policies(ChannelSettings(), {GENERAL: ChannelSettings(streaming=False)})
    async with running(sandbox, tmp_path / "other.db", Setup(policies=policies)):
        sandbox.model.script.append(Reply("one two three four five six", tokens_per_second=8.0))
        thread = await ask(sandbox, "slowly")
        assert answers(sandbox, thread) == ["one two three four five six"]
        assert calls(sandbox, "chat.update") == []


@pytest.mark.parametrize("live", [True, False])
async def test_an_answer_ends_with_the_messages_that_it_may_take(
    sandbox: Sandbox, bot: Bot, tmp_path: Path, live: bool
) -> None:
    """Its beginning stands, a sentence says that it ends there, its call is closed, and the next question is answered.

    What is kept of it for later prompts is what people saw of it.
    """
    await bot.slack.stop()
    policies = Policies(ChannelSettings(streaming=live))
    async with running(sandbox, tmp_path / "other.db", Setup(policies=policies, parts=2)):
        words = tuple(f"word{number} " for number in range(2_000))
        hold = asyncio.Event() if live else None  # an answer without an end
        sandbox.model.script += [Reply(pieces=words, hold=hold, hold_after=1_999), Reply("And this."), Reply("Last.")]
        thread = await sandbox.workspace.say(GENERAL, mention("tell me everything"))
        first, second, notice = await answered(sandbox, thread, 3)
        assert squeezed(first + second) == squeezed("".join(words))[: len(squeezed(first + second))]
        assert "takes more messages than it may" in notice
        await sandbox.model.until(lambda: sandbox.model.requests[0].done_at is not None)
        assert sandbox.model.requests[0].aborted == live
        await sandbox.workspace.say(GENERAL, mention("and?"), thread_ts=thread)
        assert (await answered(sandbox, thread, 4))[3] == "And this."
        kept = str(sandbox.model.requests[-1].body["messages"])
        assert "word900 " in kept
        assert "word1990" not in kept


async def test_a_link_cannot_pretend_to_lead_elsewhere(sandbox: Sandbox) -> None:
    """A label that looks like an address is not shown over another target."""
    sandbox.model.script.append(Reply("Log in at [https://bank.com](https://evil.example/bank) now."))
    thread = await ask(sandbox, "where?")
    assert "[https://bank.com](" not in answers(sandbox, thread)[0]
    assert "evil.example" in answers(sandbox, thread)[0]


async def test_many_replies_at_once_share_the_edits_and_all_end_whole(sandbox: Sandbox) -> None:
    """Sixteen answers grow at the same time; Slack refuses none of their edits, and every last one is made."""
    text = "a few words that come one after the other and then end here."
    sandbox.model.script.extend(Reply(text, tokens_per_second=10.0) for _ in range(16))
    rooms = ("C0GENERAL", "C0ENGINEERI", "C0RANDOM1", "C0BUDGET1") * 4
    threads = [(await sandbox.workspace.say(room, mention("hi")), room) for room in rooms]
    for place in threads:
        await sandbox.workspace.until(lambda p=place: answers(sandbox, *p) == [text], 60.0)  # type: ignore[misc]
    assert len(calls(sandbox, "chat.update")) >= 10
    assert set(calls(sandbox, "chat.update")) <= {"ok"}


async def test_a_part_that_slack_refuses_as_blocks_is_posted_as_text(sandbox: Sandbox) -> None:
    """The answer is never lost for its looks: Slack makes blocks of Markdown, and refuses more than 50."""
    rules = "\n\n".join(["---"] * 10 + [f"- item {n}" for n in range(200)])
    sandbox.model.script.append(Reply(rules))
    thread = await sandbox.workspace.say(GENERAL, mention("list them"))
    await sandbox.workspace.until(lambda: "item 199" in "".join(answers(sandbox, thread)))


async def test_a_channel_with_too_many_answers_at_once_holds_up_no_other(sandbox: Sandbox) -> None:
    """Slack takes about one post a second in each: those of a busy one follow each other, and are hardly refused."""
    busy = [await sandbox.workspace.say(GENERAL, mention(f"question {number}")) for number in range(12)]
    await sandbox.workspace.until(lambda: "ratelimited" in calls(sandbox, "chat.postMessage"))
    await ask(sandbox, "and here?", "C0RANDOM1")
    assert sum(len(answers(sandbox, thread)) for thread in busy) < 12
    await sandbox.workspace.until(lambda: all(answers(sandbox, thread) for thread in busy), 90.0)
    assert calls(sandbox, "chat.postMessage").count("ratelimited") < 14


async def test_a_slack_that_answers_nothing_for_long_gets_the_answer_once_it_does(sandbox: Sandbox) -> None:
    """Attempt after attempt, with the answer that the model made to the first."""
    sandbox.workspace.faults.server_error["chat.postMessage"] = 7
    sandbox.model.script.append(Reply("once"))
    thread = await sandbox.workspace.say(GENERAL, mention("hi"))
    await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["once"], 90.0)
    assert len(sandbox.model.requests) == 1


async def test_what_stands_twice_or_was_said_below_an_earlier_attempt_is_taken_away(
    sandbox: Sandbox, bot: Bot, tmp_path: Path
) -> None:
    """A post may come through after all, and a notice before a crash: the answer stands alone in the end."""
    sandbox.model.script.append(Reply(pieces=("so far", " and whole"), hold=asyncio.Event()))
    thread = await sandbox.workspace.say(GENERAL, mention("hi"))
    await answered(sandbox, thread)
    await bot.slack.stop()
    await bot.worker.stop(0.0)
    await bot.store.close()
    (turn,) = column(tmp_path / "confab.db", "SELECT id FROM turns")
    first = sandbox.workspace.thread(GENERAL, thread)[1]
    for mark in (turn, f"{turn}-notice"):
        told = {"event_type": "confab_part", "event_payload": {"turn": mark, "part": 0}}
        sandbox.workspace.publish(replace(first, ts=sandbox.workspace.stamp(), metadata=told))
    sandbox.model.script.append(Reply("whole"))
    async with running(sandbox, tmp_path / "confab.db"):
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["whole"])


async def test_who_waits_sees_that_an_answer_is_being_made(sandbox: Sandbox) -> None:
    """The status stands there until the first words do."""
    sandbox.model.script.append(Reply("There.", delay_first=1.5))
    with sandbox.workspace.subscribe() as changes:
        thread = await sandbox.workspace.say(GENERAL, mention("hard question"))
        await answered(sandbox, thread)
        kinds = []
        while not changes.empty():
            kinds.append(changes.get_nowait().kind)
    assert kinds.index("status") < len(kinds) - 1
    assert calls(sandbox, "assistant.threads.setStatus") == ["ok"]


async def test_a_status_that_comes_after_the_answer_is_taken_away(sandbox: Sandbox) -> None:
    """It was on its way when the model had done, and nothing else would clear it for two minutes."""
    sandbox.workspace.faults.slow["assistant.threads.setStatus"] = 1.0
    sandbox.model.script.append(Reply("There.", delay_first=0.5))
    with sandbox.workspace.subscribe() as changes:
        thread = await sandbox.workspace.say(GENERAL, mention("hard question"))
        await answered(sandbox, thread)
        await sandbox.workspace.until(lambda: calls(sandbox, "assistant.threads.setStatus") == ["ok", "ok"])
        told = []
        while not changes.empty():
            change = changes.get_nowait()
            told += [change.text] if change.kind == "status" else []
    assert told == ["is thinking…", ""]


@given(st.lists(MARKDOWN, min_size=1, max_size=60).map("\n\n".join), st.integers(0, 1))
@settings(  # each goes the whole way
    max_examples=settings().max_examples // 6, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
async def test_any_markdown_arrives_whole_in_parts_that_slack_takes(text: str, long: int) -> None:
    """Whatever a model writes, up to many thousand characters: no part is refused, no word is lost or displaced."""
    text = text * 20 if long else text
    with TemporaryDirectory() as folder:
        async with serve() as sandbox:
            sandbox.workspace.limits_on = False
            sandbox.model.delay_first, sandbox.model.tokens_per_second = 0.0, None
            async with running(sandbox, Path(folder) / "confab.db", Setup(parts=1_000)):
                sandbox.model.script.append(Reply(f"begin\n\n{text}\n\nend of it"))
                thread = await sandbox.workspace.say(GENERAL, mention("write"))
                await sandbox.workspace.until(lambda: "end of it" in "".join(answers(sandbox, thread)), 90.0)
                told, found = "".join(answers(sandbox, thread)), 0
                assert {*calls(sandbox, "chat.postMessage"), *calls(sandbox, "chat.update")} <= {"ok"}
    for word in re.findall(r"\w+", text):
        found = told.find(word, found)
        assert found >= 0
