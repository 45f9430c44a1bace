"""Replies in Slack: they grow as they are made, are whole in the end, ping nobody, and survive Slack's moods."""

import asyncio
import re
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.policy import Policies, Policy
from deploy.sandbox.model import Reply
from deploy.sandbox.server import Sandbox, serve
from tests.bot import GENERAL, Bot, Setup, running
from tests.room import answered, answers, ask, mention
from tests.test_splitting import MARKDOWN

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
            seen += [post.shown] if post and post.user == "U0CONFAB" else []
    assert all(len(before) <= len(after) for before, after in pairwise(seen))
    assert len(answers(sandbox, thread)) == 1


async def test_a_channel_can_be_set_to_get_whole_answers(sandbox: Sandbox, bot: Bot, tmp_path: Path) -> None:
    """Streaming off: one post, once all of it is there."""
    await bot.slack.stop()
    policies = Policies(Policy(), {GENERAL: Policy(streaming=False)})
    async with running(sandbox, tmp_path / "other.db", Setup(policies=policies)):
        sandbox.model.script.append(Reply("one two three four five six", tokens_per_second=8.0))
        thread = await ask(sandbox, "slowly")
        assert answers(sandbox, thread) == ["one two three four five six"]
        assert calls(sandbox, "chat.update") == []


LONG = "\n\n".join(
    [
        "# A long answer",
        "Word after word. " * 300,
        "```python\n" + "\n".join(f"print({n})  # a line of code" for n in range(150)) + "\n```",
        "| name | value |\n|---|---|\n" + "\n".join(f"| row {n} | {n * n} |" for n in range(60)),
        "x" * 9_000,
        "The end.",
    ]
)


@pytest.mark.parametrize("pace", [None, 20_000.0])
async def test_a_long_answer_arrives_whole_in_several_messages_in_order(sandbox: Sandbox, pace: float | None) -> None:
    """Fifteen thousand characters and more, with a fence, a table and an endless line: nothing is lost or refused."""
    assert len(LONG) > 15_000
    sandbox.model.script.append(Reply(LONG, tokens_per_second=pace))
    thread = await sandbox.workspace.say(GENERAL, mention("tell me all"))
    await sandbox.workspace.until(lambda: "The end." in "".join(answers(sandbox, thread)), 20.0)
    parts = answers(sandbox, thread)
    assert len(parts) > 3
    assert set(calls(sandbox, "chat.update")) <= {"ok"}
    assert set(calls(sandbox, "chat.postMessage")) <= {"ok", "ratelimited"}
    for part in parts:
        assert part.count("```") % 2 == 0
    told = squeezed("".join(parts))
    for number in range(150):
        assert f"print({number})#alineofcode" in told
    for number in range(60):
        assert f"|row{number}|{number * number}|" in told
    assert told.count("x" * 50) >= 9_000 // 50 - 5
    assert told.index("Alonganswer") < told.index("print(0)") < told.index("row0") < told.index("Theend.")


@pytest.mark.parametrize(
    "evil",
    ["<!channel>", "<!here>", "<!everyone>", "<!here|here>", "<!subteam^S0TEAM>", "<@U0GRACE>", "<@U0GRACE|you>"],
)
@pytest.mark.parametrize("pace", [None, 30.0])
async def test_a_model_cannot_ping_anybody(sandbox: Sandbox, evil: str, pace: float | None) -> None:
    """Not when it is posted, not when it is edited, and not when it is split over two pieces of the stream."""
    pieces = ("Hello ", evil[:3], evil[3:], " and again ", *evil, " there.")
    sandbox.model.script.append(Reply(pieces=pieces, tokens_per_second=pace))
    with sandbox.workspace.subscribe() as changes:
        thread = await sandbox.workspace.say(GENERAL, mention("ping them"))
        await sandbox.workspace.until(lambda: "there." in "".join(answers(sandbox, thread)))
        while not changes.empty():
            post = changes.get_nowait().post
            assert post is None or post.user != "U0CONFAB" or post.pings == []


async def test_a_link_cannot_pretend_to_lead_elsewhere(sandbox: Sandbox) -> None:
    """A label that looks like an address is not shown over another target."""
    sandbox.model.script.append(Reply("Log in at [https://bank.com](https://evil.example/bank) now."))
    thread = await ask(sandbox, "where?")
    assert "[https://bank.com](" not in answers(sandbox, thread)[0]
    assert "evil.example" in answers(sandbox, thread)[0]


async def test_a_rate_limit_holds_up_its_own_method_alone(sandbox: Sandbox) -> None:
    """While edits have to wait, other questions are answered; in the end the last edit is there too."""
    sandbox.workspace.faults.rate_limited["chat.update"] = time.monotonic() + 1.5
    sandbox.model.script.extend(
        [Reply("one two three four five six seven eight", tokens_per_second=10.0), Reply("quick")]
    )
    slow = await sandbox.workspace.say(GENERAL, mention("slowly"))
    await answered(sandbox, slow)
    await ask(sandbox, "quickly")
    assert answers(sandbox, slow) != ["one two three four five six seven eight"]
    await whole(sandbox, slow, "one two three four five six seven eight")
    assert "ratelimited" in calls(sandbox, "chat.update")


