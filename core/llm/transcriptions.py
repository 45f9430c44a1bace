"""Speech to text at any OpenAI-compatible endpoint: `/audio/transcriptions`, and `/audio/translations` into English."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

import httpx
import structlog

from core.errors import (
    ContextOverflow,
    EndpointFailing,
    EndpointUnreachable,
    GarbledAnswer,
    MissingParameter,
    ModelError,
    ModelSilent,
    RateLimited,
    RefusedRequest,
    SoundRefused,
    WrongKey,
)
from core.llm.refusals import Complaint, Refused, error_of, read_complaint
from core.llm.stream import auth_headers
from core.retry import RetryBudget, retry_after

log = structlog.get_logger()

Client = httpx.AsyncClient
Task = Literal["transcriptions", "translations"]

LARGEST_REFUSAL = 64_000  # characters
RETRIED = (RateLimited, EndpointFailing, EndpointUnreachable)
OF_THE_FILE = (RefusedRequest, ContextOverflow, MissingParameter)  # what a 400 or 413 may say of a file's form or size
MEDIA_TYPES = {
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
    ".webm": "audio/webm",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
}


@dataclass(frozen=True, slots=True)
class TranscriberOptions:
    """An endpoint, a model, and hints; `timeout` and `retry_deadline` are in seconds from the call's beginning.

    `language` is an ISO 639-1 code, `prompt` holds words that are likely to be said (OpenAI API reference, audio).
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    language: str = ""
    prompt: str = ""
    connect_timeout: float = 5.0
    timeout: float = 120.0
    retry_deadline: float = 16.0


class TranscriptionClient:
    """Asks one endpoint, over a client that the caller opened and closes."""

    def __init__(self, options: TranscriberOptions, client: httpx.AsyncClient) -> None:
        self._options = options
        self._client = client
        base = httpx.URL(options.base_url)
        self._base = base.copy_with(path=base.path.rstrip("/"))
        self.name = f"{options.model} at {base.netloc.decode()}"

    async def transcribe(self, path: Path, task: Task) -> str:
        """Return what is said in a file whose name ends as its container does; it is read piece by piece.

        Raises SoundRefused where the endpoint wants the file in another form, or a ModelError.
        """
        try:
            async with asyncio.timeout(self._options.timeout):
                return await self._persist(path, task)
        except TimeoutError:
            raise ModelSilent("no transcript in time") from None

    async def _persist(self, path: Path, task: Task) -> str:
        retries = RetryBudget(_now() + self._options.retry_deadline, _now)
        while True:
            try:
                return _text(await self._post(path, task))
            except Refused as refused:
                error, asked = self._meant(refused.complaint), refused.retry_after
            except ModelError as fault:
                error, asked = fault, None
            wait = retries.next_pause(asked) if isinstance(error, RETRIED) else None
            if wait is None:
                raise error from None
            log.info("transcriber_retry", error=type(error).__name__, attempt=retries.retries, pause=round(wait, 2))
            await asyncio.sleep(wait)

    async def _post(self, path: Path, task: Task) -> httpx.Response:
        url = self._base.copy_with(path=f"{self._base.path}/audio/{task}")
        timeout = httpx.Timeout(None, connect=self._options.connect_timeout)
        with _opened(path) as sound:
            file = (f"voice{path.suffix}", sound, MEDIA_TYPES[path.suffix])
            try:
                response = await self._client.post(
                    url,
                    data=self._fields(task),
                    files={"file": file},
                    headers=auth_headers(url, self._options.api_key),
                    timeout=timeout,
                )
            except httpx.LocalProtocolError:
                raise WrongKey("the key holds characters that a header cannot carry") from None
            except httpx.TransportError as error:
                raise EndpointUnreachable(f"{type(error).__name__}: {error}") from None
        if not response.is_success:
            complaint = read_complaint(response.status_code, response.text[:LARGEST_REFUSAL])
            raise Refused(complaint, retry_after(response.headers))
        return response

    def _fields(self, task: Task) -> Mapping[str, str]:
        options = self._options
        language = options.language if task == "transcriptions" else ""  # a translation is into English
        fields = {"model": options.model, "response_format": "json", "language": language, "prompt": options.prompt}
        return {name: value for name, value in fields.items() if value}

    def _meant(self, complaint: Complaint) -> ModelError | SoundRefused:
        error = error_of(complaint, complaint.detail("", self._options.api_key))
        is_of_the_file = isinstance(error, OF_THE_FILE) or complaint.status == 415
        return SoundRefused(str(error)) if is_of_the_file else error


def _text(response: httpx.Response) -> str:
    """Return the transcript that a response holds; raise GarbledAnswer for anything else."""
    try:
        body: Any = json.loads(response.content)
    except ValueError:
        raise GarbledAnswer(f"{len(response.content)} bytes that are not JSON") from None
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str):
        raise GarbledAnswer("JSON without a text")
    return text.strip()


def _opened(path: Path) -> BinaryIO:
    """Open a file; at once, since what a thread opened would stay open if nobody waited for it any more."""
    return path.open("rb")


def _now() -> float:
    return asyncio.get_running_loop().time()
