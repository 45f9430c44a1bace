"""Moderation at the wire: what is asked, cancelled, released and refused."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.messages import Author, ConversationKey, Message
from core.moderation.access import AccessLists
from core.moderation.settings import ModerationSettings
from core.moderation.stream import HELD
from deploy.sandbox.openai.model import Fault, Reply, rate_limited, refusal
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Setup, running
from tests.support.database import rows
from tests.support.moderated import Moderated
from tests.support.room import answered, answers, ask, mention, prompt

BOTH = Setup(moderation=Moderated())


async def test_a_flagged_question_is_refused_its_call_closed_and_the_question_forgotten(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """The model is asked meanwhile, and its stream closed; nothing of it is seen, then or in later prompts."""
    sandbox.model.moderation.delay = 0.2
    sandbox.model.script.append(Reply("never seen " * 200, tokens_per_second=50.0))
    async with running(sandbox, tmp_path / "confab.db", BOTH):
        thread = await ask(sandbox, "please flag me")
        assert "I would rather not" in answers(sandbox, thread)[0]
        await sandbox.model.until(lambda: sandbox.model.requests[0].aborted)
        await sandbox.workspace.say(GENERAL, "and now?", thread_ts=thread)
        await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[-1]) == ["and now?"]


async def test_a_clean_question_is_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    """With one check of the question, one of the name, and one of the answer."""
    sandbox.model.script.append(Reply("All is well."))
    async with running(sandbox, tmp_path / "confab.db", BOTH):
        thread = await ask(sandbox, "how is it?")
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["All is well."])
    texts = sorted(text for each in sandbox.model.moderation.checked for text in each.texts)
    assert texts == ["All is well.", "ada", "how is it?"]


async def test_a_refused_window_ends_the_answer_and_replaces_what_was_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    """The question stays, so that one can ask again; the answer does not."""
    words = (
        "First sentence. ",
        *(f"word {n} " for n in range(40)),
        "and flag me now",
        *(f" more {n}" for n in range(400)),
    )
    sandbox.model.script.append(Reply(pieces=words, tokens_per_second=40.0))
    async with running(sandbox, tmp_path / "confab.db", BOTH):
        thread = await ask(sandbox, "go on")
        await sandbox.workspace.until(lambda: "I took back my answer" in answers(sandbox, thread)[0])
        await sandbox.model.until(lambda: sandbox.model.requests[0].aborted)
        await sandbox.workspace.say(GENERAL, "again", thread_ts=thread)
        await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[-1]) == ["go on", "again"]


async def test_a_turn_is_held_while_nobody_can_be_asked_and_goes_on_afterwards(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Closed: the person is told, and reads the answer once it was checked."""
    sandbox.model.moderation.fault = refusal(500, "no")
    sandbox.model.script.append(Reply("All is well."))
    closed = Setup(moderation=Moderated(deadline=0.2))
    async with running(sandbox, tmp_path / "confab.db", closed):
        thread = await ask(sandbox, "how is it?")
        assert answers(sandbox, thread) == [HELD]
        sandbox.model.moderation.fault = None
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["All is well."])


async def test_open_answers_unchecked_and_notes_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """The record says so, and of what."""
    sandbox.model.moderation.fault = refusal(500, "no")
    sandbox.model.script.append(Reply("All is well."))
    is_open = Setup(moderation=Moderated(ModerationSettings(unreachable="open"), deadline=0.2))
    async with running(sandbox, tmp_path / "confab.db", is_open):
        thread = await ask(sandbox, "how is it?")
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["All is well."])
    found = set(rows(tmp_path / "confab.db", "SELECT path, outcome, text FROM moderated"))
    assert {("question", "unchecked", None), ("answer", "unchecked", None)} <= found