async def test_a_rate_limited_post_is_posted_once_it_may_be(sandbox: Sandbox) -> None:
    """The answer waits as long as Slack says, and comes once."""
    sandbox.workspace.faults.rate_limited["chat.postMessage"] = time.monotonic() + 0.8
    thread = await ask(sandbox, "hi")
    assert len(answers(sandbox, thread)) == 1
    assert calls(sandbox, "chat.postMessage") == ["ratelimited", "ok"]


async def test_many_replies_at_once_share_the_edits_and_all_end_whole(sandbox: Sandbox) -> None:
    """Sixteen answers grow at the same time; Slack refuses none of their edits, and every last one is made."""
    text = "a few words that come one after the other and then end here."
    sandbox.model.script.extend(Reply(text, tokens_per_second=10.0) for _ in range(16))
    rooms = ("C0GENERAL", "C0ENGINEERING", "C0RANDOM", "C0BUDGET") * 4
    threads = [(await sandbox.workspace.say(room, mention("hi")), room) for room in rooms]
    for place in threads:
        await sandbox.workspace.until(lambda p=place: answers(sandbox, *p) == [text], 60.0)  # type: ignore[misc]
    assert len(calls(sandbox, "chat.update")) >= 10
    assert set(calls(sandbox, "chat.update")) <= {"ok"}


@pytest.mark.parametrize("fault", ["dropped_reply", "reset", "server_error"])
async def test_a_post_whose_answer_was_lost_is_not_made_twice(sandbox: Sandbox, bot: Bot, fault: str) -> None:
    """It is looked for in the thread before it is tried again."""
    getattr(sandbox.workspace.faults, fault)["chat.postMessage"] = 1
    sandbox.model.script.append(Reply("Once."))
    thread = await ask(sandbox, "hi")
    await bot.inbox.stop(10.0)
    assert answers(sandbox, thread) == ["Once."]


@pytest.mark.parametrize("fault", ["dropped_reply", "reset", "server_error"])
async def test_an_edit_that_broke_is_made_again(sandbox: Sandbox, fault: str) -> None:
    """The last state is right whatever happened on the way."""
    getattr(sandbox.workspace.faults, fault)["chat.update"] = 2
    sandbox.model.script.append(Reply("one two three four five six", tokens_per_second=8.0))
    thread = await sandbox.workspace.say(GENERAL, mention("slowly"))
    await whole(sandbox, thread, "one two three four five six")


async def test_a_part_that_slack_refuses_as_blocks_is_posted_as_text(sandbox: Sandbox) -> None:
    """The answer is never lost for its looks: Slack makes blocks of Markdown, and refuses more than 50."""
    rules = "\n\n".join(["---"] * 10 + [f"- item {n}" for n in range(200)])
    sandbox.model.script.append(Reply(rules))
    thread = await sandbox.workspace.say(GENERAL, mention("list them"))
    await sandbox.workspace.until(lambda: "item 199" in "".join(answers(sandbox, thread)))


async def test_an_answer_that_somebody_deletes_meanwhile_is_not_put_back(sandbox: Sandbox) -> None:
    """Whoever takes it away means it; the thread goes on."""
    hold = asyncio.Event()
    sandbox.model.script.append(Reply(pieces=("so far", " and more"), hold=hold))
    thread = await sandbox.workspace.say(GENERAL, mention("hi"))
    await answered(sandbox, thread)
    mine = sandbox.workspace.thread(GENERAL, thread)[1]
    await sandbox.workspace.delete(GENERAL, mine.ts)
    hold.set()
    await sandbox.model.until(lambda: sandbox.model.requests[0].done_at)
    await sandbox.workspace.say(GENERAL, "still there?", thread_ts=thread)
    await answered(sandbox, thread)
    assert "so far" not in "".join(answers(sandbox, thread))


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


@given(st.lists(MARKDOWN, min_size=1, max_size=60).map("\n\n".join), st.integers(0, 1))
@settings(max_examples=25)
async def test_any_markdown_arrives_whole_in_parts_that_slack_takes(text: str, long: int) -> None:
    """Whatever a model writes, up to many thousand characters: no part is refused, no word is lost or displaced."""
    text = text * 20 if long else text
    with TemporaryDirectory() as folder:
        async with serve() as sandbox:
            sandbox.workspace.limits_on = False
            sandbox.model.delay_first, sandbox.model.tokens_per_second = 0.0, None
            async with running(sandbox, Path(folder) / "confab.db"):
                sandbox.model.script.append(Reply(f"begin\n\n{text}\n\nend of it"))
                thread = await sandbox.workspace.say(GENERAL, mention("write"))
                await sandbox.workspace.until(lambda: "end of it" in "".join(answers(sandbox, thread)), 30.0)
                told, found = "".join(answers(sandbox, thread)), 0
                assert {*calls(sandbox, "chat.postMessage"), *calls(sandbox, "chat.update")} <= {"ok"}
    for word in re.findall(r"\w+", text):
        found = told.find(word, found)
        assert found >= 0
