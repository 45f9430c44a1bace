"""How moderation begins: by itself with whoever is there, and where it is told how, with that or not at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bots.moderating import guard_of, open_automatic_checker
from bots.settings import Settings
from core.errors import SettingsError
from core.messages import Author
from core.moderation.automatic import AutomaticChecker
from core.moderation.checkers import CheckerPool
from core.moderation.errors import CheckFailed, Paused
from core.moderation.known_texts import HARMFUL_TEXT
from core.moderation.log import Subject
from core.moderation.verdict import Sample
from core.moderation.words import WordList
from core.policy import Policies
from core.storage.store import Store
from deploy.sandbox.openai.model import Fault, Reply, refusal
from deploy.sandbox.wire.server import Sandbox
from tests.support.examples import KEY, message

NO_MODERATION = Fault(404, "404 page not found")
THREATENED = '{"harmful": [{"text": 2, "categories": ["violence"]}]}'


def loaded(sandbox: Sandbox, **environ: str) -> Settings:
    """Return settings with which a bot joins the sandbox."""
    given = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}
    named = {"OPENAI_BASE_URL": sandbox.openai_base_url, "OPENAI_MODEL": "stand-in", "CONFAB_RETRY_DEADLINE": "0.1"}
    return Settings.load({**given, **named, **environ})


async def started(sandbox: Sandbox, folder: Path, **environ: str) -> bool:
    """Return whether there is a guard with these settings; raises what the start would end with."""
    settings = loaded(sandbox, **environ)
    async with AsyncExitStack() as stack:
        store = Store(folder / "confab.db")
        stack.push_async_callback(store.close)
        return await guard_of(settings.moderation, settings.model, Policies(), store, {}, stack) is not None


@pytest.mark.parametrize("fault", [Fault(404, "404 page not found"), Fault(405), Fault(200, {"error": "Unexpected"})])
async def test_an_endpoint_without_moderation_names_the_ways_out(
    sandbox: Sandbox, tmp_path: Path, fault: Fault
) -> None:
    """Another URL, the judge, the own list, or none at all."""
    sandbox.model.moderation.fault = fault
    with pytest.raises(SettingsError) as error:
        await started(sandbox, tmp_path, CONFAB_MODERATION="endpoint")
    for way in ("CONFAB_MODERATION_URL", "=judge", "=list", "=off"):
        assert way in error.value.faults[0]


@pytest.mark.parametrize("how", ["off", "judge", "list"])
async def test_the_ways_out_lead_out(sandbox: Sandbox, tmp_path: Path, how: str) -> None:
    """None of them asks the endpoint."""
    sandbox.model.moderation.fault = Fault(404, "404 page not found")
    words = {"CONFAB_MODERATION_WORDS": "never"} if how == "list" else {}
    assert await started(sandbox, tmp_path, CONFAB_MODERATION=how, **words) == (how != "off")
    assert sandbox.model.moderation.checked == []


@asynccontextmanager
async def automatic(sandbox: Sandbox) -> AsyncIterator[AutomaticChecker]:
    """Return what finds out who checks."""
    settings = loaded(sandbox)
    async with AsyncExitStack() as stack:
        yield await open_automatic_checker(settings.moderation, settings.model, stack)


async def test_without_a_word_the_endpoint_checks_where_it_has_moderation(sandbox: Sandbox) -> None:
    """No model is asked for a judgement, and pictures are looked at."""
    async with automatic(sandbox) as checker:
        assert await checker.choose_checker() == "endpoint"
        assert (await checker.findings([Sample(HARMFUL_TEXT)]))[0].flagged
        assert checker.images
    assert sandbox.model.requests == []


@pytest.mark.parametrize(
    "fault", [NO_MODERATION, Fault(405), Fault(200, {"error": "Unexpected endpoint"}), refusal(403, "no"), Fault(501)]
)
async def test_without_an_endpoint_the_model_judges_if_it_tells_a_threat_from_a_greeting(
    sandbox: Sandbox, fault: Fault
) -> None:
    """By a schema, in one call."""
    sandbox.model.moderation.fault = fault
    sandbox.model.script += [Reply(THREATENED), Reply('{"harmful": []}')]
    async with automatic(sandbox) as checker:
        assert await checker.choose_checker() == "judge"
        assert not (await checker.findings([Sample("hi")]))[0].flagged
        assert not checker.images
    assert [each.body["response_format"]["json_schema"]["strict"] for each in sandbox.model.requests] == [True, True]


async def test_an_endpoint_that_takes_no_schema_is_asked_without_from_then_on(sandbox: Sandbox) -> None:
    """It may say so in any words; a later fault of another kind does not bring the schema back."""
    sandbox.model.moderation.fault = NO_MODERATION
    sandbox.model.script += [refusal(400, "This response_format type is unavailable now"), Reply(f"Sure: {THREATENED}")]
    sandbox.model.script += [refusal(400, "no"), Reply("[]")]
    async with automatic(sandbox) as checker:
        assert await checker.choose_checker() == "judge"
        with pytest.raises(CheckFailed):
            await checker.findings([Sample("hi")])
        await checker.findings([Sample("hi")])
    assert ["response_format" in each.body for each in sandbox.model.requests] == [True, False, False, False]


@pytest.mark.parametrize(
    "said", ["I cannot help with that.", '{"harmful": []}', '{"harmful": [{"text": 1, "categories": ["hate"]}]}', "[7]"]
)
async def test_a_model_that_cannot_judge_leaves_moderation_off_and_the_log_says_it_loudly(
    sandbox: Sandbox, tmp_path: Path, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything passes then, pictures too, and it is known that nothing is checked: on the page it is said in red."""
    sandbox.model.moderation.fault = NO_MODERATION
    sandbox.model.talk = lambda _: Reply(said)
    async with automatic(sandbox) as checker:
        pool = CheckerPool(WordList(), [checker])
        known = [pool.checks_anything]
        assert await checker.choose_checker() == "off"
        assert not (await checker.findings([Sample(HARMFUL_TEXT)]))[0].flagged
        assert checker.images
        known.append(pool.checks_anything)
        assert known == [True, False]
        assert CheckerPool(WordList(("eggplant",)), [checker]).checks_anything
    assert "MODERATION IS OFF" in "".join(capsys.readouterr())
    assert await started(sandbox, tmp_path)


