"""The client for `/embeddings` of any OpenAI-compatible endpoint: texts in, vectors of length 1 out."""

import asyncio
import base64
import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from core.errors import EndpointFailing, EndpointUnreachable, GarbledAnswer, ModelSilent, RateLimited, StreamCut
from core.llm.address import auth_headers, url_below
from core.llm.body import WholeResponse, decode_json, fetch_response
from core.llm.refusals import Refused, error_of, read_complaint
from core.messages import Usage
from core.retry import RetryBudget, retry_after
from core.spending.charge import Charge, Payer
from core.spending.meter import CHARACTERS, Meter, ModelCall

LARGEST = 64 * 1024 * 1024  # bytes of an answer
MOST_TEXTS = 64  # of one request: OpenAI takes 2,048, and servers on one machine fewer
NOBODY = Payer()
SHORTEST = 0.1  # seconds that even the last try has
MOST_TOKENS = 1 << 53  # that an endpoint may say that a request took
LONGEST = 8_000  # characters of one text, which are surely no more tokens than 8,192
RETRIED = (RateLimited, EndpointFailing, EndpointUnreachable, StreamCut, ModelSilent)


@dataclass(frozen=True, slots=True)
class EmbedderOptions:
    """An embedder: its model, how many numbers a vector has (None: as many as it gives), and what stands before a text.

    A prefix stands before questions, another one before what is looked through; models are trained with theirs.
    """

    model: str
    dimensions: int | None = None
    query_prefix: str = ""
    document_prefix: str = ""

    @property
    def name(self) -> str:
        """All of it as one text, by which its vectors are known."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def parse_name(cls, name: str) -> "EmbedderOptions":
        """Read what `name` gave."""
        return cls(**json.loads(name))


class Embeddings:
    """Asks one endpoint, over a client that the caller opened and closes."""

    def __init__(
        self,
        base_url: str,
        key: str,
        client: httpx.AsyncClient,
        meter: Meter | None = None,
        hide: Callable[[Sequence[str]], list[str]] = list,
    ) -> None:
        """`hide` leaves out of texts what the endpoint is not shown."""
        self._hide = hide
        self._meter = meter or Meter()
        self._url = url_below(base_url, "/embeddings")
        self._key = key
        self._client = client

    async def embed_query(self, options: EmbedderOptions, text: str, seconds: float, payer: Payer = NOBODY) -> bytes:
        """Return the vector of a question as 32-bit floats, within so many seconds; raises a ModelError."""
        vectors = await self._embed(options, [_with_prefix(options.query_prefix, text)], seconds, payer)
        return vectors[0]

    async def embed_documents(self, options: EmbedderOptions, texts: Sequence[str], seconds: float) -> list[bytes]:
        """Return the vector of each text as 32-bit floats, within so many seconds; raises a ModelError."""
        found: list[bytes] = []
        for start in range(0, len(texts), MOST_TEXTS):
            some = [_with_prefix(options.document_prefix, text) for text in texts[start : start + MOST_TEXTS]]
            found += await self._embed(options, some, seconds, NOBODY)
        return found

    async def _embed(self, options: EmbedderOptions, texts: Sequence[str], seconds: float, payer: Payer) -> list[bytes]:
        """Return the vectors of one request, which stands in the ledger."""
        texts = self._hide(texts)
        tokens = sum(map(len, texts)) // CHARACTERS
        call = ModelCall(options.model, self._url.netloc.decode(), tokens)
        async with self._meter.measure(Charge("embedding", payer, tokens), call) as metered:
            vectors, used = await self._embed_persistently(options, texts, seconds)
            metered.note_usage(Usage(used, 0, 0, options.model) if used else None)
        return vectors

    async def _embed_persistently(
        self, options: EmbedderOptions, texts: Sequence[str], seconds: float
    ) -> tuple[list[bytes], int]:
        """Return the vectors of one request, which is made again where that may help, and what it took in tokens."""
        now = asyncio.get_running_loop().time
        retries = RetryBudget(now() + seconds, now)
        while True:
            try:
                return await self._embed_once(options, texts, max(retries.until - now(), SHORTEST))
            except Refused as fault:
                private = "\n".join(texts)
                complaint = fault.complaint.own(private)
                error, asked = error_of(complaint, fault.complaint.detail(private, self._key)), fault.retry_after
                if not isinstance(error, RETRIED):
                    raise error from None
                await retries.pause("embeddings", error, asked)
            except RETRIED as error:
                await retries.pause("embeddings", error)

    async def _embed_once(
        self, options: EmbedderOptions, texts: Sequence[str], seconds: float
    ) -> tuple[list[bytes], int]:
        body: dict[str, Any] = {"model": options.model, "input": list(texts), "encoding_format": "float"}
        if options.dimensions:
            body["dimensions"] = options.dimensions
        headers = {**auth_headers(self._url, self._key), b"Content-Type": b"application/json"}
        request = self._client.build_request("POST", self._url, content=json.dumps(body), headers=headers)
        response = await fetch_response(self._client, request, largest=LARGEST, seconds=seconds)
        if not response.is_success:
            raise Refused(read_complaint(response.status, response.text), retry_after(response.headers))
        return _read_vectors(response, len(texts), options.dimensions or 0), _read_tokens(response)


def _with_prefix(prefix: str, text: str) -> str:
    """Return a text behind a prefix; one space stands between, which no setting can hold at its end."""
    return f"{prefix.rstrip()} {text[:LONGEST]}" if prefix.strip() else text[:LONGEST]


def _read_vectors(response: WholeResponse, count: int, dimensions: int = 0) -> list[bytes]:
    """Return the vectors in the order of their texts; raise GarbledAnswer where the answer holds none of these."""
    try:
        data = decode_json(response.content)["data"]
        ordered = sorted(data, key=lambda each: each.get("index", 0)) if _has_order(data) else data
        vectors = [_pack_vector(each["embedding"]) for each in ordered]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, struct.error):
        raise GarbledAnswer("what came back is no embedding") from None
    if len(vectors) != count or len({len(each) for each in vectors}) != 1:
        raise GarbledAnswer(f"{len(vectors)} embeddings for {count} texts")
    if dimensions and len(vectors[0]) != 4 * dimensions:
        raise GarbledAnswer(f"embeddings of {len(vectors[0]) // 4} numbers in place of {dimensions}")
    return vectors


def _read_tokens(response: WholeResponse) -> int:
    """Return what a request took, in tokens, 0 where the endpoint does not say."""
    usage = decode_json(response.content).get("usage")
    told = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return told if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < MOST_TOKENS else 0


def _has_order(data: Sequence[Mapping[str, Any]]) -> bool:
    return {each.get("index") for each in data} == set(range(len(data)))


def _pack_vector(given: object) -> bytes:
    """Return a vector with length 1 as 32-bit floats; some servers send base64 of such, asked for or not."""
    if isinstance(given, str):
        raw = base64.b64decode(given)
        numbers = struct.unpack(f"<{len(raw) // 4}f", raw)
    else:
        numbers = tuple(float(each) for each in given)  # type: ignore[attr-defined]  # a TypeError says that it is none
    length = math.sqrt(sum(each * each for each in numbers))
    if not length or not math.isfinite(length):
        raise ValueError("no direction")
    return struct.pack(f"<{len(numbers)}f", *(each / length for each in numbers))
