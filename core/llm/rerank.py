"""The client for a rerank endpoint as Cohere, Jina and vLLM have it: which texts answer a question best."""

import json
from collections.abc import Callable, Sequence

import httpx

from core.errors import EndpointFailing, GarbledAnswer
from core.llm.address import auth_headers
from core.llm.body import decode_json, fetch_response
from core.llm.refusals import read_complaint
from core.spending.charge import Charge, Payer
from core.spending.meter import CHARACTERS, Meter, ModelCall

LARGEST = 1_000_000  # bytes of an answer
PATIENCE = 5.0  # seconds; the answer waits for it
NOBODY = Payer()
LONGEST = 4_000  # characters of one text


class Reranker:
    """Asks one model at one address, over a client that the caller opened and closes."""

    def __init__(
        self,
        url: str,
        model: str,
        key: str,
        client: httpx.AsyncClient,
        meter: Meter | None = None,
        hide: Callable[[Sequence[str]], list[str]] = list,
    ) -> None:
        """The `url` may lack its `/rerank`; `hide` leaves out of texts what the endpoint is not shown."""
        self._hide = hide
        self._meter = meter or Meter()
        address = httpx.URL(url)
        self._url = address.copy_with(path=f"{address.path.rstrip('/').removesuffix('/rerank')}/rerank")
        self._model = model
        self._key = key
        self._client = client

    async def rank_texts(self, query: str, texts: Sequence[str], payer: Payer = NOBODY) -> list[int]:
        """Return the places of the texts, from 0, the best first, on somebody's account; raises a ModelError."""
        tokens = (len(query) + sum(map(len, texts))) // CHARACTERS
        call = ModelCall(self._model, self._url.netloc.decode(), tokens)
        async with self._meter.measure(Charge("rerank", payer, tokens), call):
            query, *texts = self._hide((query, *texts))
            return await self._rank_once(query, texts)

    async def _rank_once(self, query: str, texts: Sequence[str]) -> list[int]:
        body = {"query": query, "documents": [text[:LONGEST] for text in texts], "top_n": len(texts)}
        body |= {"model": self._model} if self._model else {}
        headers = {**auth_headers(self._url, self._key), b"Content-Type": b"application/json"}
        request = self._client.build_request("POST", self._url, content=json.dumps(body), headers=headers)
        response = await fetch_response(self._client, request, largest=LARGEST, seconds=PATIENCE)
        if not response.is_success:
            said = read_complaint(response.status, response.text)
            raise EndpointFailing(said.detail("\n".join((query, *texts)), self._key))
        try:
            results = decode_json(response.content)["results"]
            scores = {int(each["index"]): float(each["relevance_score"]) for each in results}
        except (ValueError, TypeError, KeyError, OverflowError):
            raise GarbledAnswer("what came back is no order of texts") from None
        known = [place for place in scores if 0 <= place < len(texts)]
        return sorted(known, key=lambda place: -scores[place])
