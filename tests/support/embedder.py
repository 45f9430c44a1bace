"""An embedder and a reranker for tests: the sandbox's own."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from bots.embedder import vectors_of
from bots.knowledge import finder_of
from core.knowledge.finder import Finder
from core.knowledge.settings import KnowledgeSettings
from core.llm.settings import ModelSettings
from core.storage.store import Store
from deploy.sandbox.wire.server import Sandbox


@dataclass(frozen=True, slots=True)
class EmbedderSetup:
    """Which embedder a test has; with `reranks` what is found is put in order as well."""

    model: str = "stand-in-embed"
    query_prefix: str = ""
    document_prefix: str = ""
    dimensions: int | None = None
    reranks: bool = False


async def open_finder(setup: EmbedderSetup | None, sandbox: Sandbox, store: Store, stack: AsyncExitStack) -> Finder:
    """Return what finds things in a test: by words alone where no embedder is asked for."""
    if setup is None:
        return Finder(store)
    settings = KnowledgeSettings(
        embeddings_model=setup.model,
        embeddings_query_prefix=setup.query_prefix,
        embeddings_document_prefix=setup.document_prefix,
        embeddings_dimensions=setup.dimensions,
        rerank_url=sandbox.openai_base_url if setup.reranks else "",
        rerank_api_key="sk-test",
    )
    model = ModelSettings(base_url=sandbox.openai_base_url, api_key="sk-test")
    return await finder_of(settings, store, await vectors_of(settings, model, store, stack), stack)
