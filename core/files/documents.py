"""What people attach, read in a process of its own, where a file that is made to be slow or huge ends."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path

from core.fair_slots import Owner, PersonSlots
from core.files.readers.excerpt import Excerpt
from core.messages import Image

SECONDS = 60  # of reading; of processor time a reader has far less, so that this ends what waits for a busy machine
SHORT = 64 * 1024  # bytes of a text that is read at once: half a millisecond
AT_ONCE = 3  # files that are being read at a time, of one person one

ROOT = Path(__file__).parents[2]
PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); from core.files.readers.program import main; main(*sys.argv[2:])"
)


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What was read of a document: its text, and in numbers what was left out of it.

    `remarks` are what else is to be known of it, such as that its encoding is a guess. `parts` are the pages,
    slides or chapters, where it has such and the whole of it was asked for.
    """

    text: str
    left_out: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


class Documents:
    """Reads documents and pictures, a few at a time: workspaces' people take turns, and nobody has two at once."""

    def __init__(self) -> None:
        self._slots = PersonSlots(AT_ONCE, each=1)

    async def read_document(
        self, content: bytes, kind: str, owner: Owner, *, whole: bool = False
    ) -> DocumentText | None:
        """Return what a document says, nothing if it holds no text; None where it is broken, locked or takes too long.

        As much of it as a prompt may hold, or with `whole` nearly all. A short text in UTF-8 is read at once,
        without a process.
        """
        if kind == "text" and len(content) <= SHORT and (text := _utf8_text(content, whole=whole)):
            return text
        out = await self._run(content, kind, owner, "whole" if whole else "")
        if not out:
            return None
        found = await asyncio.to_thread(json.loads, out) if whole else json.loads(out)
        return DocumentText(found["text"], *(tuple(found[name]) for name in ("left_out", "remarks", "parts")))

    async def read_picture(self, content: bytes, owner: Owner) -> Image | None:
        """Return a picture as a model is shown it; None where the file holds none, or takes too long."""
        head, _, encoded = (await self._run(content, "picture", owner)).partition(b"\n")
        if not encoded:
            return None
        media_type, width, height = head.decode().split()
        return Image(media_type, int(width), int(height), encoded.decode())

    async def _run(self, content: bytes, kind: str, owner: Owner, extent: str = "") -> bytes:
        """Return what the readers make of a file, nothing where they fail. They get none of our environment."""
        async with self._slots.hold_slot(owner):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-X", "utf8", "-c", PROGRAM, str(ROOT), kind, str(os.getpid()), extent),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={},
            )
            try:
                async with asyncio.timeout(SECONDS):
                    out, _ = await process.communicate(content)
            except TimeoutError:
                return b""
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        return out if process.returncode == 0 else b""


def _utf8_text(content: bytes, *, whole: bool) -> DocumentText | None:
    """Return a text in UTF-8, None where it is in another encoding."""
    if b"\0" in content or b"\x1b$" in content:
        return None  # UTF-16 of plain letters is UTF-8 as well, and so is ISO-2022-JP
    excerpt = Excerpt.of_whole_document() if whole else Excerpt()
    try:
        excerpt.add_lines(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None
    return DocumentText(excerpt.whole_text(), tuple(excerpt.left_out))
