"""What the stand-in refuses of a recording, as OpenAI's API does: the sentences are those that people report of it."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from deploy.sandbox.openai.replies import Fault, error, refusal

MOST = 25 * 1024 * 1024  # bytes (OpenAI API reference, audio)
LONGEST = 1400.0  # seconds that the newer models take
SHORTEST = 0.1  # seconds
ENDINGS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
CONTAINERS: Mapping[str, tuple[str, ...]] = {
    "flac": ("flac",),
    "mp4": ("m4a", "mp4"),
    "mp3": ("mp3", "mpeg", "mpga"),
    "ogg": ("oga", "ogg"),
    "wav": ("wav",),
    "webm": ("webm",),
}


def container(head: bytes) -> str:
    """Return the container that a file's first bytes tell of, empty for none that is taken."""
    begins = {b"OggS": "ogg", b"fLaC": "flac", b"\x1a\x45\xdf\xa3": "webm", b"ID3": "mp3"}
    found = next((name for start, name in begins.items() if head.startswith(start)), "")
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "wav"
    is_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 in {0xE2, 0xE4, 0xE6}
    return found or ("mp3" if is_frame else "")


def refused(name: str, head: bytes, size: int, fields: Mapping[str, str]) -> Fault | None:
    """Return why a form is refused before anything is decoded, or None."""
    if size > MOST:
        return Fault(413, error(f"Maximum content size limit ({MOST}) exceeded ({size} bytes read)", "server_error"))
    if not fields.get("model"):
        return refusal(400, "you must provide a model parameter")
    if not name:
        return _invalid("Missing required parameter: 'file'.", "missing_required_parameter")
    ending = PurePosixPath(name).suffix.removeprefix(".")
    if ending not in ENDINGS:
        return refusal(400, f"Unrecognized file format. Supported formats: {list(ENDINGS)}")
    if ending not in CONTAINERS.get(container(head), ()):
        return _invalid("The audio file could not be decoded or its format is not supported.", None)
    return None


def unheard(seconds: float | None) -> Fault | None:
    """Return why a sound of this length is refused, None of the length for what cannot be decoded."""
    if seconds is None:
        return _invalid("Audio file might be corrupted or unsupported", "invalid_value")
    if seconds < SHORTEST:
        return _invalid(f"Audio file is too short. Minimum audio length is {SHORTEST} seconds.", "audio_too_short")
    if seconds > LONGEST:
        told = f"audio duration {seconds} seconds is longer than {LONGEST:.0f} seconds"
        return refusal(400, f"{told} which is the maximum for this model", code="invalid_value")
    return None


def _invalid(message: str, code: str | None) -> Fault:
    return Fault(400, error(message, "invalid_request_error", code, "file"))
