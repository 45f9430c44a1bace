"""Has recordings listened to in a process of its own, which is started with the first of them."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CAN_LISTEN = find_spec("pocketsphinx") is not None  # it has no wheel for some interpreters
PROGRAM = Path(__file__).with_name("recogniser.py")


class Listener:
    """One process, which listens to one recording at a time."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def hear(self, path: Path, *, listen: bool) -> Mapping[str, Any]:
        """Return a recording's `seconds`, and its `text` where that is asked for; or the `fault` that it has."""
        async with self._turn:
            if self._process is None or self._process.returncode is not None:
                self._process = await asyncio.create_subprocess_exec(sys.executable, PROGRAM, stdin=PIPE, stdout=PIPE)
            assert self._process.stdin  # noqa: S101 - both are pipes
            assert self._process.stdout  # noqa: S101
            self._process.stdin.write(json.dumps({"path": str(path), "listen": listen}).encode() + b"\n")
            line = await self._process.stdout.readline()
        found: Mapping[str, Any] = json.loads(line) if line else {"fault": "the recogniser ended"}
        return found

    async def close(self) -> None:
        """End the process."""
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
