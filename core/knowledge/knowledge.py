"""What people share, taken in as it comes and found again for a question, by those alone who may read it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from core.channel_gone import ChannelGone
from core.files.kinds import kind_of
from core.history import History
from core.knowledge.audience import NOBODY_ELSE, SourcePlatform
from core.knowledge.exchange import tells_something
from core.knowledge.finder import Finder
from core.knowledge.indexer import Indexer, is_indexed_kind
from core.knowledge.lookup import NOT_SOUGHT, Lookup, describe_place
from core.knowledge.words import words_of
from core.messages import MOST_FILES, Attachment, Author, ConversationKey, Entry, Message, Turn
from core.moderation.log import Subject
from core.moderation.moderation import Moderation
from core.moderation.verdict import Sample
from core.policy import Policies
from core.prompt.history import HistoryLoader
from core.spending.charge import Payer
from core.storage import chat_lines, knowledge, passages
from core.storage.connection import Connection
from core.storage.knowledge import NewSource
from core.storage.passages import Passage, View
from core.storage.store import Store
from core.storage.turns import MESSAGE

log = structlog.get_logger()

ROOM = 6_000  # tokens of a prompt that what was found may take
SHARE = 4  # of the window: a quarter at the most
FEW = 3  # words: a question of fewer is looked for with what was asked before it


class Knowledge:
    """What may be looked up, where that is switched on."""

    def __init__(
        self,
        store: Store,
        policies: Policies,
        platforms: Mapping[str, SourcePlatform],
        finder: Finder,
        indexer: Indexer,
        recall: HistoryLoader,
        guard: Moderation | None = None,
    ) -> None:
        self._store = store
        self._policies = policies
        self._platforms = platforms
        self._finder = finder
        self._indexer = indexer
        self._recall = recall
        self._guard = guard
        self._checks = guard if guard and guard.is_checking else None

    async def start_indexing(self) -> None:
        """Read what waits, from now on, where anything is taken in at all."""
        if self.is_used:
            await self._indexer.start_reading()

    @property
    def is_used(self) -> bool:
        """Whether anything is taken in, in any channel."""
        return any(each.knowledge != "off" for each in self._policies.all_settings())

    def wake_indexer(self) -> None:
        """See that somebody looks at what waits."""
        self._indexer.wake()

    async def close(self) -> None:
        """Stop reading; what waits is read after the next start."""
        await self._indexer.close()

    def is_searched(self, key: ConversationKey) -> bool:
        """Whether something is looked up in a conversation."""
        return self._policies.policy_of(key).knowledge != "off"

    async def take_message(self, message: Message, *, is_edit: bool = False) -> None:
        """Put a message's files, and what it says, into the queue, where that is switched on; on return it is on disk.

        What an edit changes of what was said changes in the transaction that takes the edit in.
        """
        platform, policy = self._platforms.get(message.key.platform), self._policies.policy_of(message.key)
        if not platform or policy.knowledge == "off" or policy.keeps_nothing:
            return
        forwarded = {file for each in message.quotations for file in each.files}
        files = [each for each in message.attachments[:MOST_FILES] if each.id not in forwarded]
        link = platform.link_to(message)
        sealed = self._store.sealer.seal_message(message)
        new = [_source_of(sealed, file, link) for file in files if is_indexed_kind(kind_of(file))]
        said = sealed if policy.knowledge == "all" and not is_edit and self._is_heard(message) else None
        if new or said:
            await self._store.run(lambda db: _insert_all(db, new, said, link))
            self._indexer.wake()

    async def drop_channel(self, gone: ChannelGone) -> None:
        """Drop what was posted in a place that the bot, or everybody else, no longer sees as before."""
        if count := await self._store.run(lambda db: knowledge.delete_of_channel(db, gone)):
            log.info("no longer looked up", channel=f"{gone.platform}:{gone.workspace}:{gone.channel}", sources=count)

    def _is_heard(self, message: Message) -> bool:
        """Whether it is looked up what a message says."""
        is_silenced = self._guard is not None and self._guard.silences(message.key, message.author)
        return tells_something(message) and not is_silenced

    async def look_up(self, turn: Turn, message: Message, question: Entry, history: History, about: Subject) -> Lookup:
        """Return what is found about a question; of an answer that is kept already, what it has used."""
        if not self.is_searched(message.key):
            return NOT_SOUGHT
        if turn.kept:  # whose marks stand for what they stood for then
            cited = await self._store.run(lambda db: knowledge.read_citations(db, turn.id))
            return Lookup(cited=cited)
        text = _text_of(question, history)
        if not words_of(text):
            return Lookup()
        told = {message.id, *(each.message_id for each in (*history.entries, *filter(None, [history.first])))}
        view = replace(await self.view_of(message), told=told)
        room = min(ROOM, self._recall.window_of(message.key).prompt // SHARE)
        payer = Payer.of_message(message, turn.id)
        found = await self._clean(await self._finder.find_passages(text, view, room, payer), about)
        is_about_sources = bool(words_of(question.text)) and await self._store.run(knowledge.has_ever_held)
        return Lookup(found, is_sought=is_about_sources)

    async def view_of(self, message: Message) -> View:
        """Return what everybody may see who reads the answer to a message."""
        key, across = message.key, self._policies.policy_of(message.key).knowledge_across
        others = await self._store.run(lambda db: passages.source_channels(db, key)) if across else []
        platform = self._platforms.get(key.platform)
        audience = await platform.find_audience(message, others) if platform else NOBODY_ELSE
        seen = (sorted(audience.elsewhere), audience.is_internal, await self._silenced_authors(key))
        return View(key, *seen, apart=message.id, reads_here=audience.reads_here)

    async def _silenced_authors(self, key: ConversationKey) -> list[str]:
        """Return whose sources are not read: of people who are denied or paused."""
        if not self._guard:
            return []
        authors = await self._store.run(lambda db: passages.source_authors(db, key))
        return [author for author in authors if self._guard.silences(key, Author(author, ""))]

    async def _clean(self, found: Sequence[Passage], about: Subject) -> list[Passage]:
        """Return what may be sent: what was kept was checked, and rules may have changed since."""
        if not self._checks or not found:
            return list(found)
        samples = [Sample(f"{describe_place(each)}\n{each.text}") for each in found]
        clean = await self._checks.find_clean("knowledge", samples, replace(about, author=None))
        return [each for each, is_clean in zip(found, clean, strict=True) if is_clean]


def _insert_all(connection: Connection, files: Sequence[NewSource], said: Message | None, link: str) -> None:
    """Put files, and what was said, into the queue; what comes twice is there once."""
    for each in files:
        knowledge.insert_source(connection, each)
    if said:
        chat_lines.insert_line(connection, said, link)


def _source_of(message: Message, file: Attachment, link: str) -> NewSource:
    """Return a message's file as it waits: with what it takes to fetch it, and without what the message says."""
    bare = replace(message, text="", others=(), quotations=(), attachments=(file,))
    payload = MESSAGE.dump_json(bare).decode()
    name, author, closed = file.name or "a file", message.author.id, message.is_closed
    return NewSource(message.key, message.id, file.id, "file", name, author, message.sent_at, payload, closed, link)


def _text_of(question: Entry, history: History) -> str:
    """Return what is looked for; a short question goes on with the one before it."""
    if len(words_of(question.text)) >= FEW:
        return question.text
    before = next((each.text for each in reversed(history.entries) if each.role == "user"), "")
    return f"{question.text}\n{before}" if before else question.text
