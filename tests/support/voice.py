"""What listens to recordings, inside a test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.llm.settings import TranscriptionSettings
from core.llm.transcriptions import Client, TranscriptionClient
from core.policy import Policies
from core.storage.store import Store
from core.voice.notes import PlatformTranscript, VoiceNotes
from core.voice.settings import VoiceSettings
from core.voice.transcribe import TranscriptPipeline
from core.voice.transcribers import Transcribers
from deploy.sandbox.wire.server import Sandbox


@dataclass(frozen=True, slots=True)
class Voice:
    """What a test wants otherwise than by default; times in seconds. `base_urls` are transcribers, in order."""

    settings: VoiceSettings = field(default_factory=VoiceSettings)
    base_urls: tuple[str, ...] | None = None
    timeout: float = 60.0
    retry_deadline: float = 0.5

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
        asked = [self._transcriptions(url, client) for url in urls]
        writing = TranscriptPipeline(store, Transcribers(asked), self.settings, database.with_name("recordings"))
        return VoiceNotes(writing, self.settings, policies, own)

    def _transcriptions(self, url: str, client: Client) -> TranscriptionClient:
        options = TranscriptionSettings(
            base_url=url, api_key="sk-test", model="stand-in", timeout=self.timeout, retry_deadline=self.retry_deadline
        )
        return TranscriptionClient(options, client)
