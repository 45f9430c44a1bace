"""What is pure about voice notes: admission, what is uploaded as it is, parts as one text, and what is told."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import VoiceError
from core.messages import Attachment
from core.storage.transcripts import TranscriptPart
from core.voice.audio_info import AudioInfo, check_limits, check_playable, is_recording
from core.voice.errors import NoteIncomplete, NoteSilent, NoteTooLong, NoteUnplayable
from core.voice.notes import RecordingResult, quote_transcripts
from core.voice.settings import VoiceSettings
from core.voice.stitch import stitch_transcripts

WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=6)
OPUS = AudioInfo("ogg", "opus", False, 30.0, 30.0, True, 120_000)


def file(name: str = "", media_type: str = "", *, note: bool = False) -> Attachment:
    """Return an attachment."""
    return Attachment("F1", name, media_type, "https://files.slack.com/F1", is_voice_note=note)


@pytest.mark.parametrize(
    "known",
    [
        file("audio_message.m4a", "audio/mp4"),
        file("clip.MOV", "video/quicktime"),
        file("note.ogg"),
        file("NOTE.OPUS", "application/octet-stream"),
        file("x", "application/ogg"),
        file("", "", note=True),
    ],
)
def test_a_recording_is_known_by_flag_type_or_ending(known: Attachment) -> None:
    """Any one of them is enough, since each is missing at times."""
    assert is_recording(known)


@pytest.mark.parametrize("other", [file("notes.txt", "text/plain"), file("ogg"), file("a.ogg.pdf"), file()])
def test_other_files_are_no_recordings(other: Attachment) -> None:
    """Nothing is guessed."""
    assert not is_recording(other)


@given(seconds=st.floats(0, 10_000), size=st.integers(0, 10_000_000))
def test_what_exceeds_a_limit_is_not_admitted(seconds: float, size: int) -> None:
    """And nothing else is turned away."""
    limits = VoiceSettings(minutes=10, megabytes=1)
    note = Attachment("F1", "a.ogg", "audio/ogg", "", size, seconds, is_voice_note=True)
    if seconds > 600 or size > 1024 * 1024:
        with pytest.raises(NoteTooLong):
            check_limits(note, limits)
    else:
        check_limits(note, limits)


def clip(container: str = "ogg", codec: str = "opus", *, size: int = 120_000, seconds: float = 30.0) -> AudioInfo:
    """Return a clip."""
    return AudioInfo(container, codec, False, seconds, seconds, True, size)


@pytest.mark.parametrize(
    ("known", "passes"),
    [
        (clip(), True),
        (clip("mov,mp4,m4a,3gp,3g2,mj2", "aac"), True),
        (clip("mov,mp4,m4a,3gp,3g2,mj2", "alac"), False),
        (clip("amr", "amr_nb"), False),
        (clip("wav", "pcm_s16le", size=960_000), True),
        (clip("wav", "pcm_s16le", size=9_600_000, seconds=300.0), False),
        (clip(size=30_000_000, seconds=500.0), False),
        (clip(seconds=700.0, size=2_000_000), False),
        (AudioInfo("matroska,webm", "opus", True, 30.0, 30.0, True, 120_000), False),
    ],
)
def test_a_recording_is_uploaded_as_it_is_where_that_is_no_waste(known: AudioInfo, *, passes: bool) -> None:
    """In a container that endpoints take, short enough, and not much larger than it would be as Opus."""
    assert known.uploads_as_is(600.0) is passes


@pytest.mark.parametrize(
    ("found", "said", "error"),
    [
        (AudioInfo("ogg", "opus", False, 0.0, 0.0, False, 100), None, NoteUnplayable),
        (AudioInfo("ogg", "opus", False, 900.0, 900.0, True, 100), None, NoteTooLong),
        (AudioInfo("ogg", "opus", False, 10.0, 30.0, True, 100), None, NoteIncomplete),
        (AudioInfo("ogg", "opus", False, 10.0, 10.0, True, 100), 30.0, NoteIncomplete),
        (AudioInfo("ogg", "opus", False, 10.0, 10.0, False, 100), 10.0, NoteSilent),
    ],
)
def test_why_a_recording_is_not_transcribed(found: AudioInfo, said: float | None, error: type[VoiceError]) -> None:
    """By what its bytes are, and what was said of it."""
    with pytest.raises(error):
        check_playable(found, 600.0, said)


def test_a_good_recording_is_transcribed() -> None:
    """Also where nobody says how long it is."""
    check_playable(OPUS, 600.0, None)
    check_playable(OPUS, 600.0, 31.0)


@given(st.lists(st.lists(WORD, max_size=8), min_size=1, max_size=6))
def test_parts_that_end_in_pauses_are_put_behind_each_other(parts: list[list[str]]) -> None:
    """Every word once, in order."""
    assert stitch_transcripts([TranscriptPart(" ".join(words)) for words in parts]).split() == [
        word for words in parts for word in words
    ]


@given(words=st.lists(WORD, min_size=30, max_size=80, unique=True), cut=st.integers(12, 20), again=st.integers(3, 8))
def test_what_two_parts_both_say_stands_once(words: list[str], cut: int, again: int) -> None:
    """Also where a word at either edge was cut through, and heard as something else."""
    before, after = words[:cut], words[cut - again :]
    assert (
        stitch_transcripts([TranscriptPart(" ".join(before)), TranscriptPart(" ".join(after), overlap=2.0)]).split()
        == words
    )
    half = [*before, "zzzzzzz"]
    assume("zzzzzzz" not in words)
    assert (
        stitch_transcripts(
            [TranscriptPart(" ".join(half)), TranscriptPart(" ".join(["qqqqqqq", *after[1:]]), overlap=2.0)]
        ).split()
        == words
    )


def test_parts_are_compared_without_case_and_marks() -> None:
    """A machine hears the same word now with a full stop and now without."""
    lines = [TranscriptPart("We ship on Friday. Then we"), TranscriptPart("friday, then we rest", overlap=2.0)]
    assert stitch_transcripts(lines) == "We ship on Friday. Then we rest"


@given(st.text(max_size=600))
def test_a_quotation_is_one_short_line(text: str) -> None:
    """Whatever was heard, it cannot be mistaken for the answer below it."""
    quoted = quote_transcripts([RecordingResult(file("a.ogg"), text)])
    assert quoted == "" if not text else len(quoted.rstrip().splitlines()) == 1
    assert len(quoted) < 210
