"""What is known of a recording by its name and by its bytes, with real files through the audio process."""

import io
from array import array
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.messages import Attachment
from core.voice.audio import decode_frames
from core.voice.audio_info import AudioInfo, check_playable, is_recording
from core.voice.errors import NoteIncomplete, NoteSilent, NoteWithoutSpeech
from core.voice.promised_length import promised_share
from core.voice.worker import AudioWorker
from tests.support.sound_files import encoded, noise, sound, spoken, wav

NOISES = [("white", 1_500), ("white", 8_000), ("brown", 1_500), ("hum", 4_000), ("chord", 2_500)]


async def inspect(content: bytes, folder: Path) -> AudioInfo:
    """Return what the audio process says of a file."""
    path = folder / "recording"
    path.write_bytes(content)
    worker = AudioWorker()
    try:
        async with worker.open_process(("T1", "U1")) as process:
            return await process.inspect(path, 600.0)
    finally:
        await worker.close()


def with_silence(seconds: float) -> bytes:
    """Return the samples of a sentence behind so much silence."""
    return bytes(int(seconds * 16_000) * 2) + spoken("weather.ogg")[44:]


@pytest.mark.parametrize("silence", [0.5, 5.0])
@pytest.mark.parametrize(
    ("container", "codec", "options"),
    [("adts", "aac", {}), ("mp3", "libmp3lame", {"write_xing": "0"}), ("mp3", "libmp3lame", {}), ("ipod", "aac", {})],
)
async def test_silence_at_the_beginning_is_no_sign_of_a_cut(
    tmp_path: Path, silence: float, container: str, codec: str, options: dict[str, str]
) -> None:
    """FFmpeg guesses a length by the bit rate of the first frames where a head tells none."""
    samples = with_silence(silence)
    audio = await inspect(encoded(samples, container, codec, options), tmp_path)
    assert audio.seconds == pytest.approx(len(samples) / 32_000, abs=0.3)
    check_playable(audio, 600.0, None)


async def test_a_wav_whose_head_was_written_before_its_end_was_known_is_whole(tmp_path: Path) -> None:
    """A recorder that streams leaves the largest number there is."""
    for unknown in (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\xf0\xff\x7f", b"\0\0\0\0"):
        content = bytearray(wav(with_silence(0.5)))
        content[4:8] = content[40:44] = unknown
        check_playable(await inspect(bytes(content), tmp_path), 600.0, None)


@pytest.mark.parametrize(
    ("container", "codec", "options"),
    [
        ("ipod", "aac", {"movflags": "faststart"}),
        ("mov", "aac", {"movflags": "faststart"}),
        ("mp3", "libmp3lame", {}),
        ("mp3", "libmp3lame", {"id3v2_version": "3"}),
        ("flac", "flac", {}),
        ("matroska", "libopus", {}),
        ("wav", "pcm_s16le", {}),
        ("wav", "pcm_mulaw", {}),
        ("w64", "pcm_s16le", {}),
        ("caf", "pcm_s16le", {}),
        ("aiff", "pcm_s16be", {}),
    ],
)
async def test_what_was_cut_off_is_still_known(
    tmp_path: Path, container: str, codec: str, options: dict[str, str]
) -> None:
    """By the length in its head, wherever one is."""
    content = encoded(with_silence(0.5) * 4, container, codec, options)
    audio = await inspect(content[: len(content) // 2], tmp_path)
    with pytest.raises(NoteIncomplete):
        check_playable(audio, 600.0, None)


@pytest.mark.parametrize(("container", "codec"), [("ipod", "aac"), ("mp3", "libmp3lame")])
def test_what_stands_behind_a_damaged_piece_is_heard(container: str, codec: str) -> None:
    """A player passes over it as well."""
    content = bytearray(encoded(spoken("weather.ogg")[44:], container, codec))
    whole, middle = heard(content), len(content) // 2
    content[middle : middle + 120] = b"\xff" * 120
    assert 0.8 * whole < heard(content) < whole


def heard(content: bytes | bytearray) -> int:
    """Return how many samples of a recording can be decoded."""
    with av.open(io.BytesIO(bytes(content)), mode="r") as source:
        return sum(int(frame.samples) for frame in decode_frames(source))


@pytest.mark.parametrize("container", ["wav", "w64", "caf", "mp3"])
@given(st.binary(max_size=120))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_promise_some_length(tmp_path: Path, container: str, content: bytes) -> None:
    """No head leads into a circle, or out of the file."""
    path = tmp_path / "sound"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + content)
    assert promised_share(str(path), container) >= 1


@pytest.mark.parametrize(("kind", "loudness"), NOISES)
async def test_sound_in_which_nobody_speaks_is_known(tmp_path: Path, kind: str, loudness: int) -> None:
    """A transcriber would invent words over it."""
    audio = await inspect(wav(noise(4.0, loudness, kind)), tmp_path)
    with pytest.raises(NoteWithoutSpeech):
        check_playable(audio, 600.0, None)


@pytest.mark.parametrize("name", ["weather.m4a", "friday.ogg", "weather.mp3", "weather.webm"])
async def test_whoever_speaks_is_heard(tmp_path: Path, name: str) -> None:
    """In any form."""
    check_playable(await inspect(sound(name), tmp_path), 600.0, None)


async def test_whoever_speaks_is_heard_over_noise_and_from_afar_and_after_a_while(tmp_path: Path) -> None:
    """Two seconds of noise come first; the voice is a twentieth as loud as it was."""
    voice = array("h", spoken("weather.ogg")[44:])
    for before, background in ((noise(2.0), noise(4.0, 300)), (bytes(64_000), bytes(128_000)), (b"", noise(4.0, 20))):
        mixed = array(
            "h",
            (
                value // (20 if not before else 2) + other
                for value, other in zip(voice, array("h", background), strict=False)
            ),
        )
        check_playable(await inspect(wav(before + mixed.tobytes()), tmp_path), 600.0, None)


async def test_silence_is_told_from_noise(tmp_path: Path) -> None:
    """Each has a sentence of its own."""
    with pytest.raises(NoteSilent):
        check_playable(await inspect(wav(bytes(64_000)), tmp_path), 600.0, None)


NAMES = "note.qta", "Call.3ga", "memo.AMR", "note.awb", "clip.3gpp", "sound.aifc", "ring.m4r", "voice.mka", "a b.c.qta"


@pytest.mark.parametrize("name", NAMES)
def test_what_recorders_call_their_files_is_known(name: str) -> None:
    """Whatever type the platform gives them."""
    for media_type in ("application/octet-stream", "", "binary/octet-stream"):
        assert is_recording(Attachment("F1", name, media_type, ""))


@pytest.mark.parametrize("name", ["qta", "a.qta.pdf", "notes.3g", "amr.txt", "main.ts"])
def test_a_name_that_only_looks_like_one_is_none(name: str) -> None:
    """Nothing is guessed."""
    assert not is_recording(Attachment("F1", name, "application/octet-stream", ""))
