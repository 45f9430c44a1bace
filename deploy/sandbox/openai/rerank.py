"""A stand-in for `/v1/rerank`, as Cohere, Jina and vLLM have it: what shares more with the query is better."""

from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox.openai.embeddings import embed_text
from deploy.sandbox.openai.replies import Fault, refusal


@dataclass(slots=True)
class Reranker:
    """The endpoint's state: what it was asked, as bodies; `fault` is what all requests are refused with."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    fault: Fault | None = None

    def answer(self, body: dict[str, Any]) -> Fault | dict[str, Any]:
        """Return what a request is answered with (Cohere docs, Rerank: results by their score, the best first)."""
        self.asked.append(body)
        if self.fault:
            return self.fault
        query, documents = body.get("query"), body.get("documents")
        if not query or not isinstance(documents, list) or not documents:
            return refusal(400, "query and documents must not be empty")
        asked = embed_text(str(query))
        scores = [sum(a * b for a, b in zip(asked, embed_text(str(each)), strict=True)) for each in documents]
        best = sorted(range(len(scores)), key=lambda place: -scores[place])[: body.get("top_n") or len(scores)]
        return {"results": [{"index": place, "relevance_score": (1 + scores[place]) / 2} for place in best]}
