"""From a recording to what was heard in it, paid for once: whatever is transcribed is on disk before anything else."""

import asyncio
import hashlib
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from weakref import WeakValueDictionary

import structlog

from core.errors import FileUnreadable, SoundRefused
from core.fair_slots import Owner, PersonSlots
from core.llm.transcriptions import Task
from core.messages import Attachment, ConversationKey, Message
from core.ports import Platform
from core.spending.charge import Charge, Payer
from core.storage import transcripts
from core.storage.connection import Connection
from core.storage.store import Store
from core.storage.transcripts import TranscriptPart
from core.voice.audio_info import AudioInfo, check_playable
from core.voice.errors import NoteNotFetched, NoteTooLong, NoteTooShort, NoteUnplayable, NoTranscriber
from core.voice.settings import VoiceSettings
from core.voice.transcribers import Transcribers
from core.voice.worker import AudioPart, AudioWorker

log = structlog.get_logger()

AT_ONCE, EACH = 16, 4  # parts of recordings that are transcribed at a time, of all people and of one
DAY = 24 * 3600.0  # seconds


def owner_of(message: Message) -> Owner:
    """Return whose recordings a message's are: the workspace, and who wrote it there."""
    return message.key.workspace, message.author.id


@dataclass(frozen=True, slots=True)
class TranscriptJob:
    """One recording to be written down: by the hash of its content, as what, for whom, and who hears of each part."""

    digest: str
    task: Task
    owner: Owner
    payer: Payer
    advance: Callable[[], None]


