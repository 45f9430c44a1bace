"""What an operator can set about how things are found; what is indexed where is set with the conversations."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from core.setting_fields import URL, Section, setting_field


class KnowledgeSettings(Section):
    """The embedder and the reranker; without a model of each, words alone find things, in the order of their ranks."""

    title: ClassVar[str] = "Knowledge: how what people share is found again"

    embeddings_model: str = setting_field(
        "CONFAB_EMBEDDINGS_MODEL", "The embedder's name, as text-embedding-3-small; empty: words alone find things", ""
    )
    embeddings_base_url: str = setting_field(
        "CONFAB_EMBEDDINGS_BASE_URL", "Where it is asked; empty: at OPENAI_BASE_URL, with its key", "", begins=URL
    )
    embeddings_api_key: str = setting_field(
        "CONFAB_EMBEDDINGS_API_KEY", "The key for that address, if it needs one", "", secret=True
    )
    embeddings_query_prefix: str = setting_field(
        "CONFAB_EMBEDDINGS_QUERY_PREFIX", "What the embedder wants before a question, as E5's `query: `", ""
    )
    embeddings_document_prefix: str = setting_field(
        "CONFAB_EMBEDDINGS_DOCUMENT_PREFIX", "The same before what is looked through, as E5's `passage: `", ""
    )
    embeddings_dimensions: Annotated[PositiveInt, Field(le=8192)] | None = setting_field(
        "CONFAB_EMBEDDINGS_DIMENSIONS", "How many numbers a vector has, where the model lets one choose"
    )
    rerank_url: str = setting_field(
        "CONFAB_RERANK_URL",
        "Where what was found is put in order, as Cohere, Jina and vLLM do; empty: not at all",
        "",
        begins=URL,
    )
    rerank_model: str = setting_field("CONFAB_RERANK_MODEL", "The reranker's name there", "")
    rerank_api_key: str = setting_field("CONFAB_RERANK_API_KEY", "The key for that address", "", secret=True)
