"""The transcribers in their order: where one is down, the next one is asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import structlog

from core.errors import ModelError, SoundRefused, UnknownModel, WrongPath
from core.llm.transcriptions import Task
from core.spending.charge import Charge
from core.spending.errors import ListeningRefused, SpendingRefused
from core.voice.errors import LanguageNotHeard, NoteBeyondTranscriber, NoteTooShort, NoTranscriber, TranscriberFailing

log = structlog.get_logger()

REASONS = {"short": NoteTooShort, "long": NoteBeyondTranscriber, "language": LanguageNotHeard}
ABSENT = (WrongPath, UnknownModel)  # it does not come by being asked again


class Transcriber(Protocol):
    """Somebody who writes down what is said in a file."""

    name: str

    async def transcribe(self, path: Path, task: Task, charge: Charge) -> str:
        """Return what is said, at somebody's charge; raise SoundRefused, or a ModelError."""


class Transcribers:
    """An ordered list of them. One that turned out not to be there is not asked again."""

    def __init__(self, transcribers: Sequence[Transcriber]) -> None:
        self._known = list(transcribers)

    @property
    def present(self) -> bool:
        """Whether there is anybody to ask."""
        return bool(self._known)

    async def transcribe(self, path: Path, task: Task, charge: Charge) -> str:
        """Return what is said in a file, from the first that tells; `charge` says who pays, and how long it is.

        Raises SoundRefused where one wants it in another form and no other takes it, a VoiceError that says why where
        one never will, ListeningRefused where a cap is reached, NoTranscriber where there is none, and
        TranscriberFailing where none answers.
        """
        refused: SoundRefused | None = None
        for transcriber in list(self._known):
            try:
                return await transcriber.transcribe(path, task, charge)
            except SoundRefused as error:
                refused = refused or error
                log.info("recording refused", transcriber=transcriber.name, detail=str(error))
            except SpendingRefused as refusal:
                raise ListeningRefused(refusal) from None
            except ModelError as error:
                self._note_failure(transcriber, error)
        if refused:
            raise REASONS[refused.reason](str(refused)) if refused.reason else refused
        raise TranscriberFailing("none answered") if self._known else NoTranscriber("none is there")

    def _note_failure(self, transcriber: Transcriber, error: ModelError) -> None:
        kind = type(error).__name__
        log.warning("transcriber failed", transcriber=transcriber.name, error=kind, detail=str(error.args[0]))
        if isinstance(error, ABSENT) and transcriber in self._known:
            self._known.remove(transcriber)
            log.warning("transcriber left out", transcriber=transcriber.name, hint=NoTranscriber.hint)
