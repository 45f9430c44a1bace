"""The contract of every platform: what was said around a question stands before the model too, as data."""

import asyncio

import pytest

from core.commands import STOPPED
from core.policy import ChannelSettings, Policies
from deploy.sandbox.openai.model import Reply
from tests.contract.platform_room import Channel, Recording, Room, Said, answered, ask, settled, told

CHANNELS: tuple[Channel, ...] = ("general", "random")


async def test_what_was_said_since_the_last_answer_is_read_at_each_mention(room: Room) -> None:
    """With follow-ups off, what colleagues write between two mentions comes along, in order and under their names."""
    await room.leave()
    await room.join(Policies(ChannelSettings(follow_ups=False)))
    said = await ask(room, "what is the plan?")
    for number in (2, 3):
        await room.go_on(said, f"not on day {number}", by="grace")
        await room.go_on(said, f"why not on day {number}?", by="ada")
        await room.go_on(said, f"{room.mention('the bot')} and now {number}?")
        await answered(room, said, number)
    first, second = told(room, 1), told(room, 2)
    since = [f"{room.name('grace')}: not on day 2", f"{room.name('ada')}: why not on day 2?"]
    assert first[-3:-1] == since
    assert second[: len(first)] == first
    assert second[-3:-1] == [line.replace("day 2", "day 3") for line in since]


async def test_what_was_said_to_somebody_else_is_read_with_the_next_question(room: Room) -> None:
    """Where follow-ups are on as well: a line that opens by mentioning others is not answered, and not lost."""
    said = await ask(room, "what is the plan?")
    await room.go_on(said, f"{room.mention('grace')} do you agree?")
    await room.go_on(said, f"{room.mention('ada')} not on Monday", by="grace")
    await room.go_on(said, f"{room.mention('the bot')} and now?")
    await answered(room, said, 2)
    grace, ada = room.name("grace"), room.name("ada")
    assert told(room, 1)[-3:-1] == [f"{ada}: @{grace} do you agree?", f"{grace}: @{ada} not on Monday"]
    assert len(room.model.requests) == 2


@pytest.mark.needs("channel context")
async def test_how_much_of_a_channel_is_known_differs_by_channel(room: Room) -> None:
    """By age, and off; where it is on, what was said there today can be summed up."""
    places = {name: (await room.say("we ship on Friday", by="another bot", channel=name)).place for name in CHANNELS}
    for hours, knows in ((1e-9, False), (24.0, True)):
        own = ChannelSettings(channel_context=9, channel_context_hours=hours)
        await room.leave()
        await room.join(Policies(ChannelSettings(channel_context=0), {places["random"]: own}))
        for name in CHANNELS:
            await ask(room, "summarise today", channel=name)
            lines = told(room, len(room.model.requests) - 1)
            assert any("we ship on Friday" in line for line in lines) == (knows and name == "random")
    assert f"{room.name('another bot')}: we ship on Friday".lower() in str(lines).lower()


@pytest.mark.needs("channel context")
async def test_a_question_at_the_top_brings_the_channels_last_messages_along(room: Room) -> None:
    """Labelled as such, each under its author's name; what was decided there is known."""
    await room.leave()
    await room.join(Policies(ChannelSettings(channel_context=3)))
    for number in range(4):
        await room.say(f"idea {number}", by="grace" if number % 2 else "ada")
    await ask(room, "what did we decide?")
    *before, question = told(room, 0)
    assert [line.partition("\n")[2] for line in before] == [
        f"{room.name('grace')}: idea 1",
        f"{room.name('ada')}: idea 2",
        f"{room.name('grace')}: idea 3",
    ]
    assert all(line.startswith("[Said in the channel before this conversation, at 20") for line in before)
    assert question == f"{room.name('ada')}: what did we decide?"


