"""Cuts a recording into files of a bearable length, in pauses, one after the other."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av

from core.voice.audio import OpusAudio, PassthroughAudio, open_container
from core.voice.speech import PauseDetector

WINDOW = 0.8  # of a part's length, from which on a pause ends it
OVERLAP = 2.0  # seconds said twice where no pause came
BREATH = 0.2  # seconds of a pause that stand in both parts


class PartWriter:
    """One file on its way, and how long it is."""

    def __init__(self, tape: PassthroughAudio | OpusAudio, path: Path) -> None:
        self.path = path
        self.seconds = 0.0
        self._tape = tape
        self._target = av.open(str(path), "w", format="ipod" if path.suffix == ".m4a" else None)
        self._stream = tape.stream(self._target)
        self._clock = 0
        self._pauses = PauseDetector()

    def write_piece(self, piece: Any) -> None:
        """Write a piece."""
        self._clock = self._tape.write(self._target, self._stream, piece, self._clock)
        self.seconds = self._clock * self._tape.tick

    def is_full(self, piece: Any, longest: float) -> bool:
        """Whether it may end here, since a pause is on; the last stretch of a part is listened to for one."""
        if self.seconds < WINDOW * longest:
            return False
        heard = [self._pauses.feed(samples) for samples in self._tape.samples(piece)]
        return bool(heard) and heard[-1]

    def close(self) -> None:
        """End the file."""
        self._tape.end(self._target, self._stream)
        self._target.close()


def split_recording(path: str, folder: str, longest: float, *, copied: bool) -> Iterator[dict[str, Any]]:
    """Write a recording as files of at most `longest` seconds; yield each once it is whole: part, again, seconds.

    A part ends in a pause. Where none comes, the next one repeats its last seconds: `again` says how many.
    """
    with open_container(path) as source:
        tape = PassthroughAudio(source) if copied else OpusAudio(source)
        part, number, again = PartWriter(tape, Path(folder, f"0.{tape.ending}")), 0, 0.0
        last: deque[Any] = deque()
        for piece in tape.pieces():
            part.write_piece(piece)
            last.append(piece)
            if len(last) > tape.most:
                last.popleft()
            in_pause = part.is_full(piece, longest)
            if in_pause or part.seconds >= longest:
                part.close()
                yield {"part": str(part.path), "again": again, "seconds": part.seconds}
                number, again = number + 1, 0.0 if in_pause else OVERLAP
                part = PartWriter(tape, Path(folder, f"{number}.{tape.ending}"))
                for each in _ending(last, tape, BREATH if in_pause else OVERLAP):
                    part.write_piece(each)
        part.close()
        yield {"part": str(part.path), "again": again, "seconds": part.seconds}


def _ending(last: deque[Any], tape: PassthroughAudio | OpusAudio, seconds: float) -> list[Any]:
    """Return the newest pieces, so many seconds of them, oldest first."""
    found: list[Any] = []
    for piece in reversed(last):
        if seconds <= 0:
            break
        found.insert(0, piece)
        seconds -= tape.length(piece) * tape.tick
    return found
