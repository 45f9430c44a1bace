"""The text of PDFs and spreadsheets, read in a process of its own, where one that is made to be slow or huge ends."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

MOST = 8 * 1024 * 1024  # bytes of a document
SECONDS = 20  # of reading
AT_ONCE = 2  # documents that are being read at a time

PROGRAM = Path(__file__).with_name("document_text.py")


class Documents:
    """Reads documents, a few at a time."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def text(self, content: bytes, kind: str) -> str:
        """Return a document's text; empty where it holds none, cannot be read, or takes too long."""
        async with self._slots:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", str(PROGRAM), kind, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
            )
            try:
                async with asyncio.timeout(SECONDS):
                    out, _ = await process.communicate(content)
            except TimeoutError:
                return ""
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        return out.decode("utf-8", "replace").strip() if process.returncode == 0 else ""
