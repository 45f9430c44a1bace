"""The client for `/moderations` of any OpenAI-compatible endpoint: nothing is tried twice here."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import re2
import structlog

from core.errors import ModelError
from core.llm.address import auth_headers, url_below
from core.llm.body import WholeResponse, decode_json, fetch_response
from core.llm.http_client import open_http_client
from core.llm.refusals import read_complaint
from core.moderation.errors import CheckFailed
from core.moderation.settings import ModerationSettings
from core.moderation.verdict import Finding, Sample
from core.retry import retry_after

log = structlog.get_logger()

# What is said with a 500 that is for ever: LiteLLM without a key for OpenAI's moderation, and its like.
NEVER = re2.compile(
    r"(?:missing|no) (?:credentials|api[ _]key)|api[ _]key\b.{0,60}(?:must be set|not set|not found|missing|required)"
    r"|not (?:implemented|configured|supported|provided)|unsupported|no route|no healthy deployment|no moderation"
)
RESULTS = ("results", "result", "data")  # what an answer may call its list
FLAGS = ("flagged", "is_flagged")
WORDS = {"true": True, "false": False}
LIKELY = 0.5  # of 1: a score from which on a category is a flag, where none is told
LARGEST = 2_000_000  # bytes of an answer


def open_moderation_client(options: ModerationSettings) -> httpx.AsyncClient:
    """Return a client of its own, which the caller closes: answers that stream would leave no connection for checks."""
    return open_http_client(options.max_connections, options.deadline)


class Moderations:
    """Asks one moderation model, over a client that the caller opened and closes; a Checker."""

    images = True

    def __init__(self, options: ModerationSettings, client: httpx.AsyncClient) -> None:
        self._client = client
        self._url = url_below(options.url, "/moderations")
        self._headers = {**auth_headers(self._url, options.key), b"Content-Type": b"application/json"}
        self._model = options.model
        self._timeout = options.deadline
        self._is_asked_singly = False

    async def findings(self, samples: list[Sample]) -> list[Finding]:
        """Return what is found in each sample, in their order. Raises CheckFailed.

        Texts may go together; an image goes alone (OpenAI: `too_many_images` for more than one). An endpoint that gives
        another number of results than it was given texts is asked about each text by itself from then on.
        """
        if not self._is_asked_singly or len(samples) == 1:
            findings = await self._findings(samples)
            if len(findings) == len(samples):
                return findings
            if len(samples) == 1:
                raise CheckFailed(f"{len(findings)} results for one text")
            self._is_asked_singly = True
            log.warning("moderation asked text by text", results=len(findings), texts=len(samples))
        return [found for each in samples for found in await self.findings([each])]

    async def _findings(self, samples: list[Sample]) -> list[Finding]:
        """Return the results of one request, as many as the endpoint gives."""
        body = {"input": _input(samples), **({"model": self._model} if self._model else {})}
        request = self._client.build_request("POST", self._url, content=json.dumps(body), headers=self._headers)
        try:
            response = await fetch_response(self._client, request, largest=LARGEST, seconds=self._timeout)
        except ModelError as error:
            raise CheckFailed(f"{type(error).__name__}: {error}") from None
        if not response.is_success:
            said = read_complaint(response.status, response.text)
            private = "\n".join(sample.text for sample in samples)
            status = 501 if response.status >= 500 and NEVER.search(said.words) else response.status
            raise CheckFailed(said.detail(private, ""), status, retry_after(response.headers))
        return _read(response)


def _input(samples: list[Sample]) -> str | list[str] | list[dict[str, Any]]:
    if samples[0].image:
        return [{"type": "image_url", "image_url": {"url": samples[0].image}}]
    return samples[0].text if len(samples) == 1 else [sample.text for sample in samples]


def _read(response: WholeResponse) -> list[Finding]:
    """Return the results of an answer; raise CheckFailed for one that is no moderation's."""
    try:
        return [_finding(result) for result in _results(decode_json(response.content))]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CheckFailed("what came back is no moderation", response.status) from None


def _results(told: Any) -> list[Mapping[str, Any]]:
    """Return the results of an answer: OpenAI's `results`, a list of its own, or the one result itself."""
    if isinstance(told, Mapping):
        told = next((told[name] for name in RESULTS if told.get(name) is not None), told)
    return told if isinstance(told, list) else [told]


def _finding(result: Mapping[str, Any]) -> Finding:
    """Return one result; where it has no flag of its own, as Mistral's, any category's is one, or else a score."""
    told = next((result[name] for name in FLAGS if result.get(name) is not None), None)
    flags = {name: _truth(value) for name, value in _category_flags(result.get("categories"))}
    scores = {name: float(value) for name, value in (result.get("category_scores") or {}).items() if value is not None}
    if told is None and not (flags or scores or isinstance(result.get("categories"), list)):
        raise KeyError("flagged")
    by_parts = any(flags.values()) if flags else any(score >= LIKELY for score in scores.values())
    return Finding(by_parts if told is None else _truth(told), flags, scores)


def _category_flags(categories: Any) -> Iterator[tuple[str, Any]]:
    """Yield each category with its flag: from an object, or a list of the names or the objects of those flagged."""
    for each in categories.items() if isinstance(categories, Mapping) else categories or ():
        if isinstance(each, str):
            yield each, True
        elif isinstance(each, Mapping):
            yield str(each.get("name") or each.get("category")), each
        else:
            yield each


def _truth(value: object) -> bool:
    """Return a flag: true or false, also in words or numbers, a likelihood, or an object that holds one of these.

    OpenAI tells null for categories that its older models do not know.
    """
    if isinstance(value, Mapping):
        value = next((value[name] for name in (*FLAGS, "score") if value.get(name) is not None), None)
    if isinstance(value, str):
        value = WORDS.get(value.strip().lower(), value)
    if isinstance(value, float) and 0 <= value <= 1:
        return value >= LIKELY
    if value not in (None, 0, 1):
        raise TypeError("a flag is neither true nor false")
    return bool(value)
