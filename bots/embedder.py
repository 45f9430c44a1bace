"""The embedder that the settings name, put together for the composition root, which imports it only where one is."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from core.knowledge.settings import KnowledgeSettings
from core.knowledge.vectors import VectorSearch
from core.llm.embeddings import EmbedderOptions, Embeddings
from core.llm.http_client import open_http_client
from core.llm.settings import ModelSettings
from core.spending.meter import Meter
from core.storage.store import Store

CONNECTIONS = 4


async def vectors_of(
    settings: KnowledgeSettings,
    model: ModelSettings,
    store: Store,
    stack: AsyncExitStack,
    meter: Meter | None = None,
    hide: Callable[[Sequence[str]], list[str]] = list,
) -> VectorSearch:
    """Return what embeds and compares, at the model's endpoint where no other is named; `stack` closes its client."""
    client = await stack.enter_async_context(open_http_client(CONNECTIONS))
    is_apart = bool(settings.embeddings_base_url)
    key = settings.embeddings_api_key or ("" if is_apart else model.api_key)
    embeddings = Embeddings(settings.embeddings_base_url or model.base_url, key, client, meter, hide)
    options = EmbedderOptions(
        settings.embeddings_model,
        settings.embeddings_dimensions,
        settings.embeddings_query_prefix,
        settings.embeddings_document_prefix,
    )
    return VectorSearch(store, embeddings, options)
