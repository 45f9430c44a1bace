"""The stand-in's ears: `/audio/transcriptions` and `/audio/translations`.

What is said is really listened to, or scripted: `model.sounds.script += ["what was said", FAULTS["500"]]`.
"""

import asyncio
import hashlib
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import BodyPartReader, web

from deploy.sandbox.openai.listener import CAN_LISTEN, Listener
from deploy.sandbox.openai.replies import Fault
from deploy.sandbox.openai.sound_rules import refused, unheard
from deploy.sandbox.openai.stream import present

NO_EARS = Fault(404, "404 page not found", media_type="text/plain")  # as from a server that does not transcribe
HEAD = 16  # bytes by which a container is known


@dataclass(slots=True)
class SoundRequest:
    """A recording as it was received, and what became of it. Times are in seconds of the monotonic clock."""

    task: str
    fields: dict[str, str]
    name: str = ""
    size: int = 0
    digest: str = ""
    head: bytes = b""
    seconds: float = 0.0
    text: str = ""
    status: int = 0
    at: float = field(default_factory=time.monotonic)
    done_at: float | None = None


@dataclass(slots=True)
class Sounds:
    """What reached the ears, and what they answer: what `script` says next, or what is said in a recording.

    Without `can_listen` nothing else is heard, as where the recogniser is not installed.

    `prose` is what is heard wherever it is not empty, for recordings that nobody has the time to listen to.
    """

    requests: list[SoundRequest] = field(default_factory=list)
    script: deque[str | Fault] = field(default_factory=deque)
    prose: str = ""
    hold: asyncio.Event | None = None
    absent: bool = False
    can_listen: bool = CAN_LISTEN
    listener: Listener = field(default_factory=Listener)


Refuse = Callable[[str], Fault | None]
Respond = Callable[[Fault], web.Response]


@dataclass(frozen=True, slots=True)
class VoiceNotes:
    """The routes' work: `refuse_key` and `respond` are the endpoint's own, `note` tells that something happened."""

    sounds: Sounds
    refuse_key: Refuse
    respond: Respond
    note: Callable[[], None]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        if self.sounds.absent:
            return self.respond(NO_EARS)
        if fault := self.refuse_key(request.headers.get("Authorization", "")):
            return self.respond(fault)
        asked = SoundRequest(request.match_info["task"], {})
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "sound")
            await _received(request, asked, path)
            self.sounds.requests.append(asked)
            self.note()
            try:
                return await self._answer(request, asked, path)
            finally:
                asked.done_at = time.monotonic()
                self.note()

    async def _answer(self, request: web.Request, asked: SoundRequest, path: Path) -> web.StreamResponse:
        outcome = refused(asked.name, asked.head, asked.size, asked.fields) or await self._heard(asked, path)
        if self.sounds.hold:
            await present(request, self.sounds.hold.wait())
        if isinstance(outcome, Fault):
            waiting: Awaitable[object] = asyncio.Event().wait() if outcome.status == 0 else asyncio.sleep(outcome.delay)
            await present(request, waiting)
            asked.status = outcome.status
            return self.respond(outcome)
        asked.status, asked.text = 200, outcome
        return web.json_response({"text": outcome, "usage": {"type": "duration", "seconds": round(asked.seconds)}})

    async def _heard(self, asked: SoundRequest, path: Path) -> str | Fault:
        """Return what is said, or why it is refused; the rules hold whatever is scripted."""
        scripted = self.sounds.script.popleft() if self.sounds.script else self.sounds.prose or None
        found = await self.sounds.listener.hear(path, listen=scripted is None and self.sounds.can_listen)
        asked.seconds = found.get("seconds", 0.0)
        if fault := unheard(found.get("seconds")):
            return fault
        if scripted is None and not self.sounds.can_listen:
            return NO_EARS
        return found["text"] if scripted is None else scripted


async def _received(request: web.Request, asked: SoundRequest, path: Path) -> None:
    """Take a form in, its file piece by piece."""
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name != "file":
            asked.fields[part.name or ""] = await part.text()
            continue
        asked.name, digest = part.filename or "", hashlib.sha256()
        with path.open("wb") as file:
            while piece := await part.read_chunk(64 * 1024):
                asked.head = asked.head or piece[:HEAD]
                asked.size += len(piece)
                digest.update(piece)
                file.write(piece)
        asked.digest = digest.hexdigest()


def routes(ears: VoiceNotes) -> list[web.AbstractRouteDef]:
    """Return the ears' routes."""
    return [web.post("/v1/audio/{task:transcriptions|translations}", ears.serve)]
