"""What listens to recordings, inside a test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.llm.transcriptions import Client, TranscriberOptions, TranscriptionClient
from core.policy import Policies
from core.storage.store import Store
from core.voice.audio_info import RecordingLimits
from core.voice.notes import PlatformTranscript, VoiceNotes
from core.voice.transcribe import PipelineOptions, TranscriptPipeline
from core.voice.transcribers import Transcribers
from deploy.sandbox.wire.server import Sandbox


@dataclass(frozen=True, slots=True)
class Voice:
    """What a test wants otherwise than by default; times in seconds. `base_urls` are transcribers, in order."""

    limits: RecordingLimits = field(default_factory=RecordingLimits)
    longest_part: float = 600.0
    base_urls: tuple[str, ...] | None = None
    timeout: float = 60.0
    retry_deadline: float = 0.5
    days: float = 30.0

    def ears(
        self,
        sandbox: Sandbox,
        store: Store,
        policies: Policies,
        client: Client,
        database: Path,
        own: Mapping[str, PlatformTranscript] | None = None,
    ) -> VoiceNotes:
        """Return ears whose transcriber is the sandbox's, and after it a platform's `own`."""
        urls = (sandbox.openai_base_url,) if self.base_urls is None else self.base_urls
        bounds = PipelineOptions(self.limits, self.longest_part, self.days)
        asked = [self._transcriptions(url, client) for url in urls]
        writing = TranscriptPipeline(store, Transcribers(asked), bounds, database.with_name("recordings"))
        return VoiceNotes(writing, self.limits, policies, own)

    def _transcriptions(self, url: str, client: Client) -> TranscriptionClient:
        options = TranscriberOptions(
            url, "sk-test", "stand-in", timeout=self.timeout, retry_deadline=self.retry_deadline
        )
        return TranscriptionClient(options, client)
