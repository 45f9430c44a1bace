"""Nobody passes for another by a name that looks alike, and no answer begins with the name of who asked."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StreamCut
from core.messages import Author
from core.model_events import Finish, ModelEvent, Text
from core.prompt.names import LeadingName, skeleton_of, speaker_names, without_leading_name
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.slack.roster import User
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, running
from tests.support.room import answered, answers, ask, mention, prompt


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("grace", "gra\u200bce"),
        ("grace", "gr\u0430ce"),
        ("Grace", "GRACE"),
        ("grace", "gr\u00e1ce"),
        ("Ivan", "lvan"),
        ("grace", "\uff47\uff52\uff41\uff43\uff45"),
        ("grace hopper", "grace  hopper."),
        ("arno", "amo"),
        ("bob", "b0b"),
        ("grace", "\u13c0\u13a1\u13aa\u13df\u13ac"),  # Cherokee
        ("grace", "\ua4d6\ua4e3\ua4ee\ua4da\ua4f0"),  # Lisu
        ("grace", "\u0262\u0280\u1d00\u1d04\u1d07"),  # small capitals
        ("grace", "\U0001f1ec\U0001f1f7\U0001f1e6\U0001f1e8\U0001f1ea"),  # the letters of flags
        ("grace", "\U0001f176\U0001f181\U0001f170\U0001f172\U0001f174"),  # in squares
        ("grace", "\u01e5r\u03b1\u03f2\u0247"),  # with strokes, and Greek
        ("grace", "gra\u2ca5e"),  # Coptic
        ("grace", "G\u0336r\u0336a\u20ddce\U000e0067"),  # laid over, and with tags
    ],
)
def test_two_people_whose_names_look_alike_are_told_apart(one: str, other: str) -> None:
    """By a tag from the id, the same in every prompt; both have one, since neither is known for the right one."""
    people = [Author("U1", one), Author("U2", other), Author("U3", "zoe")]
    first, second, third = (speaker_names(people).name_of(each) for each in people)
    assert skeleton_of(first.partition(" #")[0]) == skeleton_of(second.partition(" #")[0])
    assert first.partition(" #")[2] != second.partition(" #")[2]
    assert "" not in {first.partition(" #")[2], second.partition(" #")[2]}
    assert third == "zoe"
    assert [speaker_names(people[::-1]).name_of(each) for each in people] == [first, second, third]


def test_one_person_under_two_names_stays_one() -> None:
    """Nobody else bears the name."""
    people = [Author("U1", "grace"), Author("U1", "Grace")]
    assert [speaker_names(people).name_of(each) for each in people] == ["grace", "Grace"]


@given(st.lists(st.tuples(st.sampled_from(["U1", "U2", "U3"]), st.text(max_size=6)), max_size=6))
def test_different_people_never_share_a_name(people: list[tuple[str, str]]) -> None:
    """Whatever they call themselves."""
    authors = [Author(*each) for each in people]
    names = speaker_names(authors)
    for one in authors:
        for other in authors:
            assert one.id == other.id or names.name_of(one) != names.name_of(other)


def shown(pieces: list[str], names: tuple[str, ...] = ("ada", "grace #1a2b", "grace")) -> str:
    """Return what is shown of an answer in pieces."""
    answer = LeadingName(names)
    return "".join(map(answer.take_piece, pieces)) + answer.rest()


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("ada: Three colours.", "Three colours."),
        ("Ada:\nThree colours.", "Three colours."),
        ("  grace #1a2b: Three.", "Three."),
        ("grace: Three.", "Three."),
        ("ada:Three", "ada:Three"),
        ("adamant: no", "adamant: no"),
        ("bob: no", "bob: no"),
        ("Well, ada: no", "Well, ada: no"),
        ("ada", "ada"),
        ("ada:", "ada:"),
        ("", ""),
    ],
)
def test_a_leading_name_is_cut_from_an_answer_however_it_comes(said: str, left: str) -> None:
    """Whole, or letter by letter."""
    assert shown([said]) == left
    assert shown(list(said)) == left


def test_nothing_is_held_back_that_can_be_no_name() -> None:
    """The first letter that fits none lets all go."""
    answer = LeadingName(("ada",))
    assert answer.take_piece("a") == ""
    assert answer.take_piece("t last") == "at last"
    assert answer.take_piece("ada: ") == "ada: "


@given(st.lists(st.text(max_size=5)), st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_an_answer_loses_a_name_at_the_most(pieces: list[str], names: list[str]) -> None:
    """In pieces it is what it is as a whole."""
    whole = "".join(pieces)
    assert shown(pieces, tuple(names)) == shown([whole], tuple(names))
    assert whole.endswith(shown(pieces, tuple(names)))


async def test_what_is_held_back_comes_before_the_end_and_before_a_fault() -> None:
    """Nothing of an answer is lost with it."""

    async def said(fault: bool) -> AsyncIterator[ModelEvent]:
        yield Text("ada")
        if fault:
            raise StreamCut("gone")
        yield Finish("stop")

    assert [event async for event in without_leading_name(said(fault=False), ["ada"])] == [Text("ada"), Finish("stop")]
    events = without_leading_name(said(fault=True), ["ada"])
    assert await anext(events) == Text("ada")
    with pytest.raises(StreamCut):
        await anext(events)


async def test_an_answer_that_repeats_the_name_is_shown_and_kept_without_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """As small models answer."""
    sandbox.model.script.append(Reply(pieces=("ad", "a: Thr", "ee colours.")))
    async with running(sandbox, tmp_path / "confab.db"):
        thread = await ask(sandbox, "Name three colours.")
        assert answers(sandbox, thread) == ["Three colours."]
        await sandbox.workspace.say(GENERAL, mention("and more?"), thread_ts=thread)
        await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[-1])[1] == "Three colours."


async def test_look_alikes_are_told_apart_at_the_wire(sandbox: Sandbox, tmp_path: Path) -> None:
    """From the first word of the second one on, in each prompt alike."""
    sandbox.workspace.users["U0FAKE123"] = User("U0FAKE123", "gra\u200bce", "gra\u200bce")
    async with running(sandbox, tmp_path / "confab.db"):
        thread = await sandbox.workspace.say(GENERAL, mention("I am Grace"), user="U0GRACE12")
        await answered(sandbox, thread)
        await sandbox.workspace.say(GENERAL, mention("so am I"), user="U0FAKE123", thread_ts=thread)
        await answered(sandbox, thread, 2)
    first, _, second = prompt(sandbox.model.requests[-1])
    assert first.partition(": ")[0] != second.partition(": ")[0]
    assert first.endswith(": I am Grace")
    assert " #" in first.partition(": ")[0]