@pytest.mark.needs("channel context")
async def test_what_events_told_of_a_channel_is_known_and_what_was_taken_away_is_not(room: Room) -> None:
    """After the first question there: later lines, edits and deletions, also of what stood there before."""
    await room.leave()
    await room.join(Policies(ChannelSettings(channel_context=10)))
    changed, gone = await room.say("at nine"), await room.say("or never", by="grace")
    await ask(room, "when?")
    await room.edit(changed, "at ten")
    await room.delete(gone)
    await room.say("I come too", by="grace")
    said = await ask(room, "and who?")
    lines = [line.partition("\n")[2] for line in told(room, 1)[:-1]]
    assert lines[0] == f"{room.name('ada')}: at ten"
    assert lines[-1] == f"{room.name('grace')}: I come too"
    assert "never" not in str(lines)
    await room.edit(changed, "at eleven")
    await room.go_on(said, f"{room.mention('the bot')} again?")
    await answered(room, said, 2)
    assert told(room, 2)[0].partition("\n")[2] == f"{room.name('ada')}: at eleven"


@pytest.mark.needs("files earlier")
async def test_a_file_earlier_in_the_thread_is_named_under_who_posted_it_and_read(room: Room) -> None:
    """Also where its message is nothing but the file."""
    said = await room.share("", "notes.txt", b"Ship on Friday.", "text/plain")
    await room.go_on(said, "I have read it", by="grace")
    await room.go_on(said, f"{room.mention('the bot')} what does it say?", by="grace")
    await answered(room, said)
    assert told(room, 0)[:2] == [
        f"{room.name('ada')}: [file notes.txt]\n```\nShip on Friday.\n```",
        f"{room.name('grace')}: I have read it",
    ]


@pytest.mark.needs("files earlier")
async def test_of_many_files_earlier_in_the_thread_the_newest_are_read(room: Room) -> None:
    """Of the others the names are told; a picture or a voice note alone is a line as well."""
    said = await room.say("what came in", by="grace")
    notes = [Recording(f"note {number}".encode(), "text/plain", f"{number}.txt", None) for number in range(6)]
    for file in (
        Recording(b"\x89PNG\r\n\x1a\n", "image/png", "a.png", None),
        *notes[:4],
        Recording(b"", "", ""),
        *notes[4:],
    ):
        await room.record(file, into=said)
    await room.go_on(said, f"{room.mention('the bot')} what is there?", by="grace")
    await answered(room, said)
    lines = [line.partition(": ")[2] for line in told(room, 0)]
    assert lines[1] == "[picture a.png]"
    assert lines[2:4] == ["[file 0.txt]", "[file 1.txt]"]
    assert lines[4:6] == [f"[file {number}.txt]\n```\nnote {number}\n```" for number in (2, 3)]
    assert lines[6].startswith("[voice note ")
    assert lines[7:9] == [f"[file {number}.txt]\n```\nnote {number}\n```" for number in (4, 5)]


@pytest.mark.needs("apps are heard")
async def test_an_apps_post_above_the_mention_is_read_under_the_apps_name(room: Room) -> None:
    """As an alert that somebody asks about in its thread, and what the app adds later."""
    alert = await room.say("CPU of api-7 is at 97 %", by="another bot")
    await room.go_on(alert, f"{room.mention('the bot')} what does it mean?")
    await answered(room, alert)
    name = told(room, 0)[0].partition(":")[0]
    assert name.lower() == room.name("another bot").lower()
    assert told(room, 0)[0] == f"{name}: CPU of api-7 is at 97 %"
    await room.go_on(alert, "Resolved", by="another bot")
    await room.go_on(alert, f"{room.mention('the bot')} and now?")
    await answered(room, alert, 2)
    assert told(room, 1)[-2] == f"{name}: Resolved"
    assert len(room.model.requests) == 2


@pytest.mark.needs("forwards")
async def test_what_is_forwarded_is_read_under_its_authors_name_with_its_files(room: Room) -> None:
    """As data, each line quoted."""
    said = await room.say("we ship on Friday\nat noon", by="grace")
    await answered(room, await room.forward(said))
    name = room.name("grace")
    assert "> we ship on Friday\n> at noon" in told(room, 0)[-1]
    assert f"message by {name}" in told(room, 0)[-1] or f"message is by {name}" in told(room, 0)[-1]
    file = await room.share("the plan", "plan.txt", b"Ship it.", "text/plain", by="grace")
    await room.forward(file)
    await room.until(lambda: len(room.model.requests) == 2)
    assert "> the plan" in told(room, 1)[-1]
    assert "[file plan.txt]\n```\nShip it.\n```" in told(room, 1)[-1]