async def test_who_checks_is_found_out_later_where_it_cannot_be_told_and_nothing_passes_till_then(
    sandbox: Sandbox,
) -> None:
    """An endpoint that fails may have moderation; a model that fails may judge."""
    sandbox.model.moderation.script += [refusal(503, "no"), NO_MODERATION]
    sandbox.model.script += [refusal(401, "no")]
    async with automatic(sandbox) as checker:
        for _ in range(2):
            with pytest.raises(CheckFailed):
                await checker.findings([Sample("hi")])
            assert not checker.images
        await checker.findings([Sample("hi")])
        assert await checker.choose_checker() == "endpoint"


async def test_questions_that_come_while_it_is_found_out_wait_for_the_same_trial(sandbox: Sandbox) -> None:
    """One that is called off does not end it for the others."""
    hold = sandbox.model.moderation.hold = asyncio.Event()
    async with automatic(sandbox) as checker:
        waiting = [asyncio.create_task(checker.choose_checker()) for _ in range(3)]
        await sandbox.model.until(lambda: sandbox.model.moderation.checked)
        waiting[0].cancel()
        hold.set()
        assert await asyncio.gather(*waiting[1:]) == ["endpoint", "endpoint"]
    assert len(sandbox.model.moderation.checked) == 1


async def test_an_endpoint_that_is_failing_is_no_fault_of_the_settings(sandbox: Sandbox, tmp_path: Path) -> None:
    """It may be back with the first question."""
    sandbox.model.moderation.fault = refusal(500, "no")
    assert await started(sandbox, tmp_path)


@pytest.mark.parametrize(
    "said",
    [
        "Missing credentials. Please pass an `api_key`, or set the OPENAI_API_KEY environment variable.",
        "litellm.APIError: Missing credentials",
        "Moderation is not implemented for this provider",
        "moderations are not supported here",
    ],
)
async def test_an_endpoint_that_fails_for_ever_has_no_moderation(sandbox: Sandbox, tmp_path: Path, said: str) -> None:
    """Its own words say that it will not be back; it is told as a 404 is."""
    sandbox.model.moderation.fault = refusal(500, said)
    with pytest.raises(SettingsError, match="=judge"):
        await started(sandbox, tmp_path, CONFAB_MODERATION="endpoint")
    sandbox.model.script += [Reply(THREATENED), Reply('{"harmful": []}')]
    async with automatic(sandbox) as checker:
        assert await checker.choose_checker() == "judge"


async def test_a_pattern_that_cannot_be_read_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    """So is one that would take too long."""
    for pattern in ('["a("]', '["(?:\\\\pL{50}){20}x"]'):
        with pytest.raises(SettingsError, match="CONFAB_MODERATION_PATTERNS"):
            await started(sandbox, tmp_path, CONFAB_MODERATION_PATTERNS=pattern)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONFAB_MODERATION", "on"),
        ("CONFAB_MODERATION", "off, judge"),
        ("CONFAB_MODERATION", "auto, judge"),
        ("CONFAB_MODERATION", "list"),
        ("CONFAB_MODERATION_THRESHOLDS", '{"violence": 2}'),
        ("CONFAB_MODERATORS", "C1"),
        ("CONFAB_ALLOW", "U1"),
    ],
)
async def test_a_setting_that_cannot_be_used_is_refused_by_its_name(
    sandbox: Sandbox, tmp_path: Path, name: str, value: str
) -> None:
    """At the start."""
    with pytest.raises(SettingsError, match=name):
        await started(sandbox, tmp_path, **{name: value})


async def test_who_was_paused_is_so_after_a_restart_too(sandbox: Sandbox, tmp_path: Path) -> None:
    """By what the database tells of their questions; an answer that was refused pauses nobody."""
    listed = {"CONFAB_MODERATION": "list", "CONFAB_MODERATION_WORDS": "never", "CONFAB_MODERATION_VIOLATIONS": "2"}
    settings = loaded(sandbox, **listed)
    person, other = message(1), replace(message(1), author=Author("U2", "Grace"))
    async with AsyncExitStack() as stack:
        store = Store(tmp_path / "confab.db")
        stack.push_async_callback(store.close)
        begin = partial(guard_of, settings.moderation, settings.model, Policies(), store, {}, stack)
        guard = await begin()
        assert guard
        for turn in ("first", "second"):
            await guard.check_texts("question", [Sample("never")], Subject(KEY, turn, person.author))
            await guard.check_texts("answer", [Sample("never")], Subject(KEY, f"{turn} other", other.author))
        for each in (guard, await begin()):
            assert each
            assert isinstance(each.refusal_of(person), Paused)
            assert each.refusal_of(other) is None
