"""However long a thread grows, and whatever the model's window, every message is answered, and what matters stays."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.errors import AnswerLimitTooLarge
from core.policy import ChannelSettings, Policies
from core.prompt.ask import SHORTENED
from core.prompt.build import FIRST, SUMMARY
from core.prompt.shorten import MIDDLE
from deploy.sandbox.openai.model import Fault, ModelRequest, Reply, refusal
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Bot, Setup, running
from tests.support.database import wait_for_column
from tests.support.room import answered, answers, ask, mention, prompt

NOTES = "They counted their messages, and agreed to ship on Friday."
PLAN = "the plan is what we said about it before " * 30
SMALL = Setup(policies=Policies(ChannelSettings(history_tokens=600)))


@pytest.fixture(autouse=True)
def unhurried(sandbox: Sandbox) -> None:
    """Lift Slack's rate limits, which are not what these tests are about."""
    sandbox.workspace.limits_on = False


def is_summary(request: ModelRequest) -> bool:
    """Whether a request asks for a summary, not for an answer."""
    return "minutes of a conversation" in request.messages[0]["content"]


def talk(body: dict[str, Any]) -> Reply:
    """Answer with a few words, or with a summary."""
    return Reply(NOTES) if "minutes" in body["messages"][0]["content"] else Reply("Noted, " + "and noted again, " * 10)


async def say(sandbox: Sandbox, thread: str, text: str, number: int) -> str:
    """Write into a thread, and return the bot's answer to it, its `number`th there."""
    ts = await sandbox.workspace.say(GENERAL, text, thread_ts=thread)
    await answered(sandbox, thread, number)
    return ts


async def test_a_small_window_that_nobody_told_of_is_learnt_from_one_error(sandbox: Sandbox, tmp_path: Path) -> None:
    """Forty long messages have forty answers, and one question at the most is asked twice, unseen."""
    sandbox.model.window = 2_500
    async with running(sandbox, tmp_path / "confab.db"):
        thread = await ask(sandbox, f"message 0: {PLAN}")
        for number in range(1, 40):
            await say(
                sandbox, thread, f"message {number}: " + "the plan is what we said of it before " * 30, number + 1
            )
    assert len(answers(sandbox, thread)) == 40
    assert not any("reference" in said for said in answers(sandbox, thread))
    assert sum(request.status != 200 for request in sandbox.model.requests) == 1
    asked = [request for request in sandbox.model.requests if not is_summary(request)]
    assert "message 39" in prompt(asked[-1])[-1]


def refusing_first(*, stream: bool, said: str) -> Callable[[dict[str, Any]], Reply | Fault]:
    """Return a model that refuses its first long prompt with these words, as a body or in mid-stream."""
    refused: list[int] = []

    def talk(body: dict[str, Any]) -> Reply | Fault:
        length = sum(len(message["content"]) for message in body["messages"])
        if refused or length < 3_000:
            return Reply("Noted.")
        refused.append(length)
        fault = {"error": {"message": said, "type": "BadRequestError"}}
        chunk = f"data: {json.dumps(fault)}\n\n"
        return Fault(200, chunk, media_type="text/event-stream") if stream else Fault(400, fault)

    return talk


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "said",
    [
        "prompt too long; exceeded max context length by 262 tokens",
        "invalid params, context window exceeds limit (2013)",
        "Trying to keep the first 6253 tokens when context the overflows. The model has a context length of only 1200",
        "Prompt exceeds max length",
    ],
)
async def test_an_overflow_in_any_words_ends_in_a_cut_and_an_answer(
    sandbox: Sandbox, tmp_path: Path, said: str, stream: bool
) -> None:
    """The thread goes on, and no other is cut by it that is shorter."""
    sandbox.model.talk = refusing_first(stream=stream, said=said)
    async with running(sandbox, tmp_path / "confab.db"):
        thread = await ask(sandbox, "begin " + PLAN)
        for number in range(1, 5):
            await say(sandbox, thread, f"message {number}: {PLAN}", number + 1)
        await ask(sandbox, "elsewhere: " + PLAN)
    assert answers(sandbox, thread) == ["Noted."] * 5
    assert sum(len(request.messages) for request in sandbox.model.requests[-1:]) == 2
    assert MIDDLE not in "".join(prompt(sandbox.model.requests[-1]))