class TranscriptPipeline:
    """Writes recordings down; `folder` is where they lie meanwhile, and nothing stays there."""

    def __init__(self, store: Store, transcribers: Transcribers, settings: VoiceSettings, folder: Path) -> None:
        self._store = store
        self._transcribers = transcribers
        self._settings = settings
        self._folder = folder
        self._worker = AudioWorker()
        self._slots = PersonSlots(AT_ONCE, EACH)
        self._orders: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def close(self) -> None:
        """End what waits for recordings."""
        await self._worker.close()

    async def transcribe(
        self, file: Attachment, message: Message, platform: Platform, advance: Callable[[], None], *, translate: bool
    ) -> Sequence[TranscriptPart]:
        """Return what was heard in each part of a recording; raise a VoiceError where that cannot be had."""
        task: Task = "translations" if translate else "transcriptions"
        if known := await self._find_fetched(file, message, task):
            return known
        if not self._transcribers.present:
            raise NoTranscriber("none is there")
        self._worker.warm()  # while the file comes in
        async with self._open_folder() as folder:
            path = folder / "recording"
            digest = await _save_file(message.key, file, platform, path, self._settings.largest_bytes)
            async with self._orders.setdefault(digest, asyncio.Lock()):
                lines = await self._find_transcript(digest, task)
                if lines is None:
                    job = TranscriptJob(digest, task, owner_of(message), Payer.of_message(message), advance)
                    lines = await self._write_down(path, file, job)
                await self._store.run(
                    lambda connection: transcripts.insert_recording(connection, message, file.id, digest)
                )
                return lines

    async def drop_transcripts(self, place: tuple[str, str, str, str]) -> None:
        """Drop what was heard in the recordings of a message: platform, workspace, channel and its id."""
        await self._store.run(lambda connection: transcripts.delete_of_message(connection, place))

    async def _find_fetched(self, file: Attachment, message: Message, task: Task) -> Sequence[TranscriptPart] | None:
        """Return what was heard in a file that was fetched before, for whatever message."""
        key = message.key
        digest = await self._store.run(
            lambda connection: transcripts.find_digest(connection, key.platform, key.workspace, file.id)
        )
        lines = await self._find_transcript(digest, task) if digest else None
        if lines is not None:
            await self._store.run(lambda connection: transcripts.insert_recording(connection, message, file.id, digest))
        return lines

    async def _find_transcript(self, digest: str, task: Task) -> Sequence[TranscriptPart] | None:
        return await self._store.run(lambda connection: transcripts.read_transcript(connection, digest, task))

    async def _write_down(self, path: Path, file: Attachment, job: TranscriptJob) -> Sequence[TranscriptPart]:
        """Have a recording transcribed: as it is where that goes, else in parts, and keep each part at once."""
        begun = time.monotonic()
        async with self._worker.open_process(job.owner) as process:
            audio = await process.inspect(path, self._settings.longest_seconds)
        check_playable(audio, self._settings.longest_seconds, file.duration)
        as_it_is = audio.uploads_as_is(self._settings.longest_part)
        lines = await self._upload_whole(path, audio, job) if as_it_is else None
        if lines is None:
            lines = await self._upload_parts(path, job, copied=audio.keeps_codec and not as_it_is)
        before = time.time() - self._settings.transcript_days * DAY
        await self._store.run(lambda connection: _complete_transcript(connection, job, len(lines), before))
        took = round(time.monotonic() - begun, 2)
        log.info("recording transcribed", seconds=round(audio.seconds), bytes=audio.size, parts=len(lines), took=took)
        return lines

    async def _upload_whole(self, path: Path, audio: AudioInfo, job: TranscriptJob) -> list[TranscriptPart] | None:
        """Upload a recording as it is; None where no endpoint takes it so."""
        named = await asyncio.to_thread(path.rename, path.with_suffix(audio.ending))
        try:
            return [await self._hear_part(AudioPart(named, seconds=audio.seconds), 0, job, parts=1)]
        except SoundRefused:
            await asyncio.to_thread(named.rename, path)
            return None

    async def _upload_parts(self, path: Path, job: TranscriptJob, *, copied: bool) -> list[TranscriptPart]:
        """Upload a recording in parts, the first ones while the rest is still being cut."""
        heard = await self._store.run(lambda connection: transcripts.read_parts(connection, job.digest, job.task))

        async def line(piece: AudioPart, number: int) -> TranscriptPart:
            return heard.get(number) or await self._hear_part(piece, number, job)

        tasks: list[asyncio.Task[TranscriptPart]] = []
        try:
            async with self._worker.open_process(job.owner) as process:
                async for piece in process.split(path, path.parent, self._settings.longest_part, copied=copied):
                    tasks.append(asyncio.create_task(line(piece, len(tasks))))
            return list(await asyncio.gather(*tasks))
        except SoundRefused as error:
            raise NoteUnplayable(f"refused by every transcriber: {error}") from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear_part(self, piece: AudioPart, number: int, job: TranscriptJob, parts: int = 0) -> TranscriptPart:
        """Have a part transcribed, and keep what was heard; `parts` says of how many, where they are all there now."""
        async with self._slots.hold_slot(job.owner):
            line = TranscriptPart(await self._words_of(piece, number, job), piece.overlap)
        await self._store.run(
            lambda connection: transcripts.save_part(connection, job.digest, job.task, number, line, parts)
        )
        job.advance()
        return line

    async def _words_of(self, piece: AudioPart, number: int, job: TranscriptJob) -> str:
        """Return what is said in a part; the last one may be too short to hold any."""
        try:
            charge = Charge("transcription", job.payer, seconds=piece.seconds)
            return await self._transcribers.transcribe(piece.path, job.task, charge)
        except NoteTooShort:
            if not number:
                raise
            return ""

    @asynccontextmanager
    async def _open_folder(self) -> AsyncIterator[Path]:
        """Give a folder that is gone afterwards."""
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        name = await asyncio.to_thread(tempfile.mkdtemp, dir=self._folder)
        try:
            yield Path(name)
        finally:
            await asyncio.to_thread(shutil.rmtree, name, ignore_errors=True)


def _complete_transcript(connection: Connection, job: TranscriptJob, parts: int, before: float) -> None:
    transcripts.mark_complete(connection, job.digest, job.task, parts)
    transcripts.expire_transcripts(connection, before)


async def _save_file(key: ConversationKey, file: Attachment, platform: Platform, path: Path, most: int) -> str:
    """Fetch a recording, a chunk at a time; return its SHA-256 in hex."""
    digest = hashlib.sha256()
    try:
        with _create_file(path) as target:

            def write_chunk(chunk: bytes) -> None:
                digest.update(chunk)
                target.write(chunk)

            async with aclosing(platform.open_file(key, file, most)) as chunks:
                async for chunk in chunks:
                    await asyncio.to_thread(write_chunk, chunk)
    except FileUnreadable as error:
        if error.too_large:
            raise NoteTooLong(str(error)) from None
        raise NoteNotFetched(str(error), error.hint) from None
    return digest.hexdigest()


def _create_file(path: Path) -> BinaryIO:
    """Open a file for writing; at once, since what a thread opened would stay open if nobody waited for it any more."""
    return path.open("wb")
