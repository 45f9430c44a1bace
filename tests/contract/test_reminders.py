"""The contract of every platform: what is to come comes once, where it was asked for, until it is ended."""

from pathlib import Path

from core.moderation.access import AccessLists
from core.policy import ChannelSettings, Policies
from deploy.sandbox.discord.roster import ADA
from deploy.sandbox.openai.wanted import Wanted
from tests.contract.platform_room import Person, Room, Said, answered
from tests.contract.test_consent import asked_for, until
from tests.contract.test_tools import results, script, shown
from tests.support.database import change, column, dump, wait_for_column
from tests.support.moderated import Moderated
from tests.support.tools import Probe, ToolSetup

FAR = 600  # minutes
COMING = "SELECT text FROM schedules WHERE next_at IS NOT NULL ORDER BY seq"
READER = Probe("reader", is_trusted=False)


NO_PLATFORM = 'UPDATE schedules SET payload = replace(payload, \'"platform":"\', \'"platform":"no \') WHERE seq = 1'
NOBODY = 'UPDATE schedules SET payload = replace(payload, \'"author":{"id":"\', \'"author":{"id":"no \') WHERE seq = 2'
OFTEN = (  # more than are read at a time
    "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 600) INSERT INTO schedules SELECT i, i, "
    "platform, workspace, channel, thread, message_id, author_id, text, payload, rule, zone, until, next_at, "
    "created_at, is_paused FROM schedules, n WHERE seq = 1"
)


async def rejoin(
    room: Room, *, retention: float | None = None, checked: bool = False, guard: Moderated | None = None
) -> None:
    """Start the bot anew with the tool, and one that reads something from outside."""
    policies = ChannelSettings(channel_context=0, tools=("reminders", "reader"), retention_days=retention)
    await room.leave()
    tools = ToolSetup(lambda _: [READER.tool], reminds=True)
    await room.join(Policies(policies), moderation=Moderated() if checked else guard, tools=tools)


async def plan(room: Room, question: str = "later, please", **arguments: object) -> Said:
    """Ask for something that the model plans at once, and waits for no click; return the question."""
    script(room, Wanted("reminders", arguments), "Noted.")
    said = await room.say(f"{room.mention('the bot')} {question}")
    await shown(room, said, "Noted.")
    return said


async def schedule(room: Room, **arguments: object) -> Said:
    """Have the bot asked something later, which a person allows."""
    script(room, Wanted("reminders", {"action": "schedule", **arguments}))
    said = await room.say(f"{room.mention('the bot')} do it later")
    card = await asked_for(room, said)
    assert str(arguments["text"]) in card.text
    script(room, "Noted.")
    await room.press(card, "Allow")
    await shown(room, said, "Noted.")
    return said


async def test_a_reminder_rings_who_wanted_it_once_and_waits_for_no_click(room: Room, tmp_path: Path) -> None:
    """It comes in the conversation, also after a restart that missed it; nothing of it is left in its row."""
    await rejoin(room)
    said = await plan(room, action="remind", text="feed the @here cat", in_minutes=0.001)
    await shown(room, said, "feed the")
    assert len(room.pings()) == 1
    assert column(tmp_path / "confab.db", "SELECT text || payload || author_id FROM schedules") == [""]
    late = await plan(room, "and at nine", action="remind", text="water the plants", in_minutes=FAR)
    await room.leave()
    change(tmp_path / "confab.db", "UPDATE schedules SET next_at = next_at - 100000 WHERE text <> ''")
    await rejoin(room)
    assert "This was due on" in await shown(room, late, "water the plants")
    assert len(room.pings()) == 2
    assert [sum("plants" in each for each in room.answers(late))] == [1]
    assert room.refusals() == []


async def test_what_is_scheduled_is_posted_asked_and_answered_again_and_again(room: Room, tmp_path: Path) -> None:
    """A person allows it first; what was missed comes once, at the top of the channel, and can be followed up."""
    await rejoin(room)
    await schedule(room, text="sum up the day", every="0 9 * * 1-5")
    rung, before = len(room.pings()), column(tmp_path / "confab.db", "SELECT next_at FROM schedules")
    await room.leave()
    change(tmp_path / "confab.db", "UPDATE schedules SET next_at = next_at - 3000000")
    script(room, "A quiet day.", "Yes, quiet.")
    await rejoin(room)
    await room.until(lambda: any("A quiet day." in each for each in room.everything()))
    posted = [each for each in room.everything() if "wanted this done now" in each]
    assert len(posted) == 1
    assert "> sum up the day" in posted[0]
    assert room.name("ada") in posted[0]
    assert "sum up the day" in room.model.requests[-1].messages[-1]["content"]
    assert column(tmp_path / "confab.db", "SELECT next_at FROM schedules") == before
    assert column(tmp_path / "confab.db", "SELECT count(*) FROM turns WHERE command = 'scheduled'") == [1]
    assert len(room.pings()) == rung
    assert room.refusals() == []


async def test_what_is_to_come_is_listed_and_ended_by_who_wanted_it(room: Room, tmp_path: Path) -> None:
    """The model lists and cancels the asker's own; others see what comes in their channel, and end none of it."""
    await rejoin(room)
    one = await plan(room, action="remind", text="the first", in_minutes=FAR)
    two = await plan(room, action="remind", text="the second", at="2030-01-01 09:00", zone="Europe/Lisbon")
    script(room, Wanted("reminders", {"action": "list"}), "There are two.")
    await room.go_on(one, f"{room.mention('the bot')} what is to come?")
    await shown(room, one, "There are two.")
    listed = results(room, -1)[-1]
    assert "the first" in listed
    assert "Tuesday, 2030-01-01 09:00 (Europe/Lisbon): the second" in listed
    commands: tuple[tuple[Said, str, Person, str], ...] = (
        (one, "reminders", "grace", "**2** Tuesday"),
        (two, "reminders end 1", "grace", "Only who wanted it"),
        (one, "reminders end 1", "ada", "That is ended."),
    )
    for where, text, by, told in commands:
        await room.go_on(where, f"{room.mention('the bot')} {text}", by=by)
        await shown(room, where, told)
    script(room, Wanted("reminders", {"action": "cancel", "number": 2}), "Cancelled.")
    await room.go_on(two, f"{room.mention('the bot')} leave the second", by="ada")
    await shown(room, two, "Cancelled.")
    assert column(tmp_path / "confab.db", COMING) == []


