"""The contract of every platform: voice notes for the bot are heard, quoted and answered, each paid once.

The stand-in's transcriber listens to what it is sent, so that its words prove what was uploaded.
"""

import asyncio

import pytest

from core.policy import ChannelSettings, Policies
from core.voice.settings import VoiceSettings
from deploy.sandbox.openai.model import Reply
from tests.contract.platform_room import Recording, Room, answered, ask, settled, told
from tests.support.sound_files import BUDGET, DOG, FRIDAY, WEATHER, repeated, sound, spoken
from tests.support.voice import Voice

MARKED = "[voice note, transcribed by a machine]"
QUOTE = "> \N{MICROPHONE}"


def note(name: str = "weather.ogg") -> Recording:
    """Return a voice note as most clients send it."""
    return Recording(sound(name), "audio/ogg")


LISTENED_TO = {"slack": ("weather.m4a", "audio/mp4"), "discord": ("weather.ogg", "audio/ogg")}


def is_listening(room: Room, request: pytest.FixtureRequest) -> bool:
    """Let what is said be scripted on all platforms but one, since listening takes longer than all else."""
    if request.node.callspec.params["room"] == "slack":
        return True
    room.model.sounds.prose = WEATHER
    return False


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        ("weather.m4a", "audio/mp4"),
        ("weather.webm", "audio/webm"),
        ("weather.ogg", "audio/ogg"),
        ("weather.wav", "audio/wav"),
        ("weather.mp3", "audio/mpeg"),
        ("weather.m4a", "video/mp4"),
        ("weather.webm", "audio/mp4"),
        ("weather.ogg", ""),
    ],
)
async def test_a_voice_note_is_heard_and_answered(
    room: Room, request: pytest.FixtureRequest, file: str, media_type: str
) -> None:
    """Whatever container it is in, whatever it is said to be: the words are the question, and people see them.

    Two are listened to in earnest, since that takes longer than all else.
    """
    if (file, media_type) != LISTENED_TO.get(request.node.callspec.params["room"]):
        room.model.sounds.prose = WEATHER
    said = await room.record(Recording(sound(file), media_type))
    await room.model.until(lambda: room.model.requests)
    (answer,) = await answered(room, said)
    assert answer.startswith(f"{QUOTE} {WEATHER}\n\n")
    assert told(room, 0) == [f"{MARKED}\n{WEATHER}"]
    assert [request.status for request in room.model.sounds.requests] == [200]


@pytest.mark.prove
@pytest.mark.parametrize("file", ["weather.webm", "weather.wav", "weather.mp3"])
async def test_each_container_is_really_heard(room: Room, file: str) -> None:
    """As in what is listened to in earnest above."""
    await answered(room, await room.record(Recording(sound(file), "")))
    assert told(room, 0) == [f"{MARKED}\n{WEATHER}"]


async def test_a_voice_note_goes_on_in_a_thread_that_the_bot_is_in(room: Room) -> None:
    """It holds no mention, and needs none there; the next written question knows what was said."""
    room.model.sounds.prose = WEATHER
    said = await ask(room, "listen")
    await room.record(note(), into=said)
    await answered(room, said, 2)
    await room.go_on(said, "and?")
    await answered(room, said, 3)
    assert f"{MARKED}\n{WEATHER}" in told(room, 2)


async def test_a_voice_note_that_is_not_for_the_bot_is_left_alone(room: Room) -> None:
    """Nothing is fetched, and nobody is asked."""
    await room.record(note(), into="channel")
    said = await room.say("lunch?")
    await room.record(note(), into=said)
    await settled(room)
    assert room.fetched() == 0
    assert room.model.sounds.requests == []


async def test_in_a_channel_that_is_set_so_every_voice_note_is_for_the_bot(room: Room) -> None:
    """A channel in which people leave notes for it alone."""
    room.model.sounds.prose = WEATHER
    await room.leave()
    await room.join(Policies(ChannelSettings(voice_notes=True)))
    said = await room.record(note(), into="channel")
    assert (await answered(room, said))[0].startswith(f"{QUOTE} {WEATHER}")


@pytest.mark.needs("message menus")
async def test_a_voice_note_can_be_asked_about_from_its_menu(room: Room) -> None:
    """Also where it was not for the bot; a second question about it costs nothing."""
    room.model.sounds.prose = WEATHER
    said = await room.record(note(), into="channel")
    for number in (1, 2):
        await room.ask_about(said, "grace")
        await room.model.until(lambda number=number: len(room.model.requests) == number)  # type: ignore[misc]
    assert all(WEATHER in told(room, number)[-1] for number in (0, 1))
    assert (len(room.model.sounds.requests), room.fetched()) == (1, 1)


