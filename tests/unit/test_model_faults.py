"""Whatever the model does, a person reads one sentence of its own, and the thread goes on."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core import errors
from core.errors import ModelError
from deploy.sandbox.openai.model import FAULTS, Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Bot, Setup, running
from tests.support.database import change
from tests.support.room import answered, answers, mention, prompt

pytestmark = pytest.mark.usefixtures("bot")


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Bot]:
    """Return a bot that soon gives up a model that is silent or refuses."""
    impatient = Setup(retry_deadline=1.0, first_token_timeout=6.0, silence_timeout=6.0)
    async with running(sandbox, tmp_path / "confab.db", impatient) as bot:
        yield bot


SENTENCES: dict[str, type[ModelError]] = {
    "401": errors.WrongKey,
    "429": errors.RateLimited,
    "quota": errors.NoQuota,
    "500": errors.EndpointFailing,
    "503": errors.EndpointFailing,
    "silent": errors.ModelSilent,
    "stall": errors.StreamStalled,
    "cut": errors.StreamCut,
    "malformed": errors.GarbledAnswer,
    "error chunk": errors.EndpointFailing,
    "html": errors.GarbledAnswer,
    "empty": errors.EmptyAnswer,
    "length": errors.AnswerCutByLength,
    "filter": errors.ContentFiltered,
    "overflow": errors.ContextOverflow,
    "path": errors.WrongPath,
    "model": errors.UnknownModel,
    "completions": errors.NotAChatModel,
    "parameter": errors.MissingParameter,
}


@pytest.mark.parametrize("fault", SENTENCES)
async def test_each_fault_has_its_sentence_and_the_next_message_works(sandbox: Sandbox, fault: str) -> None:
    """No raw text, no stack trace, a reference to quote; what was said before the fault stays."""
    sandbox.model.talk = lambda _: FAULTS[fault]
    thread = await sandbox.workspace.say(GENERAL, mention("hello?"))
    sentence = SENTENCES[fault].notice
    await sandbox.workspace.until(lambda: sentence in "".join(answers(sandbox, thread)))
    said = "".join(answers(sandbox, thread))
    assert re.search(r"\(reference [0-9a-f]{8}\)$", said)
    assert not re.search(r"Traceback|Error|\{|sk-|http", said)
    began = FAULTS[fault].whole() if isinstance(FAULTS[fault], Reply) else ""  # type: ignore[union-attr]
    assert said.startswith(began[:5])
    sandbox.model.talk = lambda _: Reply("All is well.")
    await sandbox.workspace.say(GENERAL, "and now?", thread_ts=thread)
    await sandbox.workspace.until(lambda: answers(sandbox, thread)[-1] == "All is well.")


async def test_a_question_that_the_model_refuses_for_its_length_does_not_stay_in_the_thread(sandbox: Sandbox) -> None:
    """Kept in the history, it would make every later question fail too."""
    sandbox.model.script.append(FAULTS["overflow"])
    thread = await sandbox.workspace.say(GENERAL, mention("far too long"))
    await answered(sandbox, thread)
    await sandbox.workspace.say(GENERAL, "short", thread_ts=thread)
    await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[-1]) == ["short"]


async def test_a_question_that_failed_for_another_reason_can_be_asked_again_by_saying_so(sandbox: Sandbox) -> None:
    """`Try again` makes sense to the model, since it sees what was asked."""
    sandbox.model.script.append(FAULTS["empty"])
    thread = await sandbox.workspace.say(GENERAL, mention("what is up?"))
    await answered(sandbox, thread)
    await sandbox.workspace.say(GENERAL, "try again", thread_ts=thread)
    await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[-1]) == ["what is up?", "try again"]


async def test_an_endpoint_that_is_not_there_has_its_sentence(sandbox: Sandbox, bot: Bot, tmp_path: Path) -> None:
    """A closed port is told as what it is."""
    await bot.slack.stop()
    async with running(
        sandbox, tmp_path / "other.db", Setup(openai_base_url="http://127.0.0.1:9/v1", retry_deadline=1.0)
    ):
        thread = await sandbox.workspace.say(GENERAL, mention("hello?"))
        assert errors.EndpointUnreachable.notice in (await answered(sandbox, thread))[0]


async def test_an_error_that_nobody_foresaw_is_tried_again_and_then_told(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three tries, one sentence, and in the log the whole of it under the reference."""
    change(tmp_path / "confab.db", "ALTER TABLE entries RENAME TO lost")
    thread = await sandbox.workspace.say(GENERAL, mention("hello?"))
    said = (await answered(sandbox, thread))[0]
    assert said.startswith(f"_{errors.GaveUp.notice}_")
    reference = said.rsplit("reference ", 1)[1].rstrip(")")
    log = capsys.readouterr().out
    assert sum("turn failed" in line and reference in line for line in log.splitlines()) == 3
    assert "Traceback" in log
    assert "hello?" not in log
