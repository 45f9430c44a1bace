"""Finds pieces by what they mean: an embedder's vectors, all compared with the question's, of those that may be read.

NumPy is imported here alone, and this module only where an embedder is set.
"""

import asyncio

import numpy as np
import numpy.typing as npt
import structlog

from core.errors import ModelError
from core.llm.embeddings import MOST_TEXTS, EmbedderOptions, Embeddings
from core.spending.charge import Payer
from core.storage.connection import Row
from core.storage.passages import CANDIDATES, View, visible_sources
from core.storage.store import Store
from core.storage.vectors import (
    drop_other_embedders,
    is_complete,
    other_embedder,
    read_new_vectors,
    save_vectors,
    texts_without_vector,
)

log = structlog.get_logger()

PATIENCE = 5.0  # seconds for a question's vector; the answer waits for it
LONG = 120.0  # seconds for those of pieces, with retries
ROWS = 4_000  # vectors that are read from the store at once
MOST_BYTES = (
    512 * 1024 * 1024
)  # of vectors that are held: 350,000 of 384 numbers; older pieces are found by words alone
DEVIATIONS = 2.5  # above what texts have in common that have nothing to do with each other

# By these it is learnt how alike an embedder finds what has nothing to do with each other.
UNRELATED_QUESTIONS = (
    "How do I cancel my gym membership?",
    "Which trees lose their leaves in winter?",
    "When was the printing press invented?",
    "What is the capital of Mongolia?",
    "How long does rice have to boil?",
    "Who repairs a broken dishwasher?",
)
UNRELATED_TEXTS = (
    "The quarterly figures were sent to the auditors on Tuesday.",
    "Whales breathe air and have to come to the surface.",
    "To restart the server, run the script with the option force.",
    "Tickets for the concert are sold out since last week.",
    "The museum is closed on Mondays and on public holidays.",
    "Our parking spaces are numbered from the entrance on.",
    "A sonnet has fourteen lines and a fixed scheme of rhymes.",
    "Please water the plants in the hall twice a week.",
)

Matrix = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


