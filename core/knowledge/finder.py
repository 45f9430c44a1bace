"""How pieces are found: by several ways of looking, fused into one order, and cut to what a prompt has room for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from core.errors import ModelError
from core.knowledge.exchange import first_line_of, leave_out_lines
from core.knowledge.fusion import fuse_ranks
from core.knowledge.words import is_code_like, parts_of, words_of
from core.llm.rerank import Reranker
from core.spending.charge import Payer
from core.storage.chat_lines import read_lines
from core.storage.connection import Connection
from core.storage.passages import Passage, View, find_by_words, knows_word, read_passages, read_whole
from core.storage.store import Store

if TYPE_CHECKING:  # NumPy is loaded where an embedder is set, and nowhere else
    from core.knowledge.vectors import VectorSearch

log = structlog.get_logger()

MOST_PASSAGES = 8  # that a prompt is given, small files aside
RECENCY = 0.25  # the weight of the order by age, beside 1 for each way of looking
RERANKED = 24  # pieces that a reranker puts in order
SMALL = 2_000  # tokens: of a file that is no longer, all is given


class Finder:
    """Looks for pieces; who may see them is part of each look."""

    def __init__(self, store: Store, vectors: "VectorSearch | None" = None, reranker: Reranker | None = None) -> None:
        self._store = store
        self.vectors = vectors
        self._reranker = reranker

    async def find_passages(self, text: str, view: View, room: int, payer: Payer) -> list[Passage]:
        """Return what is found about a text, best first, in at most `room` tokens, on somebody's account."""
        words = words_of(text)
        ranked = await self._store.run(lambda db: _rank_by_words(db, words, view))
        if self.vectors:
            ranked.append(await self.vectors.find_nearest(text, view, payer))
        best = await self._rerank(text, await self._store.run(lambda db: _read_best(db, ranked, view)), payer)
        return await self._store.run(lambda db: _with_small_files(db, best, room))

    async def _rerank(self, text: str, best: list[Passage], payer: Payer) -> list[Passage]:
        """Return pieces in a reranker's order, where there is one that answers."""
        if not self._reranker or not best:
            return best
        first = best[:RERANKED]
        try:
            order = await self._reranker.rank_texts(text, [each.text for each in first], payer)
        except ModelError as error:
            log.warning("not reranked", error=type(error).__name__, detail=str(error), hint=error.hint)
            return best
        return [first[place] for place in order]


def _rank_by_words(connection: Connection, words: Sequence[str], view: View) -> list[list[int]]:
    """Return what is found by words, and by parts of those that no piece has or that stand inside of longer ones."""
    parts = [
        part for word in words if is_code_like(word) or not knows_word(connection, word) for part in parts_of(word)
    ]
    by_words = find_by_words(connection, words, view)
    return [by_words, find_by_words(connection, parts, view, "passage_trigrams") if parts else []]


def _read_best(connection: Connection, ranked: Sequence[Sequence[int]], view: View) -> list[Passage]:
    """Return the pieces of several orders in one, of those with the same text the newest."""
    seqs = list(dict.fromkeys(seq for each in ranked for seq in each))
    read = (_without_told(connection, each, view) for each in read_passages(connection, seqs, view))
    found = {each.seq: each for each in read if each.text}
    newest = sorted(found, key=lambda seq: -found[seq].posted_at)
    order = fuse_ranks([*((1.0, [seq for seq in each if seq in found]) for each in ranked), (RECENCY, newest)])
    same: dict[str, Passage] = {}
    for seq in newest:
        same.setdefault(found[seq].hash, found[seq])
    return [same[key] for key in dict.fromkeys(found[seq].hash for seq in order)]


def _without_told(connection: Connection, passage: Passage, view: View) -> Passage:
    """Return a piece of a conversation without the lines that the prompt has, and with the first one's address."""
    if passage.kind != "chat":
        return passage
    lines = read_lines(connection, passage.source)
    left = leave_out_lines(passage.text, [each for each in lines if each.message_id in view.told])
    first = first_line_of(left, lines)
    return replace(passage, text=left, link=first.link if first else "")


def _with_small_files(connection: Connection, best: Sequence[Passage], room: int) -> list[Passage]:
    """Return the best pieces in the room that there is; of a small file all of them, in their order."""
    given: dict[int, Passage] = {}
    for passage in best[:MOST_PASSAGES]:
        is_file = passage.kind != "chat" and passage.seq not in given
        whole = read_whole(connection, passage.source, min(SMALL, room)) if is_file else []
        for each in whole or [passage]:
            if each.seq not in given and each.tokens <= room:
                given[each.seq] = each
                room -= each.tokens
    return list(given.values())
