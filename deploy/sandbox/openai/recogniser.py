"""The program that really listens: a recording's path comes in on stdin, its length and its words go out on stdout.

PocketSphinx is small, works offline and knows English; it mishears more than any model that one would pay for.
A job is `{"path": …, "listen": …}`, an answer `{"seconds": …, "text": …}` or `{"fault": …}`, each a line of JSON.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import av
from av.audio.resampler import AudioResampler

try:
    from pocketsphinx import Decoder  # type: ignore[import-untyped]  # it has no annotations
except ImportError:  # it has no wheel for this interpreter; lengths are told all the same
    Decoder = None

RATE = 16_000  # samples a second, as its model wants them
LONGEST = 120.0  # seconds that are listened to


def sound(path: str) -> Iterator[bytes]:
    """Yield a recording as samples of 16 bits, mono."""
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(path) as source:
        for frame in source.decode(audio=0):
            for each in resampler.resample(frame):
                yield bytes(each.planes[0])[: each.samples * 2]


def words(pcm: bytes) -> str:
    """Return what is said."""
    decoder = Decoder(samprate=RATE, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    return decoder.hyp().hypstr if decoder.hyp() else ""


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Return what a job comes to."""
    length, heard = 0, bytearray()
    try:
        for piece in sound(job["path"]):
            length += len(piece)
            if job["listen"] and len(heard) < LONGEST * RATE * 2:
                heard += piece
    except (av.FFmpegError, IndexError, ValueError) as error:
        return {"fault": type(error).__name__}
    return {"seconds": length / (RATE * 2), "text": words(bytes(heard)) if heard else ""}


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
