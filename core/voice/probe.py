"""The program that `core.voice.worker` runs: it looks into a recording and cuts it, on the bytes alone.

A job is a line of JSON on stdin: `{"do": "look", "path": …, "longest": …}`, or `{"do": "cut", "path": …, "folder": …,
"longest": …, "copied": …}`. Its answers are lines of JSON on stdout. Whatever a file does to FFmpeg, it does it
here: within these bounds, without a name of a person's choosing, and with no way to another file or to the network.
"""

import json
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from core.voice.audio import codec_of, opened, samples
from core.voice.pauses import AUDIBLE
from core.voice.segments import cut

CPU = 600  # seconds of processor time: several hours of sound
MEMORY = 1536 * 1024 * 1024  # bytes of address space, most of it the libraries'
WRITTEN = 256 * 1024 * 1024  # bytes of one file that it writes
IDLE = 600  # seconds that it waits for a job


def look(path: str, longest: float) -> dict[str, Any]:
    """Return what a file is: `{"container", "codec", "picture", "seconds", "told", "size", "loud"}`.

    `seconds` is how long the sound that is there lasts, `told` what the file's head says, `loud` whether a sound is
    heard in it at all. What lasts more than `longest` seconds is not decoded: a small file may hold weeks of silence.
    """
    with opened(path) as source:
        stream = source.streams.audio[0]
        told = float((stream.duration or 0) * (stream.time_base or 0)) or (source.duration or 0) / 1_000_000
        found = {
            "container": source.format.name,
            "codec": codec_of(source),
            "picture": any(not _is_cover(each) for each in source.streams.video),
            "told": told,
        }
        seconds = _walked(source)
    loud = seconds > longest or (seconds > 0 and _is_loud(path))
    return {**found, "size": Path(path).stat().st_size, "seconds": seconds, "loud": loud}


def _walked(source: InputContainer) -> float:
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


def _is_loud(path: str) -> bool:
    with opened(path) as source:
        return any(_peak(samples) > AUDIBLE for samples in samples(source))


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & stream.disposition.attached_pic)


def _peak(samples: memoryview) -> int:
    return max(map(abs, samples), default=0)


def answers(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a job comes to; `{"fault": …}` ends one that FFmpeg cannot do."""
    try:
        if job["do"] == "look":
            yield look(job["path"], job["longest"])
        else:
            yield from cut(job["path"], job["folder"], job["longest"], copied=job["copied"])
            yield {"done": True}
    except (av.FFmpegError, IndexError, ValueError, KeyError, MemoryError) as error:
        yield {"fault": type(error).__name__}


def main() -> None:
    """Do the jobs that come in, within bounds of time, memory and disk."""
    bounds = {resource.RLIMIT_CPU: CPU, resource.RLIMIT_AS: MEMORY, resource.RLIMIT_FSIZE: WRITTEN}
    for kind, most in bounds.items():
        with suppress(ValueError, OSError):  # macOS sets no bound of address space
            resource.setrlimit(kind, (most, most))
    signal.alarm(IDLE)
    for line in sys.stdin:
        signal.alarm(0)
        for answer in answers(json.loads(line)):
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
