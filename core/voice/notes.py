"""Voice notes and other recordings: transcribed ahead of their turn, and told to the model and to people."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from core.errors import VoiceError
from core.fair_slots import PersonSlots
from core.messages import Attachment, ConversationKey, Message
from core.model_events import Replace, ReplyEvent, Text
from core.policy import Policies
from core.ports import Platform
from core.sanitize import indent_speakers, sanitize_name, sanitize_text
from core.voice.audio_info import check_limits, recordings_of
from core.voice.errors import NoteWithoutWords, NoTranscriber, TooManyRecordings, TranscriberFailing
from core.voice.settings import VoiceSettings
from core.voice.stitch import stitch_transcripts
from core.voice.transcribe import TranscriptPipeline, owner_of

log = structlog.get_logger()

AHEAD = 64  # messages whose recordings are listened to before their turn has come
AT_ONCE, EACH = 8, 3  # recordings that are fetched or transcribed at a time, of all people and of one
MOST_RECORDINGS = 10  # of one message
LONG = 60.0  # seconds of sound from which on progress is shown
QUOTED = 200  # characters of what was heard that people see again
MOST_QUOTES = 4

Place = tuple[str, str, str, str]
PlatformTranscript = Callable[[ConversationKey, Attachment], Awaitable[str]]
"""Returns a platform's own transcript of a recording, empty where there is none, or none that is complete."""


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """What became of one recording: its words, or the error that says why there are none."""

    file: Attachment
    text: str = ""
    error: VoiceError | None = None


