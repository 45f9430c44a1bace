"""Speech to text at any OpenAI-compatible endpoint: `/audio/transcriptions`, and `/audio/translations` into English."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal

import httpx
import re2
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
    WrongPath,
)
from core.llm.address import auth_headers, base_path
from core.llm.body import WholeResponse, decode_json, fetch_response
from core.llm.deltas import read_usage
from core.llm.refusals import Complaint, Refused, complaint_of, error_of, read_complaint
from core.llm.settings import TranscriptionSettings
from core.llm.transcript_text import words_of, words_of_segments
from core.messages import Usage
from core.retry import RetryBudget, retry_after
from core.spending.charge import Charge
from core.spending.meter import Meter, ModelCall

log = structlog.get_logger()

Client = httpx.AsyncClient
Task = Literal["transcriptions", "translations"]

LARGEST = 4 * 1024 * 1024  # bytes of a transcript with its segments
RETRIED = (RateLimited, EndpointFailing, EndpointUnreachable)
OF_THE_FILE = (RefusedRequest, ContextOverflow, MissingParameter)  # what a 400 or 413 may say of a file's form or size
# What no second upload changes, in the words of the servers that say it.
FINAL = (
    (
        "short",
        re2.compile(r"too short|minimum (?:audio|clip|file)? ?(?:length|duration)|shorter than|audio_too_short"),
    ),
    (
        "long",
        re2.compile(
            r"maximum (?:clip|audio|file|input)? ?(?:duration|length)|(?:audio|clip|duration|recording).{0,30}too long"
            r"|longer than .{0,30}(?:seconds|minutes)|(?:duration|length).{0,40}exceed|exceed.{0,40}(?:duration|length)"
        ),
    ),
    (
        "language",
        re2.compile(
            r"(?:unsupported|invalid|unknown) language|language.{0,60}not (?:supported|available|valid)"
            r"|not support.{0,20}language|invalid_language|language code.{0,40}invalid|not a valid language"
        ),
    ),
)
NO_EARS = re2.compile(
    r"not support (?:audio|transcri|speech)|audio.{0,20}not supported by|no (?:audio|speech|transcription) support"
    r"|unexpected endpoint|not an? (?:audio|speech|transcription)|transcriptions? (?:is|are) not (?:supported|enabled)"
)
FORMAT = re2.compile(r"response_format|verbose_json")
MEDIA_TYPES = {
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
    ".webm": "audio/webm",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
}


class TranscriptionClient:
    """Asks one endpoint, over a client that the caller opened and closes."""

    def __init__(self, options: TranscriptionSettings, client: httpx.AsyncClient, meter: Meter | None = None) -> None:
        """`meter` is what every call is reserved with and kept in."""
        self._meter = meter or Meter()
        self._options = options
        self._client = client
        base = httpx.URL(options.base_url)
        self._base = base.copy_with(path=base_path(base))
        self._asks_for_figures = "whisper" in options.model.lower()  # others have none (OpenAI API reference, audio)
        self._call = ModelCall(options.model, base.netloc.decode())
        self.name = f"{options.model} at {base.netloc.decode()}"

    async def transcribe(self, path: Path, task: Task, charge: Charge) -> str:
        """Return what is said in a file whose name ends as its container does; it is read piece by piece.

        `charge` says who pays, and how long it is. Raises SoundRefused where the endpoint wants the file in another
        form or not at all, or a ModelError.
        """
        try:
            async with asyncio.timeout(self._options.timeout):
                return await self._persist(path, task, charge)
        except TimeoutError:
            raise ModelSilent("no transcript in time") from None

    async def _persist(self, path: Path, task: Task, charge: Charge) -> str:
        retries = RetryBudget(_now() + self._options.retry_deadline, _now)
        while True:
            try:
                return read_transcript(await self._post_measured(path, task, charge))
            except Refused as refused:
                if self._asks_for_figures and FORMAT.search(refused.complaint.words):
                    self._asks_for_figures = False
                    continue
                error, asked = self._meaning_of(refused.complaint), refused.retry_after
            except ModelError as fault:
                error, asked = fault, None
            if not isinstance(error, RETRIED):
                raise error from None
            await retries.pause("transcriptions", error, asked)

    async def _post_measured(self, path: Path, task: Task, charge: Charge) -> WholeResponse:
        """Return the response to one upload: reserved before; a refused one costs nothing."""
        async with self._meter.measure(charge, self._call) as metered:
            try:
                response = await self._post(path, task)
            except (Refused, EndpointUnreachable):
                metered.is_billed = False
                raise
            metered.note_usage(read_transcript_usage(response))
        return response

    async def _post(self, path: Path, task: Task) -> WholeResponse:
        url = self._base.copy_with(path=f"{self._base.path}/audio/{task}")
        timeout = httpx.Timeout(None, connect=self._options.connect_timeout)
        with _open_file(path) as sound:
            request = self._client.build_request(
                "POST",
                url,
                data=self._fields(task),
                files={"file": (f"voice{path.suffix}", sound, MEDIA_TYPES[path.suffix])},
                headers=auth_headers(url, self._options.api_key),
                timeout=timeout,
            )
            response = await fetch_response(self._client, request, largest=LARGEST, seconds=self._options.timeout)
        if not response.is_success:
            raise Refused(read_complaint(response.status, response.text), retry_after(response.headers))
        return response

    def _fields(self, task: Task) -> Mapping[str, str]:
        options = self._options
        language = options.language if task == "transcriptions" else ""  # a translation is into English
        form = "verbose_json" if self._asks_for_figures else "json"
        fields = {"model": options.model, "response_format": form, "language": language, "prompt": options.prompt}
        return {name: value for name, value in fields.items() if value}

    def _meaning_of(self, complaint: Complaint) -> ModelError | SoundRefused:
        """Return what a refusal means; WrongPath where the endpoint has no transcriptions, whatever its status."""
        detail = complaint.detail(self._options.prompt, self._options.api_key)
        if complaint.status == 501 or NO_EARS.search(complaint.words):
            return WrongPath(detail)
        error = error_of(complaint, detail)
        if not isinstance(error, OF_THE_FILE) and complaint.status != 415:
            return error
        reasons = (reason for reason, words in FINAL if words.search(complaint.words))
        return SoundRefused(detail, next(reasons, ""))


def read_transcript(response: WholeResponse) -> str:
    """Return the words of a response: JSON with a text or segments, a JSON string, or plain text.

    Raises Refused for a complaint under a good status, and GarbledAnswer for anything else.
    """
    try:
        body: Any = decode_json(response.content)
    except ValueError:
        return _plain_transcript(response)
    if isinstance(body, str):
        return words_of(body)
    if not isinstance(body, dict):
        raise GarbledAnswer("JSON without a text")
    segments = body.get("segments")
    if isinstance(segments, list) and any(isinstance(each, dict) and each.get("text") for each in segments):
        return words_of_segments(each for each in segments if isinstance(each, dict))
    if isinstance(body.get("text"), str):
        return words_of(body["text"])
    if body.get("error"):
        raise Refused(complaint_of(502, body))
    raise GarbledAnswer("JSON without a text")


def read_transcript_usage(response: WholeResponse) -> Usage | None:
    """Return what a response says that it cost in tokens; None where it tells seconds or nothing.

    OpenAI API reference, Create transcription: `usage` of the type `tokens`, or `duration`.
    """
    try:
        body: Any = decode_json(response.content)
    except ValueError:
        return None
    told = body.get("usage") if isinstance(body, dict) else None
    if not isinstance(told, dict) or not isinstance(told.get("input_tokens"), int):
        return None
    return read_usage(
        {"usage": {"prompt_tokens": told["input_tokens"], "completion_tokens": told.get("output_tokens")}}
    )


def _plain_transcript(response: WholeResponse) -> str:
    kind = response.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    is_page = response.text.lstrip().startswith(("<!", "<html", "<HTML", "<?xml", "{"))
    if kind != "text/plain" or is_page:
        raise GarbledAnswer(f"{len(response.content)} bytes of {kind[:40]}")
    return words_of(response.text)


def _open_file(path: Path) -> BinaryIO:
    """Open a file; at once, since what a thread opened would stay open if nobody waited for it any more."""
    return path.open("rb")


def _now() -> float:
    return asyncio.get_running_loop().time()