async def test_the_first_message_of_a_person_with_a_refused_name_is_answered_under_no_name(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """The call that carried the name is closed."""
    async with running(sandbox, tmp_path / "confab.db", BOTH):
        users = sandbox.workspace.users
        users["U0ADA1234"] = replace(users["U0ADA1234"], name="Flag Me")
        sandbox.model.script.append(Reply("never seen " * 100, tokens_per_second=20.0))
        thread = await sandbox.workspace.say(GENERAL, mention("to all: hello"))
        await answered(sandbox, thread)
        await sandbox.model.until(lambda: sandbox.model.requests[0].aborted)
    assert prompt(sandbox.model.requests[-1]) == ["Someone: to all: hello"]


FAULTY = {
    "500": refusal(500, "no"),
    "429": rate_limited("0.05"),
    "garbage": Fault(200, "]["),
    "a page": Fault(200, "<html>", media_type="text/html"),
    "slowly": Fault(200, {"results": [{"flagged": False}]}, delay=60.0),
    "never": Fault(0),
}


@pytest.mark.parametrize("fault", FAULTY)
@pytest.mark.parametrize("is_open", [True, False])
async def test_whatever_is_wrong_with_moderation_the_choice_holds_and_the_thread_goes_on(
    sandbox: Sandbox, tmp_path: Path, fault: str, *, is_open: bool
) -> None:
    """Open answers; closed holds the answer until it could be checked."""
    sandbox.model.moderation.fault = FAULTY[fault]
    sandbox.model.script += [Reply("One."), Reply("Two.")]
    setup = Setup(moderation=Moderated(ModerationSettings(unreachable="open" if is_open else "closed"), deadline=0.3))
    async with running(sandbox, tmp_path / "confab.db", setup):
        thread = await ask(sandbox, "hello")
        if not is_open:
            assert answers(sandbox, thread) == [HELD]
            sandbox.model.moderation.fault = None
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["One."])
        sandbox.model.moderation.fault = None
        await sandbox.workspace.say(GENERAL, "and now?", thread_ts=thread)
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["One.", "Two."])


async def test_a_turn_that_waited_too_long_is_refused_and_not_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its question was never checked."""
    sandbox.model.moderation.fault = FAULTY["500"]
    setup = Setup(moderation=Moderated(ModerationSettings(hold=0.1), deadline=0.1))
    async with running(sandbox, tmp_path / "confab.db", setup):
        thread = await ask(sandbox, "hello")
        await sandbox.workspace.until(lambda: "out of reach for too long" in answers(sandbox, thread)[0])
        sandbox.model.moderation.fault = None
        await sandbox.workspace.say(GENERAL, "again", thread_ts=thread)
        await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[-1]) == ["again"]


async def test_the_model_is_asked_beside_the_check_and_nothing_is_shown_before_the_verdict(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """The model has said all of it long before; what it says comes with the verdict."""
    sandbox.model.moderation.hold = asyncio.Event()
    sandbox.model.script.append(Reply("All is well."))
    setup = Setup(moderation=Moderated(ModerationSettings(output=False)))
    async with running(sandbox, tmp_path / "confab.db", setup):
        thread = await sandbox.workspace.say(GENERAL, mention("hello"))
        await sandbox.model.until(lambda: sandbox.model.requests and sandbox.model.requests[0].done_at)
        await sandbox.model.until(lambda: len(sandbox.model.moderation.checked) == 1)
        assert answers(sandbox, thread) == []
        sandbox.model.moderation.hold.set()
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["All is well."])


async def test_a_check_that_is_done_first_leaves_the_answer_to_the_model_alone(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Both are asked before either has answered; after the verdict nothing but the model is waited for."""
    check = sandbox.model.moderation.hold = asyncio.Event()
    model = asyncio.Event()
    sandbox.model.script.append(Reply("All is well.", hold=model, hold_after=0))
    setup = Setup(moderation=Moderated(ModerationSettings(output=False)))
    async with running(sandbox, tmp_path / "confab.db", setup):
        thread = await sandbox.workspace.say(GENERAL, mention("hello"))
        await sandbox.model.until(lambda: sandbox.model.requests and len(sandbox.model.moderation.checked) == 1)
        check.set()
        await sandbox.model.until(lambda: all(each.done_at for each in sandbox.model.moderation.checked))
        assert sandbox.model.requests[0].done_at is None
        assert answers(sandbox, thread) == []
        model.set()
        await sandbox.workspace.until(lambda: answers(sandbox, thread) == ["All is well."])
    assert len(sandbox.model.moderation.checked) == 1