@pytest.mark.parametrize("limit", [3_000, 4_000, 4_096])
async def test_a_limit_that_leaves_no_room_is_named(sandbox: Sandbox, tmp_path: Path, limit: int) -> None:
    """For the person, and with the hint for the operator."""
    sandbox.model.talk = lambda _: refusal(
        400,
        f"'max_tokens' or 'max_completion_tokens' is too large: {limit}. This model's maximum context length is 4096 "
        "tokens and your request has 900 input tokens",
    )
    async with running(sandbox, tmp_path / "confab.db", Setup(max_tokens=limit)):
        thread = await ask(sandbox, "hello?")
    assert AnswerLimitTooLarge.notice in answers(sandbox, thread)[0]
    assert "CONFAB_MAX_TOKENS" in AnswerLimitTooLarge.hint


async def test_a_message_longer_than_the_window_is_read_without_its_middle_and_the_person_is_told(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Its beginning and its end reach the model."""
    sandbox.model.window = 2_500
    async with running(sandbox, tmp_path / "confab.db"):
        thread = await ask(sandbox, "begin " + "word after word " * 2_000 + "the end")
        said = answers(sandbox, thread)[0]
        await say(sandbox, thread, "and now?", 2)
    told = prompt(sandbox.model.requests[1])[-1]
    assert told.startswith("begin")
    assert told.endswith("the end")
    assert MIDDLE in told
    assert said.endswith(SHORTENED)
    assert SHORTENED not in "".join(prompt(sandbox.model.requests[-1]))


async def test_what_was_cut_lives_on_in_a_summary_and_the_first_message_stays(sandbox: Sandbox, tmp_path: Path) -> None:
    """The summary is written beside the answers; prompts take it up when they are cut, and are stable in between."""
    sandbox.model.talk = talk
    async with running(sandbox, tmp_path / "confab.db", SMALL):
        thread = await ask(sandbox, "begin with the heron")
        for number in range(1, 30):
            await say(sandbox, thread, f"message {number} of the thread", number + 1)
        await say(sandbox, thread, mention("memory"), 31)
    asked = [request for request in sandbox.model.requests if not is_summary(request)]
    assert len(asked) == 30
    assert sum(is_summary(request) for request in sandbox.model.requests) in range(2, 6)
    assert prompt(asked[-1])[0] == f"{FIRST}\nada: begin with the heron\n\n{SUMMARY}\n{NOTES}"
    stable = sum(after.messages[: len(before.messages)] == before.messages for before, after in pairwise(asked))
    assert stable >= 24
    said = answers(sandbox, thread)[-1]
    assert "word for word" in said
    assert f"> {NOTES}" in said


async def test_a_summary_has_parameters_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    """The longest answer, its opening, its stops and further choices are for people's answers."""
    sandbox.model.talk = talk
    setup = replace(SMALL, max_tokens=40, opening="Well,", stop=("END",), n=2)
    async with running(sandbox, tmp_path / "confab.db", setup) as bot:
        await until_summarised(sandbox, bot, tmp_path)
    for request in sandbox.model.requests:
        own = {"max_tokens", "stop", "n"} & request.body.keys()
        assert own == (set() if is_summary(request) else {"max_tokens", "stop", "n"})
        assert (request.messages[-1]["role"] == "assistant") != is_summary(request)


async def test_a_summary_that_cannot_be_written_is_not_paid_with_every_turn(sandbox: Sandbox, tmp_path: Path) -> None:
    """It waits a while; one that only reached a limit is a summary."""
    sandbox.model.talk = lambda body: Reply() if "minutes" in body["messages"][0]["content"] else talk(body)
    async with running(sandbox, tmp_path / "confab.db", SMALL) as bot:
        thread = await ask(sandbox, "begin")
        for number in range(1, 14):
            await say(sandbox, thread, f"message {number}", number + 1)
        await settle(bot, tmp_path)
    assert sum(map(is_summary, sandbox.model.requests)) == 1


async def test_a_summary_that_reached_a_limit_is_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    """As far as it goes."""
    sandbox.model.talk = lambda body: (
        Reply(NOTES, finish="length") if "minutes" in body["messages"][0]["content"] else talk(body)
    )
    async with running(sandbox, tmp_path / "confab.db", SMALL) as bot:
        await until_summarised(sandbox, bot, tmp_path)


async def settle(bot: Bot, folder: Path) -> None:
    """Wait until every turn has ended, which is after its answer was seen, and the summary behind it is written."""
    await wait_for_column(
        folder / "confab.db", "SELECT count(*) FROM turns WHERE state = 'open'", lambda found: found == [0]
    )
    await bot.store.read_state("anything")  # what the store is asked comes in its order: the turn knows that it ended
    await bot.summaries.wait_until_settled()


async def until_summarised(sandbox: Sandbox, bot: Bot, folder: Path) -> str:
    """Hold a conversation until its prompts tell a summary; return the thread."""
    thread = await ask(sandbox, "begin with the heron")
    number = 1
    while SUMMARY not in prompt(next(each for each in reversed(sandbox.model.requests) if not is_summary(each)))[0]:
        number += 1
        await say(sandbox, thread, f"message {number} of the thread", number)
        await settle(bot, folder)
    return thread


async def test_a_deletion_reaches_the_summary(sandbox: Sandbox, tmp_path: Path) -> None:
    """What told of the deleted message is gone with the next prompt, and is written anew without it."""
    sandbox.model.talk = talk
    async with running(sandbox, tmp_path / "confab.db", SMALL) as bot:
        thread = await until_summarised(sandbox, bot, tmp_path)
        number = len(answers(sandbox, thread))
        await sandbox.workspace.delete(GENERAL, thread)
        await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
        written = sum(map(is_summary, sandbox.model.requests))
        await say(sandbox, thread, "what is left?", number + 1)
        await sandbox.model.until(lambda: sum(map(is_summary, sandbox.model.requests)) > written)
        await settle(bot, tmp_path)
        after_deletion = next(each for each in reversed(sandbox.model.requests) if not is_summary(each))
        await say(sandbox, thread, "and now?", number + 2)
    assert "heron" not in "".join(prompt(after_deletion))
    assert NOTES not in "".join(prompt(after_deletion))
    source = [request for request in sandbox.model.requests if is_summary(request)][-1].messages[1]["content"]
    assert "heron" not in source
    assert NOTES not in source
    assert NOTES in prompt(sandbox.model.requests[-1])[0]


async def test_reset_forgets_the_summary_too(sandbox: Sandbox, tmp_path: Path) -> None:
    """The next prompt holds the next question and nothing else."""
    sandbox.model.talk = talk
    async with running(sandbox, tmp_path / "confab.db", SMALL) as bot:
        thread = await until_summarised(sandbox, bot, tmp_path)
        number = len(answers(sandbox, thread))
        await say(sandbox, thread, mention("reset"), number + 1)
        await say(sandbox, thread, mention("memory"), number + 2)
        await say(sandbox, thread, "anybody there?", number + 3)
    assert answers(sandbox, thread)[number + 1] == "_I remember nothing of this conversation._"
    assert prompt(sandbox.model.requests[-1]) == ["anybody there?"]


async def test_a_summary_that_cannot_be_written_troubles_nobody(sandbox: Sandbox, tmp_path: Path) -> None:
    """Answers go on; it is only tried again."""
    sandbox.model.talk = lambda body: (
        Fault(400, "no") if "minutes" in body["messages"][0]["content"] else Reply("Noted. " * 40)
    )
    async with running(sandbox, tmp_path / "confab.db", SMALL):
        thread = await ask(sandbox, "begin")
        for number in range(1, 12):
            await say(sandbox, thread, f"message {number}", number + 1)
    assert not any("reference" in said for said in answers(sandbox, thread))
    assert any(request.status == 400 for request in sandbox.model.requests)
