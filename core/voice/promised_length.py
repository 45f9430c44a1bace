"""How much sound the head of a file promises, where FFmpeg takes whatever is there for all of it."""

import struct
from dataclasses import dataclass
from pathlib import Path

UNTOLD = (
    0x7FFF0000  # bytes: who writes as it records puts 0 or the highest number there, and mends it in the end or not
)
MOST_CHUNKS = 64


@dataclass(frozen=True, slots=True)
class ChunkLayout:
    """How a container is laid out: where its first chunk begins, its name's length, and its size behind that.

    `aligned` is to how many bytes chunks are filled up; `counts_head` says that a size counts name and size too.
    """

    begins: int
    name: int
    size: struct.Struct
    aligned: int
    counts_head: bool = False


LAYOUTS = {
    "wav": ChunkLayout(12, 4, struct.Struct("<I"), 2),  # Microsoft, Multimedia Programming Interface, RIFF
    "w64": ChunkLayout(40, 16, struct.Struct("<Q"), 8, counts_head=True),  # Sony, Wave64
    "caf": ChunkLayout(8, 4, struct.Struct(">q"), 1),  # Apple, Core Audio Format
}


def promised_share(path: str, container: str) -> float:
    """Return how many times as many bytes of sound a file's head promises as there are; 1 where it promises no more.

    `container` is FFmpeg's name of it.
    """
    layout = LAYOUTS.get(container)
    if layout is None:
        return 1.0
    end, head = Path(path).stat().st_size, layout.name + layout.size.size
    place = layout.begins
    with Path(path).open("rb") as file:
        for _ in range(MOST_CHUNKS):
            file.seek(place)
            begun = file.read(head)
            if len(begun) < head:
                break
            size = layout.size.unpack(begun[layout.name :])[0] - (head if layout.counts_head else 0)
            present = end - place - head
            if begun.startswith(b"data"):
                return size / present if present < size < UNTOLD and present else 1.0
            if not 0 <= size <= present:
                break
            place += head + size + -size % layout.aligned
    return 1.0
