"""What a recording is: by what the platform says of it, then by its bytes, and in which form it is uploaded. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.messages import Attachment
from core.voice.errors import NoteIncomplete, NoteSilent, NoteTooLong, NoteUnplayable, NoteWithoutSpeech
from core.voice.settings import VoiceSettings

LARGEST = 24 * 1024 * 1024  # bytes of an upload; OpenAI takes 25 MB with the form around it (API reference, audio)
WORTH_IT = 1024 * 1024  # bytes: what is smaller is uploaded sooner than it is made smaller
OPUS = 3_200  # bytes of a second of the Opus that is made here, with Ogg around it
SLIM = 12_000  # bytes a second: what has no more is cut as it is, without being encoded anew
MISSING = 0.5  # of the length that the platform says: with less, something is missing
CUT_SHORT = 0.9  # of the length that a file's own head says

# FFmpeg's name of a container, and the ending under which endpoints know it (OpenAI API reference, audio).
UPLOADED = {
    ("ogg", "opus"): ".ogg",
    ("ogg", "vorbis"): ".ogg",
    ("mov,mp4,m4a,3gp,3g2,mj2", "aac"): ".m4a",
    ("matroska,webm", "opus"): ".webm",
    ("matroska,webm", "vorbis"): ".webm",
    ("mp3", "mp3"): ".mp3",
    ("flac", "flac"): ".flac",
    ("wav", "pcm_s16le"): ".wav",
}
COPIED = {"opus", "vorbis", "aac", "mp3"}
# What recorders call their files: QuickTime's .qta of Voice Memos and Samsung's .3ga among them.
ENDINGS = re.compile(
    r"aac|ac3|aif[cf]?|amr|asf|au|avi|awb|caf|flac|flv|m4[abrv]|mk[av]|mov|mp[234g]|mpeg|mpga|og[agvx]|opus|qta?|spx"
    r"|w64|wav|web[am]|wm[av]|3ga|3gpp?2?|3g2"
)
TYPES = ("audio/", "video/", "application/ogg", "application/mp4", "application/x-matroska", "application/vnd.ms-asf")


def is_recording(file: Attachment) -> bool:
    """Whether a file is to be listened to: a voice note, or what its type or its ending says is sound or a video.

    A clip may come with a wrong type or with none; what it is, its bytes tell later.
    """
    ending = PurePosixPath(file.name.lower()).suffix.removeprefix(".")
    return file.is_voice_note or file.media_type.lower().startswith(TYPES) or bool(ENDINGS.fullmatch(ending))


def recordings_of(files: Iterable[Attachment]) -> list[Attachment]:
    """Return the files that are to be listened to, in their order."""
    return [file for file in files if is_recording(file)]


def check_limits(file: Attachment, settings: VoiceSettings) -> None:
    """Raise NoteTooLong where the platform says so much of a file."""
    if (file.duration or 0) > settings.longest_seconds:
        raise NoteTooLong(f"{file.duration:.0f} s")
    if (file.size or 0) > settings.largest_bytes:
        raise NoteTooLong(f"{file.size} bytes")


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """A recording: FFmpeg's names of its container and codec, whether it has pictures, and what its sound is like.

    `seconds` is how long the sound in it lasts, `declared` what its head says, zero where it says nothing; `size` is
    in bytes; `has_sound` says that a sound is heard at all, `has_speech` that it is somebody who speaks.
    """

    container: str
    codec: str
    has_video: bool
    seconds: float
    declared: float
    has_sound: bool
    size: int
    has_speech: bool = True

    @property
    def ending(self) -> str:
        """The ending that fits its container; empty where endpoints do not take it."""
        return "" if self.has_video else UPLOADED.get((self.container, self.codec), "")

    def uploads_as_is(self, longest: float) -> bool:
        """Whether it is uploaded as it is, with at most `longest` seconds in one upload."""
        fits = bool(self.ending) and self.size <= LARGEST and self.seconds <= longest
        return fits and (self.size <= WORTH_IT or self.size <= self.seconds * OPUS * 1.5)

    @property
    def keeps_codec(self) -> bool:
        """Whether its parts keep its codec."""
        return self.codec in COPIED and self.container != "matroska,webm" and self.size <= self.seconds * SLIM


def check_playable(audio: AudioInfo, longest: float, said: float | None) -> None:
    """Raise the VoiceError that says why a recording is not transcribed; `said` is its length by the platform."""
    if audio.seconds <= 0:
        raise NoteUnplayable("no sound that can be decoded")
    if audio.seconds > longest:
        raise NoteTooLong(f"{audio.seconds:.0f} s by its bytes")
    if audio.seconds < max(audio.declared * CUT_SHORT - 1, (said or 0) * MISSING - 1):
        raise NoteIncomplete(f"{audio.seconds:.1f} s of {max(audio.declared, said or 0):.1f} s")
    if not audio.has_sound:
        raise NoteSilent(f"{audio.seconds:.1f} s")
    if not audio.has_speech:
        raise NoteWithoutSpeech(f"{audio.seconds:.1f} s")
