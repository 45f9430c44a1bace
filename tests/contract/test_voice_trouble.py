"""The contract of every platform: what cannot be heard is said plainly, costs nothing, and the thread goes on."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from core.errors import BotError
from core.voice.errors import (
    LanguageNotHeard,
    NoteBeyondTranscriber,
    NoteIncomplete,
    NoteNotFetched,
    NoteSilent,
    NoteTooLong,
    NoteTooShort,
    NoteUnplayable,
    NoteWithoutSpeech,
    NoteWithoutWords,
    NoTranscriber,
    TooManyRecordings,
    TranscriberFailing,
)
from core.voice.notes import MOST_RECORDINGS
from core.voice.settings import VoiceSettings
from deploy.sandbox.openai.model import FAULTS, Fault
from tests.contract.platform_room import Recording, Room, Said, answered, told
from tests.support.asking import served
from tests.support.sound_files import PAGE, PICTURE, WEATHER, bomb, noise, repeated, sound, spoken, wav
from tests.support.voice import Voice

OGG = sound("weather.ogg")
# Each is made when it is sent: some take longer to make than to refuse.
CASES: dict[str, tuple[Callable[[], Recording], type[BotError]]] = {
    "zero bytes": (lambda: Recording(b"", "audio/ogg"), NoteUnplayable),
    "a picture called .ogg": (lambda: Recording(PICTURE, "audio/ogg", "note.ogg"), NoteUnplayable),
    "a page": (lambda: Recording(PAGE, "audio/ogg"), NoteUnplayable),
    "a playlist that names other files": (
        lambda: Recording(b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "audio/ogg", "list.ogg"),
        NoteUnplayable,
    ),
    "an m4a without its end": (lambda: Recording(sound("weather.m4a")[:6000], "audio/mp4"), NoteUnplayable),
    "a note of which most is missing": (
        lambda: Recording(repeated("weather.ogg", 19)[:20_000], "audio/ogg", seconds=19.0),
        NoteIncomplete,
    ),
    "silence": (lambda: Recording(wav(bytes(64_000)), "audio/wav"), NoteSilent),
    "noise": (lambda: Recording(wav(noise(3.0)), "audio/wav"), NoteWithoutSpeech),
    "a humming machine": (lambda: Recording(wav(noise(3.0, 4_000, "hum")), "audio/wav"), NoteWithoutSpeech),
    "more than it may be long": (lambda: Recording(OGG, "audio/ogg", seconds=7200.0), NoteTooLong),
    "more than it says": (lambda: Recording(repeated("weather.ogg", 30), "audio/ogg", seconds=3.0), NoteTooLong),
    "a little that becomes much": (lambda: Recording(bomb(10), "audio/flac", seconds=3.0), NoteTooLong),
    "more than it may be large": (
        lambda: Recording(spoken("weather.ogg", seconds=90), "audio/wav", seconds=5.0),
        NoteTooLong,
    ),
}
SMALL = VoiceSettings(minutes=20 / 60, megabytes=2)


async def mention_with(room: Room, note: Recording) -> Said:
    """Mention the bot with a recording, in a conversation of its own."""
    return await room.record(note, text=room.mention("the bot"), into="channel")


async def is_refused(room: Room, said: Said, error: type[BotError]) -> None:
    """See that a person reads the error's sentence with a reference, and that the thread then goes on."""
    room.model.requests.clear()
    answer = (await answered(room, said))[0]
    assert answer.startswith(f"_{error.notice}_ (reference ")
    assert room.model.requests == []
    await room.go_on(said, "never mind, what now?")
    await answered(room, said, 2)
    assert told(room, 0)[-1] == "never mind, what now?"


async def test_what_cannot_be_listened_to_gets_a_clear_sentence(room: Room) -> None:
    """And no transcriber is asked about it."""
    await room.leave()
    await room.join(voice=Voice(SMALL))
    for note, error in CASES.values():
        await is_refused(room, await mention_with(room, note()), error)
        assert room.model.sounds.requests == []


@pytest.mark.parametrize("note", ["more than it may be long", "more than it may be large"])
async def test_what_the_event_says_is_too_much_is_not_fetched(room: Room, note: str) -> None:
    """The event tells a length and a size."""
    await room.leave()
    await room.join(voice=Voice(SMALL))
    await answered(room, await room.record(CASES[note][0]()))
    assert room.fetched() == 0