async def test_text_and_several_recordings_keep_their_order(room: Room, request: pytest.FixtureRequest) -> None:
    """The words as they were written and said."""
    heard = (BUDGET, DOG) if is_listening(room, request) else (WEATHER, WEATHER)
    files = [Recording(sound(f"{name}.ogg"), "audio/ogg", f"{name}.ogg", None) for name in ("budget", "dog")]
    said = await room.record(*files, text="two things:")
    (answer,) = await answered(room, said)
    assert answer.startswith(f"{QUOTE} {heard[0]}\n{QUOTE} {heard[1]}\n\n")
    both = zip(("budget", "dog"), heard, strict=True)
    marks = [f"[recording {name}.ogg, transcribed by a machine]\n{words}" for name, words in both]
    assert told(room, 0) == [f"{room.name('ada')}: two things:\n\n{marks[0]}\n\n{marks[1]}"]


async def test_what_is_delivered_three_times_is_heard_once(room: Room) -> None:
    """One fetch, one transcript, one answer."""
    room.model.sounds.prose = WEATHER
    room.redeliver(3)
    said = await room.record(note())
    await answered(room, said)
    await settled(room)
    assert (len(room.model.sounds.requests), len(room.answers(said)), room.fetched()) == (1, 1, 1)


async def test_a_transcript_outlives_a_kill_before_the_answer(room: Room) -> None:
    """It is on disk before the model is asked."""
    room.model.sounds.prose = WEATHER
    room.model.script.append(Reply("never seen", hold=asyncio.Event()))
    said = await room.record(note())
    await room.model.until(lambda: room.model.requests)
    await room.leave()
    await room.join()
    await room.model.until(lambda: len(room.model.requests) == 2)
    assert WEATHER in (await answered(room, said))[0]
    assert (len(room.model.sounds.requests), room.fetched()) == (1, 1)


async def test_the_same_recording_in_another_conversation_is_not_paid_again(room: Room) -> None:
    """It is known by its content."""
    room.model.sounds.prose = WEATHER
    await answered(room, await room.record(note()))
    said = await ask(room, "listen")
    await room.record(note(), into=said)
    await answered(room, said, 2)
    assert (len(room.model.sounds.requests), room.fetched()) == (1, 2)


async def test_the_same_recording_twice_at_once_is_transcribed_once(room: Room) -> None:
    """Whoever comes second waits for the first."""
    room.model.sounds.prose = WEATHER
    files = [Recording(sound("weather.ogg"), "audio/ogg", name, None) for name in ("one.ogg", "two.ogg")]
    await answered(room, await room.record(*files))
    assert len(room.model.sounds.requests) == 1
    assert told(room, 0)[0].count(WEATHER) == 2


async def test_a_note_is_transcribed_while_an_earlier_message_is_being_answered(room: Room) -> None:
    """So that its own answer begins at once."""
    room.model.sounds.prose = WEATHER
    hold = asyncio.Event()
    said = await ask(room, "hi")
    room.model.script.append(Reply(pieces=("slow", " one"), hold=hold))
    await room.go_on(said, "think long")
    await room.model.until(lambda: len(room.model.requests) == 2)
    await room.record(note(), into=said)
    await room.model.until(lambda: [each.done_at for each in room.model.sounds.requests if each.done_at])
    assert len(room.model.requests) == 2
    hold.set()
    assert WEATHER in (await answered(room, said, 3))[2]


async def test_a_recording_that_is_cut_says_the_same_words(room: Room, request: pytest.FixtureRequest) -> None:
    """In pauses, into mono Opus, heard part by part, and none lost or doubled."""
    words = f"{FRIDAY} {DOG}" if is_listening(room, request) else WEATHER
    await room.leave()
    await room.join(voice=Voice(VoiceSettings(longest_part=3.5)))
    said = await room.record(Recording(spoken("friday.ogg", "dog.ogg"), "audio/wav", seconds=6.0))
    await room.model.until(lambda: room.model.requests, 60.0)
    assert told(room, 0)[0].endswith(words)
    assert len(room.model.sounds.requests) > 1
    assert {request.head[:4] for request in room.model.sounds.requests} == {b"OggS"}
    await answered(room, said)


