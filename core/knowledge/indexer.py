"""Reads what waits to be looked up: claimed like turns, and found only once all of it was read, checked and kept."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog
from pydantic import TypeAdapter

from core.errors import FileUnreadable, ModelError
from core.files.documents import Documents
from core.files.kinds import kind_of, kind_of_content
from core.knowledge.audience import SourcePlatform
from core.knowledge.errors import BROKEN, EMPTY, LARGEST, NOT_HAD, NOT_READ, TOO_LARGE, UNCHECKED, SourceUnreadable
from core.knowledge.exchange import split_exchange
from core.knowledge.exchange_reader import ExchangeReader
from core.knowledge.splitting import Count, split_document
from core.messages import Attachment, Author, ConversationKey, Message
from core.moderation.errors import TooLongToCheck, Unchecked
from core.moderation.log import Subject
from core.moderation.moderation import Moderation
from core.moderation.verdict import Sample
from core.sanitize import sanitize_name, sanitize_text, valid_value
from core.storage import chat_lines, knowledge
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.knowledge import ClaimedSource, Piece
from core.storage.store import Store
from core.storage.turns import MESSAGE

if TYPE_CHECKING:  # NumPy is loaded where an embedder is set, and nowhere else
    from core.knowledge.vectors import VectorSearch

log = structlog.get_logger()

ATTEMPTS = 3  # at a source, before it is given up
MOST_ENDS = 6  # attempts after which a source is not even begun
PAUSE = 10.0  # seconds before the second attempt, and twice as many before the third
LOOK_AGAIN = 30.0  # seconds, after the store could not be asked
CHECKED_AT_ONCE = 100  # pieces


@dataclass(frozen=True, slots=True)
class ReadText:
    """What an operator put in: the text of a file, its pages where it has such, and by which reader it was read."""

    text: str
    parts: tuple[str, ...]
    kind: str
    left_out: tuple[str, ...] = ()


READ_TEXT = TypeAdapter(ReadText)
ReadPage = Callable[[str, tuple[str, str]], Awaitable[ReadText]]
"""Reads the page at an address, on the account of somebody in a workspace; raises SourceUnreadable."""


class Indexer:
    """Reads one source after the other, beside everything else."""

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, SourcePlatform],
        documents: Documents,
        guard: Moderation | None,
        count: Count,
        vectors: "VectorSearch | None" = None,
        read_page: ReadPage | None = None,
    ) -> None:
        """`vectors` has what was read embedded, where an embedder is set; `read_page` reads what links lead to."""
        self._read_page = read_page
        self._store = store
        self._vectors = vectors
        self._platforms = platforms
        self._documents = documents
        self._checks = guard if guard and guard.is_checking else None
        self._count = count
        self._exchanges = ExchangeReader(platforms, guard, store.sealer.open_message)
        self._woken = asyncio.Event()
        self._last = ("", "", "")  # whose source was read last
        self._task: asyncio.Task[None] | None = None

    async def start_reading(self) -> None:
        """Take up what an earlier process left, and then whatever comes."""
        await self._store.run(knowledge.void_leases)
        self._task = asyncio.create_task(self._read_all())

    async def close(self) -> None:
        """Stop; what is not read is read after the next start."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """See that somebody looks at what waits."""
        self._woken.set()

    async def read_waiting(self) -> bool:
        """Read the oldest source that waits; return whether there was one that could be claimed."""
        source = await self._store.run(lambda db: knowledge.claim_source(db, self._last))
        if source is None:
            return False
        self._last = (source.key.platform, source.key.workspace, source.author_id)
        try:
            await self._read_claimed(source)
        except SourceUnreadable as fault:
            await self._release_or_fail(source, fault)
        except (StorageUnavailable, StatementRefused, asyncio.CancelledError):
            raise
        except Exception:
            log.exception("source not read", source=source.seq)
            await self._release_or_fail(source, SourceUnreadable("something went wrong with it", may_pass=True))
        return True

    async def _read_claimed(self, source: ClaimedSource) -> None:
        if source.attempts > MOST_ENDS:  # nobody gave it back: the process ended each time
            raise SourceUnreadable(BROKEN)
        await (self._read_exchange(source) if source.kind == "chat" else self._read_document(source))

    async def _read_document(self, source: ClaimedSource) -> None:
        pieces, name, detail = await self._read_source(source)
        if not pieces:
            await self._end(source, "refused", "moderation refuses it")
        else:
            await self._store.run(lambda db: knowledge.save_pieces(db, source, pieces, name, detail))

    async def _read_exchange(self, source: ClaimedSource) -> None:
        """Read what was said since, and let all of the exchange be found anew."""
        found = await self._store.run(lambda db: chat_lines.read_lines(db, source.seq))
        lines = await self._exchanges.read_unread(source, found)
        pieces = split_exchange(lines, self._count)
        await self._store.run(lambda db: chat_lines.save_exchange(db, source, lines, pieces))

    async def _read_all(self) -> None:
        while True:
            self._woken.clear()
            try:
                while await self.read_waiting():
                    pass
                again = await self._store.run(knowledge.next_claim_at)
                if not await self._embed_pieces():
                    again = time.time() + LOOK_AGAIN
            except (StorageUnavailable, StatementRefused) as error:
                log.warning("sources not read", error=str(error))
                again = time.time() + LOOK_AGAIN
            pause = None if again is None else max(again - time.time(), 0.0)
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _embed_pieces(self) -> bool:
        """Have what was read embedded; return whether nothing is left to be."""
        try:
            if self._vectors:
                await self._vectors.embed_pieces()
        except ModelError as error:
            log.warning("pieces not embedded", error=type(error).__name__, detail=str(error), hint=error.hint)
            return False
        return True

    async def _release_or_fail(self, source: ClaimedSource, fault: SourceUnreadable) -> None:
        if fault.may_pass and source.attempts < ATTEMPTS:
            await self._store.run(lambda db: knowledge.release_source(db, source, PAUSE * source.attempts))
        else:
            log.warning("source given up", source=source.seq, detail=str(fault))
            await self._store.run(lambda db: chat_lines.drop_unread_lines(db, source))
            await self._end(source, "failed", str(fault))

    async def _end(self, source: ClaimedSource, state: str, why: str) -> None:
        await self._store.run(lambda db: knowledge.end_source(db, source, state, why))

    async def _read_source(self, source: ClaimedSource) -> tuple[list[Piece], str, str]:
        """Return what may be kept of a source, its author's name, and what was left out; raise SourceUnreadable."""
        if source.kind == "file":
            message = await self._resolve_message(source)
            read, author = await self._read_file(message), message.author
        elif source.kind == "link":
            author = Author(source.author_id, "")
            read = await self._read_link(source.payload, (source.key.workspace, author.id))
        else:
            read, author = READ_TEXT.validate_json(source.payload), Author(source.author_id, "")
        split = (read.text, read.parts, sanitize_name(source.name), read.kind, self._count)
        pieces = [_as_data(each) for each in await asyncio.to_thread(split_document, *split)]
        if not pieces:
            raise SourceUnreadable(EMPTY)
        clean = await self._keep_clean(pieces, source.key, author)
        left_out = list(read.left_out)
        if refused := len(pieces) - len(clean):
            left_out.append(f"{refused} of {len(pieces)} passages, which moderation refuses")
        return clean, sanitize_name(author.name) if author.name else "", "; ".join(left_out)

    async def _resolve_message(self, source: ClaimedSource) -> Message:
        platform = self._platforms.get(source.key.platform)
        if platform is None:
            raise SourceUnreadable(NOT_HAD, may_pass=True)
        message = MESSAGE.validate_json(source.payload)
        opened = self._store.sealer.open_message(message)
        return valid_value(await platform.resolve_names(opened))

    async def _read_file(self, message: Message) -> ReadText:
        """Return what the file of a message holds; raises SourceUnreadable."""
        file = message.attachments[0]
        named = kind_of(file)
        if not is_indexed_kind(named):
            raise SourceUnreadable(NOT_READ)
        if (file.size or 0) > LARGEST:
            raise SourceUnreadable(TOO_LARGE)
        try:
            content = await self._download(message.key, file)
        except FileUnreadable as error:
            raise SourceUnreadable(TOO_LARGE if error.too_large else NOT_HAD, may_pass=not error.too_large) from error
        return await read_content(self._documents, content, named, (message.key.workspace, message.author.id))

    async def _read_link(self, url: str, owner: tuple[str, str]) -> ReadText:
        if self._read_page is None:
            raise SourceUnreadable(NOT_READ)
        return await self._read_page(url, owner)

    async def _download(self, key: ConversationKey, file: Attachment) -> bytes:
        content = bytearray()
        async with aclosing(self._platforms[key.platform].open_file(key, file, LARGEST)) as chunks:
            async for chunk in chunks:
                content += chunk
        return bytes(content)

    async def _keep_clean(self, pieces: Sequence[Piece], key: ConversationKey, author: Author) -> list[Piece]:
        """Return the pieces that moderation lets pass; raise SourceUnreadable where nobody can be asked."""
        if not self._checks:
            return list(pieces)
        about, clean = Subject(key, "knowledge", author if author.id else None), []
        for start in range(0, len(pieces), CHECKED_AT_ONCE):
            some = pieces[start : start + CHECKED_AT_ONCE]
            try:
                samples = [Sample(f"{each.title}\n{each.text}") for each in some]
                verdicts = await self._checks.check_texts("knowledge", samples, about)
            except (Unchecked, TooLongToCheck) as error:
                raise SourceUnreadable(UNCHECKED, may_pass=True) from error
            clean += [each for each, verdict in zip(some, verdicts, strict=True) if not verdict.is_flagged]
        return clean


def is_indexed_kind(kind: str) -> bool:
    """Whether files of a kind are looked up: texts and documents, no pictures, and nothing that holds secrets."""
    return bool(kind) and kind not in {"picture", "env"}


async def read_content(documents: Documents, content: bytes, named: str, owner: tuple[str, str]) -> ReadText:
    """Return what a file's bytes hold, of the kind that its name tells; raises SourceUnreadable."""
    kind = kind_of_content(content, named)
    if not is_indexed_kind(kind):
        raise SourceUnreadable(NOT_READ)
    found = await documents.read_document(content, kind, owner, whole=True)
    if found is None:
        raise SourceUnreadable(BROKEN)
    if not found.text.strip():
        raise SourceUnreadable(EMPTY)
    return ReadText(found.text, found.parts, kind, (*found.remarks, *found.left_out))


def _as_data(piece: Piece) -> Piece:
    """Return a piece as it may be kept: nothing in it is invisible, or passes for what it is not."""
    return replace(piece, title=sanitize_text(piece.title), text=sanitize_text(valid_value(piece.text)))