async def test_a_file_that_is_gone_gets_a_sentence(room: Room) -> None:
    """Its address may have expired."""
    room.lose_files()
    await is_refused(room, await room.record(Recording(OGG, "audio/ogg")), NoteNotFetched)


async def test_a_transcriber_that_fails_gets_a_sentence(room: Room) -> None:
    """Whether it is down or talks nonsense; it is asked once."""
    await room.leave()
    await room.join(voice=Voice(retry_deadline=0.001))
    for name in ("500", "429", "quota", "html"):
        fault = FAULTS[name]
        assert isinstance(fault, Fault)
        room.model.sounds.script.append(fault)
        room.model.sounds.requests.clear()
        await is_refused(room, await mention_with(room, Recording(OGG, "audio/ogg")), TranscriberFailing)
        assert len(room.model.sounds.requests) == 1, name


@pytest.mark.parametrize(
    "said", ["", "Thank you for watching!", "[BLANK_AUDIO]", "<|nospeech|>", "Субтитры сделал DimaTorzok"]
)
async def test_a_transcriber_that_says_nothing_gets_a_sentence(room: Room, said: str) -> None:
    """What it is paid for it is asked once."""
    room.model.sounds.script.append(said)
    await is_refused(room, await room.record(Recording(OGG, "audio/ogg")), NoteWithoutWords)
    assert len(room.model.sounds.requests) == 1


async def test_a_transcriber_that_is_silent_gets_a_sentence(room: Room) -> None:
    """Its time may be over before the call arrives."""
    fault = FAULTS["silent"]
    assert isinstance(fault, Fault)
    room.model.sounds.script.append(fault)
    await room.leave()
    await room.join(voice=Voice(timeout=3.0, retry_deadline=0.001))
    await is_refused(room, await room.record(Recording(OGG, "audio/ogg")), TranscriberFailing)


async def test_a_transcriber_that_comes_back_is_asked_again(room: Room) -> None:
    """A short trouble is not worth a sentence."""
    room.model.sounds.prose = WEATHER
    room.model.sounds.script.append(FAULTS["503"])  # type: ignore[arg-type]  # a fault
    await room.leave()
    await room.join(voice=Voice(retry_deadline=30.0))
    said = await room.record(Recording(OGG, "audio/ogg"))
    assert WEATHER in (await answered(room, said))[0]
    assert [request.status for request in room.model.sounds.requests] == [503, 200]


async def test_where_there_are_no_transcriptions_one_sentence_says_so(room: Room) -> None:
    """The endpoint is not asked again, and nothing more is fetched for it."""
    room.model.sounds.absent = True
    await is_refused(room, await room.record(Recording(OGG, "audio/ogg")), NoTranscriber)
    said = await room.record(Recording(sound("friday.ogg"), "audio/ogg"))
    await room.until(lambda: sum(NoTranscriber.notice in each for each in room.everything()) == 2)
    assert room.fetched() == 1
    assert said


