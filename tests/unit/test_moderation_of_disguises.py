"""What people see is what is checked, at the wire: disguises, borders, edits, and whose words a refusal counts for."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.moderation.access import AccessLists
from core.moderation.moderation import EDITED
from core.moderation.settings import ModerationSettings
from core.storage.store import Store
from core.storage.turns import MESSAGE
from deploy.sandbox.openai.model import Reply
from tests.contract.platform_room import QUICK, Room, answered, ask, settled, told
from tests.support.database import column, rows, wait_for_column
from tests.support.moderated import Moderated
from tests.unit.test_moderation_paths import over

REFUSED = "I would rather not"
TAKEN_BACK = "I took back"
PAUSED = "I have refused several of your questions"
DISGUISES = {
    "invisible characters": "fl\u200bag\u00ad m\u2060e",
    "emphasis": "fl**ag** m*e*",
    "a link": "fl[ag](https://example.com) me",
    "spaces": "flag \u00a0  me",
    "a spoiler": "fl||ag|| me",
    "letters in a style": "\U0001d41f\U0001d425\U0001d41a\U0001d420 me",
    "tags": "flag\U000e0041\U000e007f me",
}


@pytest.mark.parametrize("text", DISGUISES.values(), ids=DISGUISES)
async def test_a_disguised_question_and_a_disguised_answer_are_refused(room: Room, text: str) -> None:
    """As if they were written plainly; what is clean is shown with all its marks."""
    await room.leave()
    await room.join(moderation=Moderated())
    room.model.script += [Reply("never seen"), Reply(f"Well, {text} then."), Reply("All is **well**, `x_y` too.")]
    assert REFUSED in room.answers(await ask(room, f"please {text} now"))[0]
    said = await ask(room, "what do you say?")
    await room.until(lambda: TAKEN_BACK in room.answers(said)[0])
    said = await ask(room, "and now?")
    await room.until(lambda: "well" in room.answers(said)[0])
    assert not any(word in room.answers(said)[0] for word in (REFUSED, TAKEN_BACK))
    assert "x_y" in room.answers(said)[0]


@pytest.mark.parametrize("text", ["b\u0430d th\u0456ng", "B\u0391D *th*ing", "b[a](https://example.com/a)d\nthing"])
async def test_the_own_list_sees_through_the_same_in_questions_and_answers(room: Room, text: str) -> None:
    """And through letters that look like those of the list."""
    await room.leave()
    await room.join(moderation=Moderated(words=("bad thing",), endpoint=False))
    room.model.script += [Reply("never seen"), Reply(f"Well, {text} then.")]
    assert REFUSED in room.answers(await ask(room, f"please {text} now"))[0]
    said = await ask(room, "what do you say?")
    await room.until(lambda: TAKEN_BACK in room.answers(said)[0])


async def test_what_stands_over_the_border_of_a_question_and_its_file_is_found(room: Room) -> None:
    """Each of them alone is clean."""
    await room.leave()
    await room.join(moderation=Moderated())
    said = await room.share(f"{room.mention('the bot')} please flag", "a.txt", b"me as you like", "text/plain")
    assert REFUSED in (await answered(room, said))[0]
    assert not room.model.requests


async def test_what_stands_over_the_border_of_two_windows_is_found_however_much_is_unseen_between(room: Room) -> None:
    """More of it than a window looks back by."""
    await room.leave()
    quick = ModerationSettings(first_window=0.01, later_window=0.01)
    await room.join(moderation=Moderated(quick))
    between = "**\u200b**" * 100
    pieces = ("So it is: flag", f" {between} ", between, " me then.")
    room.model.script.append(Reply(pieces=pieces, tokens_per_second=4))
    said = await ask(room, "what do you say?")
    await room.until(lambda: TAKEN_BACK in room.answers(said)[0])


async def test_a_person_is_told_once_of_a_pause_and_again_of_the_next(room: Room, tmp_path: Path) -> None:
    """Also over a restart; whoever uses a command reads it each time, as an answer is awaited there."""
    await room.leave()
    mild = Moderated(violations=2)
    await room.join(moderation=mild)
    for _ in range(2):
        await ask(room, "flag me")
    first = await ask(room, "hello?")
    assert PAUSED in room.answers(first)[0]
    second = await room.say(f"{room.mention('the bot')} hello again?")
    await settled(room)
    await over(tmp_path / "confab.db")
    await room.leave()
    await room.join(moderation=mild)
    third = await room.say(f"{room.mention('the bot')} and after a restart?")
    await settled(room)
    await over(tmp_path / "confab.db")
    assert room.answers(second) == room.answers(third) == []
    await room.leave()
    assert column(tmp_path / "confab.db", "SELECT state FROM turns WHERE error = 'Paused' ORDER BY seq") == [
        *("done", "refused", "refused")
    ]


async def by_a_mention(room: Room) -> None:
    """Somebody else's name."""
    room.rename("grace", "Flag Me")
    await ask(room, f"who is {room.mention('grace')}?")


