"""What people attach, read in a process of its own, where a file that is made to be slow or huge ends."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from core.messages import Image

MOST = 8 * 1024 * 1024  # bytes of a document
MOST_OF_A_PICTURE = 16 * 1024 * 1024  # bytes
SECONDS = 20  # of reading
AT_ONCE = 2  # files that are being read at a time

TEXT, PICTURE = (Path(__file__).with_name(name) for name in ("text.py", "picture.py"))


class Documents:
    """Reads PDFs, spreadsheets and pictures, a few at a time."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def text(self, content: bytes, kind: str) -> str:
        """Return a document's text; empty where it holds none, cannot be read, or takes too long."""
        return (await self._run(content, TEXT, kind)).decode("utf-8", "replace").strip()

    async def picture(self, content: bytes) -> Image | None:
        """Return a picture as a model is shown it; None where the file holds none, or takes too long."""
        head, _, encoded = (await self._run(content, PICTURE)).partition(b"\n")
        if not encoded:
            return None
        media_type, width, height = head.decode().split()
        return Image(media_type, int(width), int(height), encoded.decode())

    async def _run(self, content: bytes, program: Path, *arguments: str) -> bytes:
        """Return what a program makes of a file, nothing where it fails."""
        async with self._slots:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", str(program), *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
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
