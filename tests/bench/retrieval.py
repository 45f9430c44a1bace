"""How well what people share is found, and how fast: `python -m tests.bench.retrieval`, a part of `make bench`.

Each way of looking alone, and all of them fused: how often the answer is among the first five (recall@5), and one by
its rank among the first ten (MRR@10), with the interval in which 95 of 100 samples of the questions lie.
"""

import asyncio
import random
import resource
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import click
import numpy as np

from core.knowledge.finder import Finder
from core.knowledge.splitting import split_document
from core.knowledge.vectors import VectorSearch
from core.llm.embeddings import NOBODY, EmbedderOptions
from core.messages import ConversationKey
from core.prompt.tokens import counter_for
from core.storage.connection import Connection
from core.storage.knowledge import NewSource, Piece, insert_pieces, insert_source, newest_source
from core.storage.passages import Passage, View
from core.storage.store import Store
from tests.bench.embedders import Embed, LocalEmbeddings, embed_by_sandbox, find_real_embedder
from tests.bench.question_sets import QuestionSet, Text, manual_pages, own_questions, python_topics

PAGE = 3_000  # characters of a page, for what is indexed a minute
ROOM = 1_000_000  # tokens: all that is found
SAMPLES = 1_000
HERE = ConversationKey("slack", "T1", "general", "")
VIEW = View(HERE, elsewhere=("engineering", "random"), is_internal=True)
LARGE, SOURCES, DIMENSIONS = 100_000, 2_000, 384
COUNT = counter_for("stand-in").count
BENCH = EmbedderOptions("bench")


class Library:
    """Texts that were put in, and the ways to look for them."""

    def __init__(self, store: Store, embed: Embed) -> None:
        self._store = store
        self.vectors = VectorSearch(store, LocalEmbeddings(embed), BENCH)
        self._names: dict[int, str] = {}

    async def put_in(self, texts: Sequence[Text]) -> float:
        """Put texts in; return how many pages a minute that were, without the embedder's time."""
        begun = time.perf_counter()
        for text in texts:
            pieces = split_document(text.text, (), text.name, "text", COUNT)
            source = await self._store.run(partial(_insert, text=text, pieces=pieces))
            self._names[source] = text.name
        minutes = (time.perf_counter() - begun) / 60
        await self.vectors.embed_pieces()
        return sum(len(each.text) for each in texts) / PAGE / minutes

    async def find_by_words(self, question: str) -> list[str]:
        """Return the names of what is found by words alone, best first."""
        return self._name(await Finder(self._store).find_passages(question, VIEW, ROOM, NOBODY))

    async def find_by_vectors(self, question: str) -> list[str]:
        """Return the names of what is found by vectors alone."""
        seqs = await self.vectors.find_nearest(question, VIEW, NOBODY)
        of_piece: dict[int, int] = dict(
            await self._store.run(lambda db: db.execute("SELECT seq, source FROM passages"))
        )
        return list(dict.fromkeys(self._names[of_piece[seq]] for seq in seqs))

    async def find_fused(self, question: str) -> list[str]:
        """Return the names of what is found, as a question's prompt has it."""
        return self._name(await Finder(self._store, self.vectors).find_passages(question, VIEW, ROOM, NOBODY))

    def _name(self, found: Sequence[Passage]) -> list[str]:
        return list(dict.fromkeys(self._names[each.source] for each in found))


def _insert(connection: Connection, text: Text, pieces: Sequence[Piece]) -> int:
    key = ConversationKey(HERE.platform, HERE.workspace, text.channel, "")
    insert_source(connection, NewSource(key, "", text.name, "import", text.name, "", time.time(), ""))
    connection.execute("UPDATE sources SET state = 'indexed' WHERE file_id = ?", (text.name,))
    source = newest_source(connection)
    insert_pieces(connection, source, pieces)
    return source


@asynccontextmanager
async def open_library(embed: Embed) -> AsyncIterator[Library]:
    """Return an empty library in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "confab.db")
        try:
            yield Library(store, embed)
        finally:
            await store.close()


async def measure_set(asked: QuestionSet, library: Library) -> None:
    """Print how well the answers to a set's questions are found, by each way of looking."""
    ways: dict[str, Callable[[str], Awaitable[list[str]]]] = {
        "words": library.find_by_words,
        "vectors": library.find_by_vectors,
        "fused": library.find_fused,
    }
    for name, find in ways.items():
        ranks = [_rank_of(each.answer, await find(each.question)) for each in asked.asked]
        recall = [float(rank <= 5) for rank in ranks]
        reciprocal = [1 / rank if rank <= 10 else 0.0 for rank in ranks]
        click.echo(f"  {asked.name:30} {name:8} recall@5 {_interval(recall)}   MRR@10 {_interval(reciprocal)}")


def _rank_of(name: str, found: Sequence[str]) -> int:
    return found.index(name) + 1 if name in found else 1_000


