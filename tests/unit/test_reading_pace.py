"""A server that is slow to read prompts is waited for as long as its own pace says, and people are told so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import errors
from core.llm.client import OpenAI
from core.llm.reading_pace import KEPT, REMEMBERED, ReadingPace, reading_notice
from core.messages import PromptMessage
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.asking import ASKED, Asking, stand_in
from tests.support.bot import GENERAL, Setup, running
from tests.support.moderated import Moderated
from tests.support.room import answers, ask

LONG = [PromptMessage("user", "word " * 2_000)]
SHORT = [PromptMessage("user", "word " * 240)]


@pytest.fixture
async def asking() -> AsyncIterator[Asking]:
    """Return a client and the stand-in that it asks."""
    async with stand_in() as asking:
        yield asking


def read_slowly(body: dict[str, Any]) -> Reply:
    """Answer after a time that is as long as the prompt."""
    length = sum(len(message["content"]) for message in body["messages"])
    return Reply("Yes.", delay_first=length / 8_000)


async def said(client: OpenAI, prompt: list[PromptMessage]) -> str:
    """Return the answer, once the endpoint is waited for long enough: a machine may be slower than it should be."""
    while True:
        with suppress(errors.ModelSilent):
            return await client.fetch_answer(prompt, ASKED)


async def test_a_long_prompt_is_waited_for_as_long_as_shorter_ones_took(asking: Asking) -> None:
    """More than a second here, with half a second allowed where nothing is known."""
    asking.model.talk = read_slowly
    client = asking.client(first_token_timeout=0.5)
    assert await said(client, SHORT) == "Yes."
    assert await client.fetch_answer(LONG, ASKED) == "Yes."


async def test_what_an_endpoint_did_not_read_in_its_time_tells_how_slow_it_is(asking: Asking) -> None:
    """One that never was slow is given up in the time that is set, and given more when it is asked again."""
    client = asking.client(first_token_timeout=0.8)
    assert await said(client, SHORT)
    asking.model.talk = lambda _: Reply("Yes.", delay_first=1.1)
    with pytest.raises(errors.ModelSilent):
        await client.fetch_answer(LONG, ASKED)
    assert await said(client, LONG) == "Yes."


@pytest.mark.parametrize("moderation", [None, Moderated()])
async def test_a_person_reads_that_the_bot_is_reading_until_it_answers(
    sandbox: Sandbox, tmp_path: Path, moderation: Moderated | None
) -> None:
    """Whether or not the answer is checked; nothing of it is left in the end."""
    sandbox.model.script += [Reply("Short.", delay_first=0.5)]
    async with running(sandbox, tmp_path / "confab.db", Setup(first_token_timeout=4.0, moderation=moderation)):
        thread, hold = await ask(sandbox, "short"), asyncio.Event()
        sandbox.model.talk = lambda _: Reply(pieces=("Yes", "."), hold=hold, hold_after=0)
        await sandbox.workspace.say(GENERAL, "word " * 7_000, thread_ts=thread)
        await sandbox.workspace.until(lambda: "I am reading all of this" in answers(sandbox, thread)[-1])
        hold.set()
        await sandbox.workspace.until(lambda: answers(sandbox, thread)[-1] == "Yes.")
        assert len(answers(sandbox, thread)) == 2


def test_what_was_measured_is_the_middle_of_the_newest_and_is_forgotten() -> None:
    """A long prompt that is read at once forgets it, too; a short one does not."""
    now = 0.0
    pace = ReadingPace(30.0, lambda: now)
    for seconds in (5.0, 10.0, 1_000.0):
        pace.note_read(1_000, seconds)
    assert pace.expected_seconds(5_000) == 50.0
    pace.note_read(100, 0.5)
    assert pace.expected_seconds(5_000) == 50.0
    now = REMEMBERED
    assert pace.expected_seconds(5_000) == 0.0
    pace.note_read(1_000, 10.0)
    pace.note_read(9_000, 0.5)
    assert pace.expected_seconds(5_000) == 0.0


@given(st.lists(st.tuples(st.floats(0, 1e7), st.floats(0, 1e5)), max_size=3 * KEPT), st.floats(0, 1e7))
def test_any_measurements_give_a_time(seen: list[tuple[float, float]], characters: float) -> None:
    """And a sentence that fits it."""
    pace = ReadingPace(36.0)
    for length, seconds in seen:
        pace.note_read(length, seconds)
        pace.note_unread(length, seconds)
    expected = pace.expected_seconds(characters)
    assert expected >= 0
    assert bool(reading_notice(expected)) == (expected >= 15)


def test_the_sentence_tells_the_time_in_seconds_or_minutes() -> None:
    """As a person would."""
    assert "about 20 seconds" in reading_notice(20.2)
    assert "about 3 minutes" in reading_notice(121)
