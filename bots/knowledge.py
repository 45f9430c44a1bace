"""What may be looked up, put together for the composition root."""

from collections.abc import Mapping

from core.files.documents import Documents
from core.knowledge.audience import SourcePlatform
from core.knowledge.finder import Finder
from core.knowledge.indexer import Indexer
from core.knowledge.knowledge import Knowledge
from core.moderation.moderation import Moderation
from core.policy import Policies
from core.prompt.history import HistoryLoader
from core.storage.store import Store


def knowledge_of(
    store: Store,
    policies: Policies,
    platforms: Mapping[str, SourcePlatform],
    documents: Documents,
    recall: HistoryLoader,
    guard: Moderation | None,
) -> Knowledge:
    """Return what takes things in and finds them; nothing of it runs before it is begun, or after it is closed."""
    indexer = Indexer(store, platforms, documents, guard, recall.count)
    return Knowledge(store, policies, platforms, Finder(store), indexer, recall, guard)
