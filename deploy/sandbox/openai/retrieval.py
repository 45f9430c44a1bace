"""The routes of what finds texts: `/v1/embeddings` and `/v1/rerank`."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from deploy.sandbox.openai.embeddings import Embedder
from deploy.sandbox.openai.replies import Fault, refusal
from deploy.sandbox.openai.rerank import Reranker

Answer = Callable[[dict[str, Any]], Fault | dict[str, Any]]


def routes(
    embedder: Embedder,
    reranker: Reranker,
    refuse_key: Callable[[str], Fault | None],
    respond_with: Callable[[Fault], web.Response],
    note: Callable[[], None],
) -> list[web.AbstractRouteDef]:
    """Return the routes; each answers at once, from nothing but the request's body."""

    async def answer_with(answer: Answer, request: web.Request) -> web.StreamResponse:
        given: Fault | dict[str, Any] | None = refuse_key(request.headers.get("Authorization", ""))
        if given is None:
            try:
                body = await request.json()
            except ValueError:
                body = None
            given = answer(body) if isinstance(body, dict) else refusal(400, "We could not parse the JSON body.")
        note()
        return respond_with(given) if isinstance(given, Fault) else web.json_response(given)

    async def embeddings(request: web.Request) -> web.StreamResponse:
        return await answer_with(embedder.answer, request)

    async def rerank(request: web.Request) -> web.StreamResponse:
        return await answer_with(reranker.answer, request)

    return [web.post("/v1/embeddings", embeddings), web.post("/v1/rerank", rerank)]