async def test_it_is_paused_when_who_wanted_it_leaves_and_this_is_said_once(room: Room, tmp_path: Path) -> None:
    """An administrator or they themselves let it go on."""
    await rejoin(room)
    said = await plan(room, action="remind", text="the first", in_minutes=FAR)
    await plan(room, action="remind", text="the second", in_minutes=FAR)
    await room.leave()
    change(tmp_path / "confab.db", "UPDATE schedules SET next_at = next_at - 100000")
    room.dismiss("ada")
    await rejoin(room)
    await shown(room, said, "is paused, since they are no longer here")
    assert column(tmp_path / "confab.db", "SELECT is_paused FROM schedules") == [1, 1]
    assert sum("is paused" in each for each in room.everything()) == 1
    assert room.pings() == []


async def test_after_something_from_outside_each_waits_for_a_click(room: Room, tmp_path: Path) -> None:
    """A page may not have somebody reminded, nor end what they wanted."""
    await rejoin(room)
    await plan(room, action="remind", text="mine", in_minutes=FAR)
    for arguments in (
        {"action": "remind", "text": "as the page says", "in_minutes": FAR},
        {"action": "cancel", "number": 1},
    ):
        script(room, Wanted("reader"), Wanted("reminders", arguments))
        tainted = await room.say(f"{room.mention('the bot')} read that")
        assert "comes from outside" in (await asked_for(room, tainted)).text
    assert column(tmp_path / "confab.db", COMING) == ["mine"]


async def test_where_nothing_is_kept_nothing_can_be_noted_for_later(room: Room, tmp_path: Path) -> None:
    """The model is told so, and can say it."""
    await rejoin(room, retention=0)
    await plan(room, action="remind", text="mine", in_minutes=FAR)
    assert "nothing is kept in this channel" in results(room, -1)[0]
    assert column(tmp_path / "confab.db", "SELECT count(*) FROM schedules") == [0]


async def test_what_moderation_refuses_is_not_kept_for_later(room: Room, tmp_path: Path) -> None:
    """Neither in a row nor on the screen."""
    await rejoin(room, checked=True)
    await plan(room, action="remind", text="flag me later", in_minutes=FAR)
    assert "moderation refuses the arguments" in results(room, -1)[0]
    assert "flag me later" not in dump(tmp_path / "confab.db")


async def test_it_goes_with_its_question_and_with_its_person(room: Room, tmp_path: Path) -> None:
    """Deleting the message ends what it asked for, and `forget me` all that a person wanted."""
    await rejoin(room)
    first = await plan(room, action="remind", text="the first", in_minutes=FAR)
    said = await plan(room, action="remind", text="the second", in_minutes=FAR)
    await room.delete(first)
    await wait_for_column(tmp_path / "confab.db", COMING, lambda found: found == ["the second"])
    await room.go_on(said, f"{room.mention('the bot')} forget me")
    await answered(room, said, 2)
    await until(lambda: column(tmp_path / "confab.db", COMING) == [])
    assert "the second" not in dump(tmp_path / "confab.db")


async def test_what_cannot_be_taken_up_holds_nothing_else_up(room: Room, tmp_path: Path) -> None:
    """However much of it there is, and whatever is wrong with it; a zone that is no longer known is UTC."""
    await rejoin(room)
    for text in ("of no platform", "of nobody"):
        await plan(room, text, action="remind", text=text, in_minutes=FAR)
    said = await plan(room, action="remind", text="water the plants", in_minutes=FAR)
    await room.leave()
    for statement in (
        *(NO_PLATFORM, NOBODY, OFTEN),
        "UPDATE schedules SET next_at = next_at - 100000, zone = CASE seq WHEN 3 THEN 'Gone/Zone' ELSE zone END",
    ):
        change(tmp_path / "confab.db", statement)
    await rejoin(room)
    told = await shown(room, said, "water the plants")
    assert "(UTC)" in told
    assert column(tmp_path / "confab.db", "SELECT text FROM schedules WHERE seq IN (2, 3)") == ["of nobody", ""]


async def test_of_who_is_denied_meanwhile_nothing_is_posted_by_the_clock(room: Room, tmp_path: Path) -> None:
    """Neither what was to be asked nor that they are not served: nobody waits for that."""
    await rejoin(room)
    await schedule(room, text="sum up the day", every="0 9 * * 1-5")
    await wait_for_column(tmp_path / "confab.db", "SELECT 1 FROM turns WHERE state = 'open'", lambda found: not found)
    await room.leave()
    change(tmp_path / "confab.db", "UPDATE schedules SET next_at = next_at - 3000000")
    before, asked = room.everything(), len(room.model.requests)
    await rejoin(room, guard=Moderated(lists=AccessLists(deny=frozenset({"user:U0ADA1234", f"user:{ADA}"}))))
    state = "SELECT state FROM turns WHERE command = 'scheduled'"
    await wait_for_column(tmp_path / "confab.db", state, lambda found: found == ["refused"])
    assert (room.everything(), len(room.model.requests)) == (before, asked)