class VectorTable:
    """The vectors of one embedder, as rows of a matrix, each with its piece and its source."""

    def __init__(self) -> None:
        self._matrix: Matrix = np.zeros((0, 0), np.float32)
        self._pieces: Numbers = np.zeros(0, np.int64)
        self._sources: Numbers = np.zeros(0, np.int64)
        self._known: set[int] = set()
        self._count = 0
        self.read = (0, 0)  # up to which vector and which piece, by their seq

    @property
    def is_full(self) -> bool:
        """Whether no more are held."""
        return bool(self._count * self._matrix.shape[1] * 4 >= MOST_BYTES)

    def add_rows(self, rows: list[Row]) -> None:
        """Take in what `read_new_vectors` gave."""
        new = [row for row in rows if row[0] not in self._known]
        vector, piece = self.read
        is_new_vector = rows[-1][2] > vector
        self.read = (rows[-1][2], piece) if is_new_vector else (vector, rows[-1][0])
        size = 4 * self._matrix.shape[1] if self._count else len(new[0][3]) if new else 0
        new = [row for row in new if len(row[3]) == size]  # others came of another model behind the same name
        if not new:
            return
        self._make_room(len(new), len(new[0][3]) // 4)
        end = self._count + len(new)
        self._matrix[self._count : end] = np.frombuffer(b"".join(row[3] for row in new), "<f4").reshape(len(new), -1)
        self._pieces[self._count : end] = [row[0] for row in new]
        self._sources[self._count : end] = [row[1] for row in new]
        self._known.update(row[0] for row in new)
        self._count = end

    def find_nearest(self, vector: bytes, sources: list[int], floor: float) -> list[int]:
        """Return the pieces of these sources that are nearest to a vector, nearest first; none below the floor."""
        asked = np.frombuffer(vector, "<f4")
        if not sources or not self._count or len(asked) != self._matrix.shape[1]:
            return []
        may_be_read = np.zeros(max(int(self._sources[: self._count].max()), *sources) + 1, bool)
        may_be_read[sources] = True
        rows = np.flatnonzero(may_be_read[self._sources[: self._count]])
        is_all = len(rows) == self._count
        scores = (self._matrix[: self._count] if is_all else self._matrix[rows]) @ asked
        best = np.argpartition(-scores, CANDIDATES)[:CANDIDATES] if len(scores) > CANDIDATES else np.arange(len(scores))
        best = best[np.argsort(-scores[best], kind="stable")]
        return [int(self._pieces[rows[place]]) for place in best if scores[place] >= floor]

    def _make_room(self, count: int, dimensions: int) -> None:
        if self._matrix.shape[1] != dimensions:
            self._matrix = np.zeros((0, dimensions), np.float32)
        if self._count + count <= len(self._matrix):
            return
        size = max(2 * len(self._matrix), self._count + count)
        for name, kind in (("_matrix", np.float32), ("_pieces", np.int64), ("_sources", np.int64)):
            old = getattr(self, name)
            grown = np.zeros((size, *old.shape[1:]), kind)
            grown[: self._count] = old[: self._count]
            setattr(self, name, grown)


class VectorSearch:
    """Has pieces embedded, each text once, and finds those that are near to a question.

    Where the embedder is another one than before, its vectors are made beside the old ones, which serve until all of
    them are there.
    """

    def __init__(self, store: Store, embeddings: Embeddings, options: EmbedderOptions) -> None:
        self._store = store
        self._embeddings = embeddings
        self._options = options
        self._tables: dict[str, VectorTable] = {}
        self._floors: dict[str, float] = {}
        self._lock = asyncio.Lock()

    async def embed_pieces(self) -> None:
        """Have all pieces embedded that are not yet; raises a ModelError where the embedder cannot be asked."""
        name = self._options.name
        while lacking := await self._store.run(lambda db: texts_without_vector(db, name, MOST_TEXTS)):
            texts = [text for _, text in lacking]
            vectors = await self._embeddings.embed_documents(self._options, texts, LONG)
            pairs = [(digest, vector) for (digest, _), vector in zip(lacking, vectors, strict=True)]
            await self._store.run(lambda db, pairs=pairs: save_vectors(db, name, pairs))  # type: ignore[misc]  # bound now
        await self._store.run(lambda db: drop_other_embedders(db, name))

    async def find_nearest(self, text: str, view: View, payer: Payer) -> list[int]:
        """Return the pieces that are near to a text, nearest first, by their seq; none where that cannot be told."""
        try:
            async with self._lock:
                return await self._find_nearest(text, view, payer)
        except ModelError as error:
            log.warning("words alone", error=type(error).__name__, detail=str(error), hint=error.hint)
            return []

    async def _find_nearest(self, text: str, view: View, payer: Payer) -> list[int]:
        options = await self._choose_embedder()
        floor = await self._floor_of(options)
        vector = await self._embeddings.embed_query(options, text, PATIENCE, payer)
        sources = await self._store.run(lambda db: visible_sources(db, view))
        table = await self._read_table(options.name)
        return await asyncio.to_thread(table.find_nearest, vector, sources, floor)

    async def _choose_embedder(self) -> EmbedderOptions:
        """Return by whose vectors to look: those of the one that is set, or of the one before while they lack some."""
        name = self._options.name
        if await self._store.run(lambda db: is_complete(db, name)):
            return self._options
        before = await self._store.run(lambda db: other_embedder(db, name))
        return EmbedderOptions.parse_name(before) if before else self._options

    async def _floor_of(self, options: EmbedderOptions) -> float:
        """Return how near a piece has to be, so that it is more than what everything has in common."""
        if options.name not in self._floors:
            texts = await self._embeddings.embed_documents(options, UNRELATED_TEXTS, PATIENCE)
            asked = [await self._embeddings.embed_query(options, each, PATIENCE) for each in UNRELATED_QUESTIONS]
            scores = (
                np.array([np.frombuffer(each, "<f4") for each in asked])
                @ np.array([np.frombuffer(each, "<f4") for each in texts]).T
            )
            self._floors[options.name] = float(scores.mean() + DEVIATIONS * scores.std())
        return self._floors[options.name]

    async def _read_table(self, name: str) -> VectorTable:
        """Return the vectors of an embedder as they are now; what is gone is never among the sources to be read."""
        table = self._tables.setdefault(name, VectorTable())
        self._tables = {name: table}
        while not table.is_full:
            rows = await self._store.run(lambda db: read_new_vectors(db, name, table.read, ROWS))
            if not rows:
                break
            await asyncio.to_thread(table.add_rows, rows)
        return table