@pytest.mark.needs("replied-to")
async def test_what_a_question_replies_to_is_read_under_its_authors_name_with_its_files(room: Room) -> None:
    """Below the question; where that is a mention alone, it is what is asked about."""
    said = await room.share("we ship on Friday", "plan.txt", b"Ship it.", "text/plain", by="grace")
    await answered(room, await room.reply_to(said, f"{room.mention('the bot')} true?"))
    await answered(room, await room.reply_to(said, room.mention("the bot")))
    first, second = told(room, 0)[-1], told(room, 1)[-1]
    assert first.startswith("true?")
    assert f"In reply to {room.name('grace')}:\n  > we ship on Friday" in first
    assert f"this message by {room.name('grace')}?" in second
    assert all("[file plan.txt]\n```\nShip it.\n```" in each for each in (first, second))


async def test_halves_of_characters_that_a_model_streams_are_one_text(room: Room) -> None:
    """In one call; a half that never gets its other is U+FFFD, and later prompts hold the answer and no notice."""
    cases = {("Party ", "\ud83c", "\udf89", " now"): "Party 🎉 now", ("\udcaf",): "\ufffd", ("a", "\ud83c"): "a\ufffd"}
    for number, (pieces, shown) in enumerate(cases.items()):
        room.model.script.extend([Reply(pieces=pieces), Reply("yes")])
        said = await room.say(f"{room.mention('the bot')} sing")
        await room.until(lambda said=said, shown=shown: room.answers(said) == [shown])  # type: ignore[misc]
        await room.go_on(said, f"{room.mention('the bot')} again?")
        await answered(room, said, 2)
        assert told(room, 2 * number + 1) == ["sing", shown, "again?"]
    assert len(room.model.requests) == 2 * len(cases)


STOPS = ("Stop!", "**STOP** \U0001f6d1", "stop {bot}")


async def answering(room: Room, said: Said, hold: asyncio.Event) -> None:
    """Wait until the first words of an answer stand there that goes on once the event is set."""
    await room.until(lambda: "so far" in "".join(room.answers(said)))
    assert not hold.is_set()


async def has_stopped(room: Room, said: Said) -> None:
    """Wait until an answer says that it was stopped."""
    await room.until(lambda: STOPPED in "".join(room.answers(said)))


@pytest.mark.parametrize("follow_ups", [True, False])
async def test_a_bare_stop_where_the_bot_answers_ends_its_answer(room: Room, follow_ups: bool) -> None:
    """Without a mention, however it is written, also where nothing else is for the bot without one."""
    await room.leave()
    await room.join(Policies(ChannelSettings(follow_ups=follow_ups)))
    for stop in STOPS if follow_ups else STOPS[:1]:
        hold = asyncio.Event()
        room.model.script.append(Reply(pieces=("so far", " and more"), hold=hold))
        said = await room.say(f"{room.mention('the bot')} tell me a lot")
        await answering(room, said, hold)
        await room.go_on(said, stop.format(bot=room.mention("the bot")))
        await has_stopped(room, said)
        hold.set()
        await answered(room, said, 2)
    calls = len(room.model.requests)
    other = await room.say("we should", by="grace")
    await room.go_on(other, "stop")
    if not follow_ups:
        await room.go_on(said, "stop", by="grace")  # as people say to each other where nothing is being answered
    await settled(room)
    assert len(room.model.requests) == calls + 1
    assert room.answers(other) == []
    assert len(room.answers(said)) == 2


async def test_a_bare_stop_in_a_direct_message_ends_what_is_answered_there(room: Room) -> None:
    """Also where each message of it begins a thread."""
    hold = asyncio.Event()
    room.model.script.append(Reply(pieces=("so far", " and more"), hold=hold))
    said = await room.tell("tell me a lot")
    await answering(room, said, hold)
    await room.tell("stop")
    await has_stopped(room, said)
    hold.set()
    assert len(room.model.requests) == 1