@pytest.mark.prove  # a transcriber that really listens takes its time over an hour
async def test_a_recording_of_an_hour_is_cut_and_its_progress_shown(room: Room) -> None:
    """As long as the newest models take at a time, and people see that something is being done."""
    room.model.sounds.prose = WEATHER
    room.model.sounds.hold = asyncio.Event()
    said = await room.record(Recording(repeated("weather.ogg", 3600), "audio/ogg", seconds=3600.0))
    await room.until(lambda: any("listening to the recording (60 min)" in each for each in room.answers(said)), 60.0)
    room.model.sounds.hold.set()
    await room.model.until(lambda: room.model.requests, 120.0)
    await room.until(lambda: any(each.startswith(f"{QUOTE} {WEATHER}") for each in room.answers(said)), 60.0)
    heard = room.model.sounds.requests
    assert 6 <= len(heard) <= 8
    assert {request.status for request in heard} == {200}
    assert 3600 <= sum(request.seconds for request in heard) < 3610
    assert told(room, 0)[0].count(WEATHER) == len(heard)
    assert len(room.answers(said)) == 1


@pytest.mark.prove  # it takes as long as making 26 MB small takes
async def test_a_recording_of_26_megabytes_is_made_small(room: Room) -> None:
    """Larger than the endpoint takes, and no reason to refuse it."""
    room.model.sounds.prose = WEATHER
    content = spoken("weather.ogg", seconds=26 * 1024 * 1024 / 32_000)
    assert len(content) > 26 * 1024 * 1024
    room_limit = Recording(content, "audio/wav", "talk.wav", None)
    said = await room.record(room_limit)
    await room.model.until(lambda: room.model.requests, 90.0)
    assert WEATHER in (await answered(room, said))[0]
    assert all(request.size < 4_000_000 for request in room.model.sounds.requests)


async def test_a_mention_beside_a_clip_is_for_the_bot(room: Room) -> None:
    """In a channel, where the note alone would not be."""
    room.model.sounds.prose = WEATHER
    said = await room.record(
        Recording(sound("weather.ogg"), "audio/ogg"), text=f"{room.mention('the bot')} and this?", into="channel"
    )
    assert (await answered(room, said))[0].startswith(f"{QUOTE} {WEATHER}")
    assert told(room, 0)[-1].startswith("and this?\n\n[")


async def test_a_transcript_goes_with_its_message(room: Room) -> None:
    """Once that is deleted, the same recording is listened to anew."""
    room.model.sounds.prose = WEATHER
    said = await room.record(note())
    await answered(room, said)
    await room.delete(said)
    await settled(room)
    await answered(room, await room.record(note()))
    await room.model.until(lambda: len(room.model.sounds.requests) == 2)


async def test_a_transcript_goes_with_the_conversation_that_is_forgotten(room: Room) -> None:
    """`reset` leaves nothing of it."""
    room.model.sounds.prose = WEATHER
    said = await ask(room, "listen")
    await room.record(note(), into=said)
    await answered(room, said, 2)
    await room.go_on(said, f"{room.mention('the bot')} reset")
    await answered(room, said, 3)
    await answered(room, await room.record(note()))
    assert len(room.model.sounds.requests) == 2


async def test_a_transcript_is_kept_for_as_long_as_it_is_set(room: Room) -> None:
    """After that it has to be paid again."""
    room.model.sounds.prose = WEATHER
    await room.leave()
    await room.join(voice=Voice(VoiceSettings(transcript_days=1e-9)))
    for number, name in enumerate(("weather.ogg", "dog.ogg", "weather.ogg")):
        await room.record(note(name))
        await room.model.until(lambda number=number: len(room.model.requests) > number)  # type: ignore[misc]
        await room.until(lambda number=number: sum(QUOTE in each for each in room.everything()) > number)  # type: ignore[misc]
    assert len(room.model.sounds.requests) == 3


async def test_recordings_are_put_into_english_where_that_is_set(room: Room) -> None:
    """By the endpoint for translations, and apart from what was transcribed before."""
    room.model.sounds.prose = WEATHER
    await answered(room, await room.record(note()))
    await room.leave()
    await room.join(Policies(ChannelSettings(translate=True)))
    await answered(room, await room.record(note()))
    await room.model.until(lambda: len(room.model.sounds.requests) == 2)
    assert [request.task for request in room.model.sounds.requests] == ["transcriptions", "translations"]


async def test_a_note_that_is_deleted_while_it_is_listened_to_is_not_answered(room: Room) -> None:
    """Nothing of it stays in the channel."""
    room.model.sounds.hold = asyncio.Event()
    said = await room.record(Recording(repeated("weather.ogg", 90), "audio/ogg", seconds=90.0))
    await room.until(lambda: room.answers(said), 30.0)
    await room.delete(said)
    room.model.sounds.hold.set()
    await settled(room)
    await room.until(lambda: not room.answers(said))
    assert len(room.model.requests) == 1
