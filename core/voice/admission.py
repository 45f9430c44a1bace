"""Which files are listened to, decided by what the platform says of them, before anything is fetched. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import NoteTooLong
from core.messages import Attachment

ENDINGS = re.compile(
    r"aac|aiff?|amr|caf|flac|m4[abv]|mk[av]|mov|mp[34g]|mpeg|mpga|og[ag]|opus|spx|wav|web[am]|wma|3gp|avi"
)
TYPES = ("audio/", "video/", "application/ogg", "application/mp4")


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest recording that is listened to, in seconds, and the largest that is fetched, in bytes."""

    seconds: float = 90 * 60.0
    size: int = 200 * 1024 * 1024


def is_recording(file: Attachment) -> bool:
    """Whether a file is to be listened to: a voice note, or what its type or its ending says is sound or a video.

    A clip may come with a wrong type or with none; what it is, its bytes tell later.
    """
    ending = PurePosixPath(file.name.lower()).suffix.removeprefix(".")
    return file.is_voice_note or file.media_type.lower().startswith(TYPES) or bool(ENDINGS.fullmatch(ending))


def recordings(files: Iterable[Attachment]) -> list[Attachment]:
    """Return the files that are to be listened to, in their order."""
    return [file for file in files if is_recording(file)]


def admit(file: Attachment, limits: Limits) -> None:
    """Raise NoteTooLong where the platform says so much of a file."""
    if (file.duration or 0) > limits.seconds:
        raise NoteTooLong(f"{file.duration:.0f} s")
    if (file.size or 0) > limits.size:
        raise NoteTooLong(f"{file.size} bytes")