class Transcription:
    """One message's recordings on their way to text."""

    def __init__(
        self, files: Sequence[Attachment], begin: Callable[["Transcription"], asyncio.Task[tuple[RecordingResult, ...]]]
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

    async def report_progress(self) -> AsyncGenerator[ReplyEvent, None]:
        """Yield a reply that says how far it is, whenever there is more to say, until it is done."""
        while not self.task.done():
            self._changed.clear()
            done = f", {self._parts} parts done" if self._parts else ""
            yield Replace(f"_I am listening to the recording ({self._seconds / 60:.0f} min){done} …_")
            waiting = asyncio.ensure_future(self._changed.wait())
            await asyncio.wait((self.task, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    async def results(self) -> tuple[RecordingResult, ...]:
        """Return what became of each recording, in the message's order."""
        return await self.task


class VoiceNotes:
    """Listens to the recordings of messages that are for the bot, also before their turn has come."""

    def __init__(
        self,
        pipeline: TranscriptPipeline,
        settings: VoiceSettings,
        policies: Policies,
        platform_transcripts: Mapping[str, PlatformTranscript] | None = None,
    ) -> None:
        """`platform_transcripts` are asked last, by the name of a platform that transcribes itself."""
        self._pipeline = pipeline
        self._settings = settings
        self._policies = policies
        self._platform_transcripts = platform_transcripts or {}
        self._ahead: dict[Place, Transcription] = {}
        self._slots = PersonSlots(AT_ONCE, EACH)

    def prefetch(self, message: Message, platform: Platform) -> None:
        """Begin to listen ahead of the message's turn."""
        if not recordings_of(message.attachments):
            return
        if len(self._ahead) >= AHEAD:
            self._ahead = {place: each for place, each in self._ahead.items() if not each.task.done()}
        if len(self._ahead) < AHEAD and _place(message) not in self._ahead:
            self._ahead[_place(message)] = self._begin(message, platform)

    def transcription_of(self, message: Message, platform: Platform) -> Transcription | None:
        """Return a message's recordings on their way, or None where it has none."""
        if not message.attachments or not recordings_of(message.attachments):
            return None
        return self._ahead.pop(_place(message), None) or self._begin(message, platform)

    def cancel(self, place: Place) -> None:
        """Listen no further to a message that is gone: platform, workspace, channel and its id."""
        if transcription := self._ahead.pop(place, None):
            transcription.task.cancel()

    async def drop_recordings(self, message: Message) -> None:
        """Drop what was heard in a message's recordings."""
        await self._pipeline.drop_transcripts(_place(message))

    async def close(self) -> None:
        """Listen to nothing more."""
        for transcription in self._ahead.values():
            transcription.task.cancel()
        await asyncio.gather(*(transcription.task for transcription in self._ahead.values()), return_exceptions=True)
        await self._pipeline.close()

    def _begin(self, message: Message, platform: Platform) -> Transcription:
        files = recordings_of(message.attachments)

        async def listen(transcription: Transcription) -> tuple[RecordingResult, ...]:
            heard = (self._result(file, message, platform, transcription) for file in files[:MOST_RECORDINGS])
            beyond = TooManyRecordings(f"{len(files)} in one message")
            rest = (RecordingResult(file, error=beyond) for file in files[MOST_RECORDINGS:])
            return *await asyncio.gather(*heard), *rest

        def begin_transcripts(transcription: Transcription) -> asyncio.Task[tuple[RecordingResult, ...]]:
            task = asyncio.create_task(listen(transcription))
            task.add_done_callback(_retrieve_error)
            return task

        return Transcription(files, begin_transcripts)

    async def _result(
        self, file: Attachment, message: Message, platform: Platform, transcription: Transcription
    ) -> RecordingResult:
        try:
            async with self._slots.hold_slot(owner_of(message)):
                return RecordingResult(file, await self._transcribe(file, message, platform, transcription))
        except VoiceError as error:
            log.warning("recording not understood", error=type(error).__name__, detail=str(error), hint=error.hint)
            return RecordingResult(file, error=error)

    async def _transcribe(
        self, file: Attachment, message: Message, platform: Platform, transcription: Transcription
    ) -> str:
        """Return what is said in a recording; the platform's own transcript serves where no transcriber does."""
        check_limits(file, self._settings)
        translate = self._policies.policy_of(message.key).translate
        try:
            lines = await self._pipeline.transcribe(file, message, platform, transcription.advance, translate=translate)
        except (NoTranscriber, TranscriberFailing):
            fetch = self._platform_transcripts.get(message.key.platform)
            if fetch and (own := await fetch(message.key, file)):
                return own
            raise
        if text := stitch_transcripts(lines):
            return text
        raise NoteWithoutWords("an empty transcript")


def _place(message: Message) -> Place:
    return message.key.platform, message.key.workspace, message.key.channel, message.id


def _retrieve_error(task: asyncio.Task[tuple[RecordingResult, ...]]) -> None:
    """Take note of an error that nobody may come to await."""
    if not task.cancelled():
        task.exception()


def to_prompt_texts(heard: Sequence[RecordingResult]) -> Mapping[str, str]:
    """Return what the model reads in each recording's place, by the file's id: its words, marked as transcribed."""
    return {each.file.id: _prompt_text(each) for each in heard}


def quote_transcripts(heard: Sequence[RecordingResult]) -> str:
    """Return the beginning of each recording as people see it above the answer, empty where none was understood."""
    lines = [f"> \N{MICROPHONE} {_brief(each.text)}" for each in heard if each.text][:MOST_QUOTES]
    return "\n".join(lines) + "\n\n" if lines else ""


def failure_notices(heard: Sequence[RecordingResult]) -> str:
    """Return what people read below the answer where some recordings were not understood, each reason once."""
    notices = dict.fromkeys(each.error.notice for each in heard if each.error)
    return "\n".join(f"_{notice}_" for notice in notices)


def why_unanswerable(message: Message, heard: Sequence[RecordingResult]) -> VoiceError | None:
    """Return why there is nothing to answer: a message that is nothing but recordings, none of them understood."""
    is_all = not any(map(str.isalnum, message.text)) and len(heard) == len(message.attachments)
    errors = [each.error for each in heard if each.error]
    return errors[0] if is_all and errors and len(errors) == len(heard) else None


def _prompt_text(heard: RecordingResult) -> str:
    label = "voice note" if heard.file.is_voice_note else f"recording {sanitize_name(heard.file.name)}"
    if heard.error:
        return f"[{label}: it could not be understood]"
    return indent_speakers(f"[{label}, transcribed by a machine]\n{sanitize_text(heard.text)}")


def _brief(text: str) -> str:
    line = " ".join(sanitize_text(text).split())
    if len(line) <= QUOTED:
        return line
    return f"{line[:QUOTED].rsplit(' ', 1)[0]} …"


async def append_failures(
    events: AsyncIterator[ReplyEvent], heard: Sequence[RecordingResult]
) -> AsyncGenerator[ReplyEvent, None]:
    """Pass a reply on, and say below it why something was not heard."""
    async for event in events:
        yield event
    if notices := failure_notices(heard):
        yield Text(f"\n\n{notices}")
