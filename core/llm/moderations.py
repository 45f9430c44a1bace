"""The client for `/moderations` of any OpenAI-compatible endpoint: one request, nothing is tried twice here."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from core.llm.http_client import open_http_client
from core.llm.refusals import read_complaint
from core.llm.stream import auth_headers
from core.moderation.errors import CheckFailed
from core.moderation.settings import ModerationSettings
from core.moderation.verdict import Finding, Sample
from core.retry import retry_after

LARGEST = 2_000_000  # bytes of an answer


def open_moderation_client(options: ModerationSettings) -> httpx.AsyncClient:
    """Return a client of its own, which the caller closes: answers that stream would leave no connection for checks."""
    return open_http_client(options.max_connections, options.deadline)


class Moderations:
    """Asks one moderation model, over a client that the caller opened and closes; a Checker."""

    images = True

    def __init__(self, options: ModerationSettings, client: httpx.AsyncClient) -> None:
        self._client = client
        url = httpx.URL(options.url)
        self._url = url.copy_with(path=f"{url.path.rstrip('/').removesuffix('/moderations')}/moderations")
        self._headers = {**auth_headers(self._url, options.key), b"Content-Type": b"application/json"}
        self._model = options.model

    async def findings(self, samples: list[Sample]) -> list[Finding]:
        """Return what is found in each sample, in their order. Raises CheckFailed.

        Texts may go together; an image goes alone (OpenAI: `too_many_images` for more than one).
        """
        body = {"input": _input(samples), **({"model": self._model} if self._model else {})}
        try:
            response = await self._client.post(self._url, content=json.dumps(body), headers=self._headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CheckFailed(f"{type(error).__name__}: {error}") from None
        if not response.is_success:
            said = read_complaint(response.status_code, response.text[:LARGEST])
            private = "\n".join(sample.text for sample in samples)
            detail = said.detail(private, "")
            raise CheckFailed(detail, response.status_code, retry_after(response.headers))
        return _read(response, len(samples))


def _input(samples: list[Sample]) -> str | list[str] | list[dict[str, Any]]:
    if samples[0].image:
        return [{"type": "image_url", "image_url": {"url": samples[0].image}}]
    return samples[0].text if len(samples) == 1 else [sample.text for sample in samples]


def _read(response: httpx.Response, number: int) -> list[Finding]:
    """Return the results of an answer; raise CheckFailed for one that is no moderation's."""
    try:
        results = response.json()["results"]
        findings = [_finding(result) for result in results]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CheckFailed("what came back is no moderation", response.status_code) from None
    if len(findings) != number:
        raise CheckFailed(f"{len(findings)} results for {number} texts")
    return findings


def _finding(result: Mapping[str, Any]) -> Finding:
    flags = {name: _truth(value) for name, value in (result.get("categories") or {}).items()}
    scores = {name: float(value) for name, value in (result.get("category_scores") or {}).items() if value is not None}
    return Finding(_truth(result["flagged"]), flags, scores)


def _truth(value: object) -> bool:
    """Return a flag; OpenAI's library shows null for categories that its older models do not know."""
    if value is not None and not isinstance(value, bool):
        raise TypeError("a flag is neither true nor false")
    return bool(value)