@asynccontextmanager
async def another(status: int, body: dict[str, str]) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve another transcriber, which always answers the same; return its base URL and the names of what it gets."""
    names: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        names.append(file.filename)
        return web.json_response(body, status=status)

    async with served(web.post("/v1/audio/transcriptions", answer)) as url:
        yield f"{url}/v1", names


async def test_the_words_stand_without_a_models_marks(room: Room) -> None:
    """For people and for the model."""
    for recording, text, words in (
        ("weather.ogg", "language English<asr_text>well heard", "well heard"),
        ("dog.ogg", "<|en|><|NEUTRAL|><|Speech|><|withitn|>well heard", "well heard"),
        ("friday.ogg", "[Music] well heard. Thank you for watching!", "well heard. Thank you for watching!"),
    ):
        room.model.requests.clear()
        room.model.sounds.script.append(text)
        said = await mention_with(room, Recording(sound(recording), "audio/ogg"))
        assert (await answered(room, said))[0].startswith(f"> \N{MICROPHONE} {words}\n")
        assert told(room, 0)[-1].endswith(f"]\n{words}")


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (400, "Maximum clip duration is 30 seconds", NoteBeyondTranscriber),
        (413, "audio duration 1900 seconds is longer than 1400 seconds which is the maximum", NoteBeyondTranscriber),
        (400, "Unsupported language: xx", LanguageNotHeard),
        (422, "Invalid language 'xx'. Language parameter must be specified in ISO-639-1 format.", LanguageNotHeard),
        (400, "Audio file is too short. Minimum audio length is 0.1 seconds.", NoteTooShort),
        (501, "This server does not support audio input.", NoTranscriber),
        (500, "This model does not support audio input", NoTranscriber),
        (200, "Unexpected endpoint or method. (POST /v1/audio/transcriptions)", NoTranscriber),
    ],
)
async def test_what_a_transcriber_refuses_gets_its_true_sentence(
    room: Room, status: int, message: str, error: type[BotError]
) -> None:
    """After one upload, since another would end no better."""
    async with another(status, {"error": message}) as (url, names):
        await room.leave()
        await room.join(voice=Voice(base_urls=(url,)))
        await is_refused(room, await room.record(Recording(OGG, "audio/ogg")), error)
        assert names == ["voice.ogg"]


@pytest.mark.parametrize("text", ["", ":", "…"])
async def test_a_mention_with_nothing_but_a_recording_that_cannot_be_heard_asks_no_model(room: Room, text: str) -> None:
    """Its guess would stand above the notice."""
    said = await room.record(
        Recording(PICTURE, "audio/ogg", "note.ogg"), text=f"{room.mention('the bot')}{text}", into="channel"
    )
    (answer,) = await answered(room, said)
    assert answer.startswith(f"_{NoteUnplayable.notice}_ (reference ")
    assert room.model.requests == []


async def test_where_one_transcriber_is_down_the_next_one_is_asked(room: Room) -> None:
    """In the order in which they are set."""
    async with another(500, {}) as (down, first), another(200, {"text": "well heard"}) as (up, second):
        await room.leave()
        await room.join(voice=Voice(base_urls=(down, up), retry_deadline=0.001))
        said = await room.record(Recording(OGG, "audio/ogg", "$(reboot) weather.m4a"))
        assert "well heard" in (await answered(room, said))[0]
        assert first == second == ["voice.ogg"]


async def test_what_an_endpoint_refuses_is_sent_again_as_opus(room: Room) -> None:
    """Not every endpoint takes every container."""
    sounds: list[bytes] = []

    async def picky(request: web.Request) -> web.Response:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        sounds.append(file.file.read(4))
        if sounds[-1] != b"OggS":
            return web.json_response({"error": {"message": "Invalid file format."}}, status=400)
        return web.json_response({"text": "well heard"})

    async with served(web.post("/v1/audio/transcriptions", picky)) as url:
        await room.leave()
        await room.join(voice=Voice(base_urls=(f"{url}/v1",)))
        said = await room.record(Recording(sound("weather.webm"), "audio/webm"))
        assert "well heard" in (await answered(room, said))[0]
    assert sounds == [b"\x1a\x45\xdf\xa3", b"OggS"]


async def test_of_several_recordings_the_good_ones_are_answered(room: Room) -> None:
    """And why another one was not heard stands below."""
    room.model.sounds.prose = WEATHER
    files = [Recording(OGG, "audio/ogg", "one.ogg", None), Recording(PICTURE, "audio/ogg", "two.ogg", None)]
    said = await room.record(*files)
    await room.until(lambda: any(NoteUnplayable.notice in answer for answer in room.answers(said)))
    assert "[recording two.ogg: it could not be understood]" in told(room, 0)[0]


async def test_of_very_many_recordings_the_first_are_heard_and_that_is_said(room: Room) -> None:
    """No more are fetched, so that nobody waits for all of them."""
    room.model.sounds.prose = WEATHER
    files = [Recording(OGG, "audio/ogg", f"{number}.ogg", None) for number in range(MOST_RECORDINGS + 2)]
    said = await room.record(*files)
    await room.until(lambda: any(TooManyRecordings.notice in answer for answer in room.answers(said)))
    assert room.fetched() == MOST_RECORDINGS
    assert told(room, 0)[0].count(WEATHER) == MOST_RECORDINGS
