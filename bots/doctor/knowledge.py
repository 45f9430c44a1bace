"""Whether what finds things by meaning, and puts them in order, answers; nothing is said where neither is set."""

from bots.doctor.check import Check, unreachable_check
from bots.settings import Settings
from core.errors import EndpointUnreachable, ModelError
from core.llm.embeddings import EmbedderOptions, Embeddings
from core.llm.http_client import open_http_client
from core.llm.rerank import Reranker

PATIENCE = 30.0  # seconds: a local model may have to be loaded first
WORDS = ("ready", "steady")
EMBEDDER = (
    "Set CONFAB_EMBEDDINGS_MODEL to an embedder of that endpoint, or leave it empty: words alone find things then."
)
RERANKER = "Correct CONFAB_RERANK_URL, _MODEL and _API_KEY, or leave the URL empty: the order of the ranks holds then."


async def check_knowledge(settings: Settings) -> list[Check]:
    """Return what is found by embedding one word, and by having two put in order."""
    found = [await _check_embedder(settings)] if settings.knowledge.embeddings_model else []
    return [*found, await _check_reranker(settings)] if settings.knowledge.rerank_url else found


async def _check_embedder(settings: Settings) -> Check:
    wanted, name = settings.knowledge, "knowledge.embeddings"
    key = wanted.embeddings_api_key or ("" if wanted.embeddings_base_url else settings.model.api_key)
    options = EmbedderOptions(wanted.embeddings_model, wanted.embeddings_dimensions)
    async with open_http_client(1) as client:
        try:
            embedder = Embeddings(wanted.embeddings_base_url or settings.model.base_url, key, client)
            vector = await embedder.embed_query(options, WORDS[0], PATIENCE)
        except EndpointUnreachable as error:
            return unreachable_check(name, "the embedder", str(error), "CONFAB_EMBEDDINGS_BASE_URL")
        except ModelError as error:
            kind = type(error).__name__
            return Check(name, "fail", f"{wanted.embeddings_model} embeds nothing ({kind}: {error}).", EMBEDDER)
    return Check(name, "ok", f"{wanted.embeddings_model} gives vectors of {len(vector) // 4} numbers.")


async def _check_reranker(settings: Settings) -> Check:
    wanted, name = settings.knowledge, "knowledge.rerank"
    async with open_http_client(1) as client:
        reranker = Reranker(wanted.rerank_url, wanted.rerank_model, wanted.rerank_api_key, client)
        try:
            await reranker.rank_texts(WORDS[0], WORDS)
        except EndpointUnreachable as error:
            return unreachable_check(name, "the reranker", str(error), "CONFAB_RERANK_URL")
        except ModelError as error:
            return Check(name, "warn", f"Nothing is put in order ({type(error).__name__}: {error}).", RERANKER)
    return Check(name, "ok", "What was found is put in order.")
