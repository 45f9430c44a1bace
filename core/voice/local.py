"""Speech to text in this process, with faster-whisper: an optional extra, imported only where it is chosen."""

import asyncio
from functools import cached_property
from pathlib import Path

from faster_whisper import WhisperModel

from core.errors import EndpointFailing
from core.llm.settings import TranscriptionSettings
from core.llm.transcriptions import Task

TASKS = {"transcriptions": "transcribe", "translations": "translate"}


class LocalWhisper:
    """One model, given by its name or its folder; it is loaded with the first recording, which takes its time."""

    def __init__(self, settings: TranscriptionSettings) -> None:
        self.name = f"faster-whisper {settings.local_whisper}"
        self._source = settings.local_whisper
        self._language = settings.language or None
        self._prompt = settings.prompt or None
        self._turn = asyncio.Lock()

    async def transcribe(self, path: Path, task: Task) -> str:
        """Return what is said in a file, one at a time; raise EndpointFailing where the model fails."""
        async with self._turn:
            try:
                return await asyncio.to_thread(self._heard, path, TASKS[task])
            except (OSError, RuntimeError, ValueError) as error:
                raise EndpointFailing(f"{type(error).__name__}: {error}") from None

    def _heard(self, path: Path, task: str) -> str:
        segments, _ = self._model.transcribe(str(path), task=task, language=self._language, initial_prompt=self._prompt)
        return " ".join(segment.text.strip() for segment in segments)

    @cached_property
    def _model(self) -> WhisperModel:
        return WhisperModel(self._source)
