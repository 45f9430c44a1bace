"""What may be looked up, put together for the composition root."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from core.chat_commands import ChatCommands
from core.files.documents import Documents
from core.knowledge.audience import SourcePlatform
from core.knowledge.errors import SourceUnreadable
from core.knowledge.finder import Finder
from core.knowledge.indexer import Indexer, ReadPage, ReadText
from core.knowledge.knowledge import Knowledge
from core.knowledge.listing import SourceList
from core.knowledge.settings import KnowledgeSettings
from core.llm.http_client import MayVisit, open_http_client, open_public_client
from core.llm.rerank import Reranker
from core.moderation.moderation import Moderation
from core.policy import ConversationSettings
from core.privacy.hiding import Hider
from core.prompt.history import HistoryLoader
from core.spending.meter import Meter
from core.storage.store import Store
from core.tools.addresses import is_public_address
from core.tools.read_link import SECONDS, LinkReader
from core.tools.tool import ToolFailed

if TYPE_CHECKING:  # NumPy is loaded where an embedder is set, and nowhere else
    from core.knowledge.vectors import VectorSearch

CONNECTIONS = 4  # to a reranker


async def finder_of(
    settings: KnowledgeSettings,
    store: Store,
    vectors: "VectorSearch | None",
    stack: AsyncExitStack,
    meter: Meter | None = None,
    hide: Callable[[Sequence[str]], list[str]] = list,
) -> Finder:
    """Return what finds things, by words and, where there are `vectors`, by meaning; `stack` closes what it opens."""
    if not settings.rerank_url:
        return Finder(store, vectors)
    client = await stack.enter_async_context(open_http_client(CONNECTIONS))
    reranker = Reranker(settings.rerank_url, settings.rerank_model, settings.rerank_api_key, client, meter, hide)
    return Finder(store, vectors, reranker)


def hiding_of(settings: ConversationSettings) -> Callable[[Sequence[str]], list[str]]:
    """Return what leaves out of texts all that is hidden in any channel: a vector serves every one of them."""
    places = settings.list_policies()
    kinds = sorted({kind for place in places for kind in place.hide})
    patterns = sorted({pattern for place in places for pattern in place.hide_patterns})

    def hide(texts: Sequence[str]) -> list[str]:
        hider = Hider(kinds, patterns)
        return [hider.hide(text) for text in texts] if hider else list(texts)

    return hide


async def open_page_reader(
    documents: Documents, stack: AsyncExitStack, may_visit: MayVisit = is_public_address
) -> ReadPage:
    """Return what reads pages of the public web alone, as the tool `read_link` does; `stack` closes its client."""
    client = await stack.enter_async_context(open_public_client(may_visit, SECONDS))
    reader = LinkReader(client, documents, may_visit)

    async def read_page(url: str, owner: tuple[str, str]) -> ReadText:
        try:
            page = await reader.read_page(url, owner)
        except ToolFailed as fault:
            raise SourceUnreadable(str(fault), may_pass=True) from fault
        return ReadText(page.document.text, page.document.parts, page.kind, page.left_out)

    return read_page


def knowledge_of(  # noqa: PLR0913, PLR0917 - it is put together here, of all that it is made of
    finder: Finder,
    store: Store,
    commands: ChatCommands,
    platforms: Mapping[str, SourcePlatform],
    documents: Documents,
    recall: HistoryLoader,
    guard: Moderation | None,
    read_page: ReadPage | None = None,
) -> Knowledge:
    """Return what takes things in, finds and lists them; nothing of it runs before it is begun, or once closed."""
    indexer = Indexer(store, platforms, documents, guard, recall.count, finder.vectors, read_page)
    knowledge = Knowledge(store, commands.preferences.policies, platforms, finder, indexer, recall, guard)
    if knowledge.is_used:
        may_remove = commands.preferences.is_named_administrator
        listing = SourceList(
            store,
            knowledge.view_of,
            lambda asked: may_remove(asked.author.id, asked.author.roles or ()),
            indexer.wake,
        )
        commands.register("sources", listing.answer_command)
    return knowledge
