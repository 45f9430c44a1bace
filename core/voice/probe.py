"""The program that `core.voice.worker` runs: it looks into a recording and cuts it, on the bytes alone.

A job is a line of JSON on stdin: `{"do": "look", "path": …, "longest": …}`, or `{"do": "cut", "path": …, "folder": …,
"longest": …, "copied": …}`. Its answers are lines of JSON on stdout. Whatever a file does to FFmpeg, it does it
here: within these bounds, without a name of a person's choosing, and with no way to another file or to the network.
It ends with the process that began it, in the middle of a job too.
"""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from core.child_process import end_with_parent, limit_resources
from core.confinement import confine_process
from core.voice.audio import codec_of, open_container, read_samples
from core.voice.promised_length import promised_share
from core.voice.segments import split_recording
from core.voice.speech import SpeechDetector

CPU = 600  # seconds of processor time: several hours of sound
MEMORY = 1536 * 1024 * 1024  # bytes of address space, most of it the libraries'
WRITTEN = 256 * 1024 * 1024  # bytes of one file that it writes
FIRST_FRAME = 2048  # bytes of an MP3, in which its first frame lies whole
DECLARING = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "wav", "w64", "flac", "aiff", "au", "caf", "asf", "avi"}
IDLE = 600  # seconds that it waits for a job


def inspect_recording(path: str, longest: float) -> dict[str, Any]:
    """Return what a file is, as the fields of an AudioInfo.

    What lasts more than `longest` seconds is not decoded: a small file may hold weeks of silence.
    """
    with open_container(path) as source:
        found = {
            "container": source.format.name,
            "codec": codec_of(source),
            "has_video": any(not _is_cover(each) for each in source.streams.video),
            "declared": _declared_seconds(source, path),
        }
        seconds = _measure_seconds(source)
    has_sound, has_speech = _listen(path) if 0 < seconds <= longest else (seconds > 0, seconds > 0)
    heard = {"has_sound": has_sound, "has_speech": has_speech}
    return {**found, **heard, "size": Path(path).stat().st_size, "seconds": seconds}


def _declared_seconds(source: InputContainer, path: str) -> float:
    """Return the length that a recording's head says, zero where it has none and FFmpeg would guess by the bit rate.

    A guess is wrong by far where it begins with silence, which takes next to no bits.
    """
    is_said = source.format.name in DECLARING or (source.format.name == "mp3" and _has_frame_count(path))
    if not is_said:
        return 0.0
    stream = source.streams.audio[0]
    seconds = float((stream.duration or 0) * (stream.time_base or 0)) or (source.duration or 0) / 1_000_000
    return seconds * promised_share(path, source.format.name)


def _has_frame_count(path: str) -> bool:
    """Whether an MP3's first frame tells how many follow, behind the tags (ID3v2.4, section 3.1)."""
    with Path(path).open("rb") as file:
        head = file.read(10)
        tags = sum((byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=False))
        file.seek(10 + tags if head.startswith(b"ID3") else 0)
        first = file.read(FIRST_FRAME)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))


def _measure_seconds(source: InputContainer) -> float:
    """Return how long the sound lasts by its packets; a head may say anything."""
    begin: float | None = None
    end = 0.0
    stream = source.streams.audio[0]
    try:
        for packet in source.demux(stream):
            if packet.pts is not None:
                at = float(packet.pts * packet.time_base)
                begin = at if begin is None else min(begin, at)
                end = max(end, at + float((packet.duration or 0) * packet.time_base))
    except av.FFmpegError:
        pass  # what comes after cannot be had
    return max(0.0, end - (begin or 0.0))


def _listen(path: str) -> tuple[bool, bool]:
    """Return whether there is a sound, and whether somebody speaks."""
    detector = SpeechDetector()
    with open_container(path) as source:
        has_speech = detector.find_speech(read_samples(source))
    return detector.has_sound, has_speech


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & stream.disposition.attached_pic)


def run_job(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a job comes to; `{"fault": …}` ends one that FFmpeg cannot do."""
    try:
        if job["do"] == "look":
            yield inspect_recording(job["path"], job["longest"])
        else:
            yield from split_recording(job["path"], job["folder"], job["longest"], copied=job["copied"])
            yield {"done": True}
    except (av.FFmpegError, IndexError, ValueError, KeyError, MemoryError) as error:
        yield {"fault": type(error).__name__}


def main() -> None:
    """Do the jobs that come in, within bounds of time, memory and disk; the first argument is the parent's id."""
    end_with_parent(int(sys.argv[1]))
    limit_resources(seconds=CPU, memory=MEMORY, written=WRITTEN)
    signal.alarm(IDLE)
    is_confined = False
    for line in sys.stdin:
        signal.alarm(0)
        job = json.loads(line)
        if not is_confined:
            folder = Path(job["path"]).parent  # of this recording alone, and its parts come to lie there
            confine_process([folder], [folder])
            is_confined = True
        for answer in run_job(job):
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