def _interval(values: Sequence[float]) -> str:
    """Return a mean, and between which values those of 95 of 100 samples lie (bootstrap, percentiles)."""
    chance = random.Random(18)
    means = sorted(statistics.fmean(chance.choices(values, k=len(values))) for _ in range(SAMPLES))
    low, high = means[SAMPLES // 40], means[-SAMPLES // 40]
    return f"{statistics.fmean(values):.3f} ({low:.3f}-{high:.3f})"


async def measure_unseen(sets: dict[str, QuestionSet], library: Library) -> None:
    """Print of how many questions nothing is found, where nothing that answers them may be read."""
    for kind in ("unanswerable", "invisible"):
        found = [await library.find_fused(each.question) for each in sets[kind].asked]
        shown = sum(any(name.startswith("hidden") for name in each) for each in found)
        nothing = sum(not each for each in found)
        click.echo(f"  {sets[kind].name:30} nothing found {nothing} of {len(found)}, hidden texts shown {shown}")


async def measure_quality(name: str, embed: Embed) -> None:
    """Print what is found with an embedder, of every set."""
    click.echo(f"\nwith the embedder {name}")
    sets = own_questions()
    async with open_library(embed) as library:
        await library.put_in(sets["plain"].texts)
        for kind in ("plain", "paraphrased"):
            await measure_set(sets[kind], library)
        await measure_unseen(sets, library)
    for asked in filter(None, (python_topics(), manual_pages())):
        async with open_library(embed) as library:
            pace = await library.put_in(asked.texts)
            await measure_set(asked, library)
            click.echo(f"  {asked.name:30} {len(asked.texts)} texts, {pace:,.0f} pages indexed a minute")


async def measure_speed() -> None:
    """Print how long a search in 100,000 pieces takes, by words and vectors, and how much memory this process took."""
    chance = np.random.default_rng(18)
    vectors = chance.standard_normal((LARGE, DIMENSIONS)).astype("<f4")
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "confab.db")
        begun = time.perf_counter()
        await store.run(lambda db: _fill(db, vectors))
        filled = time.perf_counter() - begun
        embeddings = LocalEmbeddings(lambda text: vectors[len(text) * 97 % LARGE].tobytes())
        finder = Finder(store, VectorSearch(store, embeddings, BENCH))
        await finder.find_passages("word1 word2", VIEW, ROOM, NOBODY)  # reads the vectors
        times = [await _time_search(finder, number) for number in range(200)]
        await store.close()
    deciles = statistics.quantiles(times, n=20)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(f"\n{LARGE:,} pieces of {SOURCES:,} sources with {DIMENSIONS} numbers each, filled in {filled:.0f} s")
    click.echo(
        f"  searched in {statistics.median(times):.1f} ms at the median, {deciles[-1]:.1f} ms at the 95th percentile"
    )
    click.echo(f"  most memory of this process: {memory:,.0f} MiB")


async def _time_search(finder: Finder, number: int) -> float:
    """Return how many milliseconds a question of three rare words and one frequent one takes."""
    question = f"word{number % 20} term{number * 7} term{number * 31} term{number * 97}"
    begun = time.perf_counter()
    await finder.find_passages(question, VIEW, 6_000, NOBODY)
    return (time.perf_counter() - begun) * 1_000


def _fill(connection: Connection, vectors: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> None:
    """Put in pieces of sixty words, half of them frequent, as many of each source, with their vectors."""
    chance = random.Random(18)
    for source in range(SOURCES):
        key = ConversationKey(HERE.platform, HERE.workspace, "general", "")
        insert_source(connection, NewSource(key, "", str(source), "import", f"file {source}", "", float(source), ""))
        numbers = range(source * LARGE // SOURCES, (source + 1) * LARGE // SOURCES)
        pieces = [Piece("", "", _random_text(chance, number), 80) for number in numbers]
        insert_pieces(connection, source + 1, pieces)
        rows = [
            (piece.hash, BENCH.name, vectors[number].tobytes()) for number, piece in zip(numbers, pieces, strict=True)
        ]
        connection.executemany("INSERT INTO vectors (hash, embedder, vector) VALUES (?, ?, ?)", rows)
    connection.execute("UPDATE sources SET state = 'indexed'")


def _random_text(chance: random.Random, number: int) -> str:
    words = [f"word{int(chance.paretovariate(0.7)) % 3_000}" for _ in range(30)]
    return " ".join((*words, *(f"term{chance.randrange(20_000)}" for _ in range(30)), f"piece {number}"))


async def main() -> None:
    """Measure and print."""
    await measure_quality("of the sandbox, which is deterministic", embed_by_sandbox)
    if embed := find_real_embedder():
        await measure_quality("WordLlama, 256 numbers", embed)
    else:
        click.echo("\nno real embedder: `pip install wordllama` brings one of 19 MB")
    await measure_speed()


if __name__ == "__main__":
    asyncio.run(main())