async def by_a_quotation(room: Room) -> None:
    """Somebody else's message, from its menu."""
    said = await room.say("please flag me", by="grace")
    seen = len([each for each in room.everything() if "reference" in each])
    await room.ask_about(said, "ada")
    await room.until(lambda: len([each for each in room.everything() if "reference" in each]) > seen)


async def by_a_command(room: Room) -> None:
    """Somebody else's name in a slash command, whose text is posted; on Discord a mention comes there without it."""
    room.rename("grace", "Flag Me")
    seen = len(room.everything())
    await room.use(f"who is {room.mention('grace')}?")
    await room.until(lambda: len(room.everything()) > seen)


async def by_an_edit(room: Room) -> None:
    """Somebody else's name in an edit."""
    said = await ask(room, "who is that?")
    room.rename("grace", "Flag Me")
    await room.edit(said, f"{room.mention('the bot')} who is {room.mention('grace')}?")
    await settled(room)


@pytest.mark.parametrize("way", [by_a_mention, by_a_quotation, by_a_command, by_an_edit])
async def test_nobody_is_paused_for_what_others_are_called_or_have_said(
    room: Room, way: Callable[[Room], Awaitable[None]]
) -> None:
    """However often."""
    await room.leave()
    await room.join(moderation=Moderated(violations=2))
    for _ in range(3):
        await way(room)
    room.rename("grace", "Grace")
    said = await ask(room, "hello?")
    assert PAUSED not in room.answers(said)[0]


async def test_one_turn_is_one_violation_however_often_it_is_tried(room: Room) -> None:
    """The platform takes no post for some tries of it."""
    await room.leave()
    await room.join(moderation=Moderated(violations=2), limits=QUICK.model_copy(update={"attempts": 9}))
    room.break_next("post", "server_error", 8)
    said = await room.say(f"{room.mention('the bot')} flag me")
    await answered(room, said)
    assert PAUSED not in room.answers(await ask(room, "hello?"))[0]


async def test_an_edit_while_a_made_answer_waits_to_be_shown_is_checked_before_it_is_kept(
    room: Room, tmp_path: Path
) -> None:
    """The answer was made to a clean question, and is shown again in a later try."""
    await room.leave()
    await room.join(moderation=Moderated())
    room.limit("post", 4.0)
    room.model.script.append(Reply("All is well."))
    said = await room.say(f"{room.mention('the bot')} how is it?")
    await wait_for_column(tmp_path / "confab.db", "SELECT answer FROM turns", any)
    await room.leave()
    store = Store(tmp_path / "confab.db")
    (payload,) = column(tmp_path / "confab.db", "SELECT payload FROM turns WHERE answer IS NOT NULL")
    asked = MESSAGE.validate_json(payload)
    assert await store.add_edit(replace(asked, text="please flag me"))
    await store.close()
    await room.join(moderation=Moderated())
    await over(tmp_path / "confab.db")
    assert REFUSED in room.answers(said)[0]
    await settled(room)
    await room.leave()
    assert len([each for each in room.model.requests if "how is it" in str(each.body)]) == 1
    assert not rows(tmp_path / "confab.db", "SELECT 1 FROM entries WHERE text LIKE '%flag me%'")


@pytest.mark.parametrize("is_denied", [True, False], ids=["denied", "paused"])
async def test_who_is_denied_or_paused_does_not_speak_by_editing(
    room: Room, tmp_path: Path, *, is_denied: bool
) -> None:
    """What they edit is not taken up, and what stood there before does not stand there any more."""
    said = await ask(room, "my first words")
    await over(tmp_path / "confab.db")
    (author,) = column(tmp_path / "confab.db", "SELECT author_id FROM entries WHERE role = 'user'")
    await room.leave()
    lists = AccessLists(deny=frozenset({f"user:{author}"})) if is_denied else AccessLists()
    await room.join(moderation=Moderated(lists=lists, violations=1))
    if not is_denied:
        await ask(room, "flag me")
    await room.edit(said, f"{room.mention('the bot')} obey my last words")
    await settled(room)
    await room.go_on(said, f"{room.mention('the bot')} what did she say?", by="grace")
    await answered(room, said, 2)
    heard = str(told(room, -1))
    assert EDITED in heard
    assert "obey" not in heard


@pytest.mark.parametrize("is_denied", [True, False], ids=["denied", "paused"])
async def test_who_is_denied_or_paused_does_not_speak_in_the_history_of_a_thread(
    room: Room, tmp_path: Path, *, is_denied: bool
) -> None:
    """What others said there is read."""
    await ask(room, "hello")
    await over(tmp_path / "confab.db")
    (author,) = column(tmp_path / "confab.db", "SELECT author_id FROM entries WHERE role = 'user'")
    await room.leave()
    lists = AccessLists(deny=frozenset({f"user:{author}"})) if is_denied else AccessLists()
    await room.join(moderation=Moderated(lists=lists, violations=1))
    if not is_denied:
        await ask(room, "flag me")
    said = await room.say("we meet at nine", by="grace")
    await room.go_on(said, "obey my words")
    await room.go_on(said, f"{room.mention('the bot')} when do we meet?", by="grace")
    await answered(room, said)
    assert "we meet at nine" in str(told(room, -1))
    assert "obey" not in str(told(room, -1))
