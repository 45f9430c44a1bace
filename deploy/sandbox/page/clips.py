"""Recordings as the platforms' own clients would send them: a browser records in one way, whatever it is asked."""

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import av
from av.audio.resampler import AudioResampler

from deploy.sandbox.page.place import Enclosure

RATE, BITS = 48_000, 32_000  # samples and bits a second (Discord docs, Voice messages)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of clip: FFmpeg's names of codec and container, and how the client names it and its type."""

    codec: str
    container: str
    ending: str
    media_type: str


OGG = Kind("libopus", "ogg", ".ogg", "audio/ogg")  # Discord's
# Slack's, each seen in the wild: by type, wrongly typed, and with neither type nor ending.
KINDS: Mapping[str, Kind] = {
    "m4a": Kind("aac", "ipod", ".m4a", "audio/mp4"),
    "webm": Kind("libopus", "webm", ".webm", "audio/webm"),
    "m4a, called video/mp4": Kind("aac", "ipod", ".m4a", "video/mp4"),
    "m4a, without a type": Kind("aac", "ipod", "", ""),
}


async def clip(file: Enclosure, kind: Kind) -> Enclosure:
    """Return a recording as a clip of this kind; what holds no sound stays as it is."""
    try:
        content = await asyncio.to_thread(_encoded, file.content, kind)
    except (av.FFmpegError, IndexError, ValueError):
        return file
    return replace(
        file, name=f"{file.name.rpartition('.')[0]}{kind.ending}", content=content, media_type=kind.media_type
    )


def _encoded(content: bytes, kind: Kind) -> bytes:
    made = io.BytesIO()
    with av.open(io.BytesIO(content), "r") as source, av.open(made, "w", format=kind.container) as target:
        stream: Any = target.add_stream(kind.codec, rate=RATE, layout="mono", bit_rate=BITS)  # of sound, by its codec
        resampler = AudioResampler(format=stream.codec_context.format.name, layout="mono", rate=RATE)
        for frame in source.decode(source.streams.audio[0]):
            frame.pts = None
            for each in resampler.resample(frame):
                target.mux(stream.encode(each))
        target.mux(stream.encode(None))
    return made.getvalue()
