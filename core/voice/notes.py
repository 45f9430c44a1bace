"""Voice notes and other recordings as text: admitted, fetched, looked into, transcribed once, and kept."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import structlog

from core.errors import NoteWithoutWords, NoTranscriber, TranscriberFailing, VoiceError
from core.messages import Attachment, Message, Platform
from core.policy import Policies
from core.voice.admission import Limits, admit, recordings
from core.voice.stitch import stitch_transcripts
from core.voice.telling import Heard
from core.voice.transcribe import TranscriptPipeline

log = structlog.get_logger()

AHEAD = 64  # messages whose recordings are listened to before their turn has come
AT_ONCE = 8  # recordings that are fetched or transcribed at a time
LONG = 60.0  # seconds of sound from which on progress is shown

Place = tuple[str, str, str, str]


class Transcription:
    """One message's recordings on their way to text."""

    def __init__(
        self, files: Sequence[Attachment], begin: Callable[["Transcription"], asyncio.Task[tuple[Heard, ...]]]
    ) -> None:
        self._parts = 0
        self._seconds = sum(file.duration or 0.0 for file in files)
        self._changed = asyncio.Event()
        self.task = begin(self)

    @property
    def is_long(self) -> bool:
        """Whether people should be told that it takes its time."""
        return self._seconds > LONG and not self.task.done()

    def advance(self) -> None:
        """Note that one more part was transcribed."""
        self._parts += 1
        self._changed.set()

    async def progress(self) -> AsyncIterator[str]:
        """Yield a sentence whenever there is more to say, until it is done."""
        while not self.task.done():
            self._changed.clear()
            done = f", {self._parts} parts done" if self._parts else ""
            yield f"_I am listening to the recording ({self._seconds / 60:.0f} min){done} …_"
            waiting = asyncio.ensure_future(self._changed.wait())
            await asyncio.wait((self.task, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    async def heard(self) -> tuple[Heard, ...]:
        """Return what became of each recording, in the message's order."""
        return await self.task


class VoiceNotes:
    """Listens to the recordings of messages that are for the bot, also before their turn has come."""

    def __init__(self, writing: TranscriptPipeline, limits: Limits, policies: Policies) -> None:
        self._writing = writing
        self._limits = limits
        self._policies = policies
        self._ahead: dict[Place, Transcription] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    def begin(self, message: Message, platform: Platform) -> None:
        """Begin to listen ahead of the message's turn."""
        if not recordings(message.attachments):
            return
        if len(self._ahead) >= AHEAD:
            self._ahead = {place: each for place, each in self._ahead.items() if not each.task.done()}
        if len(self._ahead) < AHEAD and _place(message) not in self._ahead:
            self._ahead[_place(message)] = self._begun(message, platform)

    def hearing(self, message: Message, platform: Platform) -> Transcription | None:
        """Return a message's recordings on their way, or None where it has none."""
        if not message.attachments or not recordings(message.attachments):
            return None
        return self._ahead.pop(_place(message), None) or self._begun(message, platform)

    def drop(self, place: Place) -> None:
        """Listen no further to a message that is gone: platform, workspace, channel and its id."""
        if hearing := self._ahead.pop(place, None):
            hearing.task.cancel()

    async def forget(self, message: Message) -> None:
        """Drop what was heard in a message's recordings."""
        await self._writing.forget(_place(message))

    async def close(self) -> None:
        """Listen to nothing more."""
        for hearing in self._ahead.values():
            hearing.task.cancel()
        await asyncio.gather(*(hearing.task for hearing in self._ahead.values()), return_exceptions=True)
        await self._writing.close()

    def _begun(self, message: Message, platform: Platform) -> Transcription:
        files = recordings(message.attachments)

        async def listen(hearing: Transcription) -> tuple[Heard, ...]:
            return tuple(await asyncio.gather(*(self._heard(file, message, platform, hearing) for file in files)))

        def begin(hearing: Transcription) -> asyncio.Task[tuple[Heard, ...]]:
            task = asyncio.create_task(listen(hearing))
            task.add_done_callback(_looked_at)
            return task

        return Transcription(files, begin)

    async def _heard(self, file: Attachment, message: Message, platform: Platform, hearing: Transcription) -> Heard:
        try:
            async with self._slots:
                return Heard(file, await self._text(file, message, platform, hearing))
        except VoiceError as error:
            log.warning("recording not understood", error=type(error).__name__, detail=str(error), hint=error.hint)
            return Heard(file, error=error)

    async def _text(self, file: Attachment, message: Message, platform: Platform, hearing: Transcription) -> str:
        """Return what is said in a recording; the platform's own transcript serves where no transcriber does."""
        admit(file, self._limits)
        translate = self._policies.of(message.key).translate
        try:
            lines = await self._writing.lines(file, message, platform, hearing.advance, translate=translate)
        except (NoTranscriber, TranscriberFailing):
            if own := await platform.transcript(file):
                return own
            raise
        if text := stitch_transcripts(lines):
            return text
        raise NoteWithoutWords("an empty transcript")


def _place(message: Message) -> Place:
    return message.key.platform, message.key.workspace, message.key.channel, message.id


def _looked_at(task: asyncio.Task[tuple[Heard, ...]]) -> None:
    """Take note of an error that nobody may come to await."""
    if not task.cancelled():
        task.exception()
