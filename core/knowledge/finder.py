"""How pieces are found: by several ways of looking, fused into one order, and cut to what a prompt has room for."""

from collections.abc import Sequence

from core.knowledge.fusion import fuse_ranks
from core.knowledge.words import is_code_like, parts_of, words_of
from core.storage.connection import Connection
from core.storage.passages import Passage, View, find_by_words, knows_word, read_passages, read_whole
from core.storage.store import Store

MOST_PASSAGES = 8  # that a prompt is given, small files aside
RECENCY = 0.25  # the weight of the order by age, beside 1 for each way of looking
SMALL = 2_000  # tokens: of a file that is no longer, all is given


class Finder:
    """Looks for pieces; who may see them is part of each look."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find_passages(self, text: str, view: View, room: int) -> list[Passage]:
        """Return what is found about a text, best first, in at most `room` tokens."""
        words = words_of(text)
        ranked = await self._store.run(lambda db: _rank_by_words(db, words, view))
        best = await self._store.run(lambda db: _read_best(db, ranked, view))
        return await self._store.run(lambda db: _with_small_files(db, best, room))


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
    found = {each.seq: each for each in read_passages(connection, seqs, view)}
    newest = sorted(found, key=lambda seq: -found[seq].posted_at)
    order = fuse_ranks([*((1.0, [seq for seq in each if seq in found]) for each in ranked), (RECENCY, newest)])
    same: dict[str, Passage] = {}
    for seq in newest:
        same.setdefault(found[seq].hash, found[seq])
    return [same[key] for key in dict.fromkeys(found[seq].hash for seq in order)]


def _with_small_files(connection: Connection, best: Sequence[Passage], room: int) -> list[Passage]:
    """Return the best pieces in the room that there is; of a small file all of them, in their order."""
    given: dict[int, Passage] = {}
    for passage in best[:MOST_PASSAGES]:
        whole = read_whole(connection, passage.source, min(SMALL, room)) if passage.seq not in given else []
        for each in whole or [passage]:
            if each.seq not in given and each.tokens <= room:
                given[each.seq] = each
                room -= each.tokens
    return list(given.values())
