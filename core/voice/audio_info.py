"""What a recording is by its bytes, and in which form a transcriber is given it. Pure."""

from dataclasses import dataclass

from core.errors import NoteIncomplete, NoteSilent, NoteTooLong, NoteUnplayable

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


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """A recording: FFmpeg's names of its container and codec, whether it has pictures, and what its sound is like.

    `seconds` is how long the sound in it lasts, `told` what its head says, `size` is in bytes; `loud` says that a
    sound is heard at all.
    """

    container: str
    codec: str
    picture: bool
    seconds: float
    told: float
    loud: bool
    size: int

    @property
    def ending(self) -> str:
        """The ending that fits its container; empty where endpoints do not take it."""
        return "" if self.picture else UPLOADED.get((self.container, self.codec), "")

    def passes(self, longest: float) -> bool:
        """Whether it is uploaded as it is, with at most `longest` seconds in one upload."""
        fits = bool(self.ending) and self.size <= LARGEST and self.seconds <= longest
        return fits and (self.size <= WORTH_IT or self.size <= self.seconds * OPUS * 1.5)

    @property
    def copies(self) -> bool:
        """Whether its parts keep its codec."""
        return self.codec in COPIED and self.container != "matroska,webm" and self.size <= self.seconds * SLIM


def check(clip: AudioInfo, longest: float, said: float | None) -> None:
    """Raise the VoiceError that says why a recording is not transcribed; `said` is its length by the platform."""
    if clip.seconds <= 0:
        raise NoteUnplayable("no sound that can be decoded")
    if clip.seconds > longest:
        raise NoteTooLong(f"{clip.seconds:.0f} s by its bytes")
    if clip.seconds < max(clip.told * CUT_SHORT - 1, (said or 0) * MISSING - 1):
        raise NoteIncomplete(f"{clip.seconds:.1f} s of {max(clip.told, said or 0):.1f} s")
    if not clip.loud:
        raise NoteSilent(f"{clip.seconds:.1f} s")