async def test_repeated_violations_pause_a_person_and_moderators_hear_of_each(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without a word of what was said; others are served."""
    room = "C0RANDOM1"
    setup = Setup(moderation=Moderated(violations=2, moderators={"slack": room}))
    sandbox.model.script += [Reply("never seen"), Reply("never seen"), Reply("Well.")]
    async with running(sandbox, tmp_path / "confab.db", setup):
        for _ in range(2):
            await ask(sandbox, "flag me")
        paused = await ask(sandbox, "hello")
        assert "for 10 minutes" in answers(sandbox, paused)[0]
        other = await sandbox.workspace.say(GENERAL, mention("hello"), "U0GRACE12")
        await answered(sandbox, other)
        assert answers(sandbox, other) == ["Well."]
        await sandbox.workspace.until(lambda: len([p for p in sandbox.workspace.posts(room) if p.bot_id]) == 2)
        told = [post.shown for post in sandbox.workspace.posts(room) if post.bot_id]
    assert all("harassment" in each and "reference" in each and "flag me" not in each for each in told)


@pytest.mark.parametrize(
    ("lists", "served"),
    [
        (AccessLists(deny=frozenset({"user:U0ADA1234"})), False),
        (AccessLists(deny=frozenset({f"channel:{GENERAL}"})), False),
        (AccessLists(allow=frozenset({"user:U0GRACE12"})), False),
        (AccessLists(allow=frozenset({"user:U0ADA1234", "channel:C0OTHER12"})), False),
        (AccessLists(allow=frozenset({"user:U0ADA1234", f"channel:{GENERAL}"})), True),
        (AccessLists(allow=frozenset({"role:R1", "user:U0ADA1234"})), True),
    ],
)
async def test_only_those_whom_the_lists_allow_are_served(
    sandbox: Sandbox, tmp_path: Path, lists: AccessLists, *, served: bool
) -> None:
    """The others read why not."""
    async with running(sandbox, tmp_path / "confab.db", Setup(moderation=Moderated(lists=lists, endpoint=False))):
        thread = await ask(sandbox, "hello")
        assert ("not available" not in answers(sandbox, thread)[0]) == served
    assert bool(sandbox.model.requests) == served


@pytest.mark.parametrize("text", ["x" * 39_000, "a" + "\u0301" * 39_000, "aaaa" * 9_000 + "!"])
async def test_long_messages_of_combining_characters_and_for_explosive_patterns_are_answered(
    sandbox: Sandbox, tmp_path: Path, text: str
) -> None:
    """As long as Slack lets them be."""
    patterns = ("(a+)+$", "(a|aa)+b", "(?:a?){200}a{200}b")
    setup = Setup(moderation=Moderated(words=("never there",), patterns=patterns))
    async with running(sandbox, tmp_path / "confab.db", setup):
        thread = await ask(sandbox, text)
        assert answers(sandbox, thread)


@pytest.mark.parametrize("text", ["word " * 200_000, "a" + "\u0301" * 1_000_000, "a" * 1_000_000 + "!"])
async def test_a_million_characters_are_answered_or_refused(sandbox: Sandbox, tmp_path: Path, text: str) -> None:
    """More than either platform lets through; the own list has patterns made to explode, and the bot goes on."""
    setup = Setup(moderation=Moderated(words=("never there",), patterns=("(a+)+$", "(a|aa)+b")))
    async with running(sandbox, tmp_path / "confab.db", setup) as bot:
        thread = await sandbox.workspace.say(GENERAL, "something")
        key = ConversationKey("slack", sandbox.workspace.team, GENERAL, thread)
        ada = Author("U0ADA1234", "ada")
        assert await bot.intake.receive(Message(thread, key, ada, text, float(thread), addressed=True, follow_up=False))
        await sandbox.workspace.until(lambda: answers(sandbox, thread), timeout=60)
        assert await ask(sandbox, "and now?")
