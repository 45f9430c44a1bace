"""How pieces are found: by words, by parts of words, by vectors; who may see them is part of each query."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil

from core.messages import ConversationKey
from core.storage.connection import Connection, Row

CANDIDATES = 50  # that each way of looking gives
COMMON = 2_000  # pieces: a word that stands in more of them tells little, and is looked at only beside rarer ones
ENOUGH_WORDS = 3  # of a question that stand in a piece, so that it is about it; of a short one, half
FOUND = (
    "p.seq, p.source, p.place, p.title, p.label, p.text, p.tokens, p.hash, s.platform, s.workspace, s.channel, "
    "s.thread, s.message_id, s.name, s.kind, s.link, s.posted_at"
)


@dataclass(frozen=True, slots=True)
class View:
    """What may be read by everybody who reads an answer, as the condition of every query.

    That is what was posted in the question's channel where all `reads_here`, but for other closed threads; channels
    `elsewhere` in its workspace; and where it `is_internal`, what the operator put in for every channel. Nothing by the
    `silenced`, and nothing of the message `apart`, which the prompt has anyway, as it has the lines of those `told`.
    """

    key: ConversationKey
    elsewhere: Collection[str] = ()
    is_internal: bool = False
    silenced: Collection[str] = ()
    apart: str = ""
    reads_here: bool = True
    told: Collection[str] = ()

    @property
    def condition(self) -> str:
        """The condition on `sources AS s`."""
        elsewhere = ", ".join("?" for _ in self.elsewhere)
        silenced = ", ".join("?" for _ in self.silenced)
        return (
            "((s.platform = ? AND s.workspace = ? AND (s.channel = ? AND 1 = ? AND (s.is_closed = 0 OR s.thread = ?) "
            f"OR s.is_closed = 0 AND s.channel IN ({elsewhere}))) OR (s.platform = '' AND 1 = ?)) "
            f"AND s.author_id NOT IN ({silenced}) AND (s.message_id <> ? OR s.message_id = '') AND (s.kind <> 'chat' "
            f"OR NOT EXISTS (SELECT 1 FROM chat_lines AS c WHERE c.source = s.seq AND c.author_id IN ({silenced})))"
        )

    @property
    def values(self) -> tuple[str | int, ...]:
        """The condition's values."""
        key = self.key
        place = (key.platform, key.workspace, key.channel, int(self.reads_here), key.thread)
        return (*place, *self.elsewhere, int(self.is_internal), *self.silenced, self.apart, *self.silenced)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece that was found, with the source that it is of."""

    seq: int
    source: int
    place: int
    title: str
    label: str
    text: str
    tokens: int
    hash: str
    key: ConversationKey
    message_id: str
    name: str
    kind: str
    link: str
    posted_at: float


def find_by_words(connection: Connection, words: Sequence[str], view: View, index: str = "passage_words") -> list[int]:
    """Return the pieces, by their seq, in which enough of the words stand, best first.

    The same for parts of words with `index` as `passage_trigrams`. Words that stand nearly everywhere are left out
    where there are rarer ones.
    """
    holding = {word: _pieces_with(connection, word, index) for word in words}
    rare = [word for word, pieces in holding.items() if 0 < len(pieces) <= COMMON]
    asked = rare or [word for word, pieces in holding.items() if pieces]
    if not asked:
        return []
    weights = ", 5.0, 1.0" if index == "passage_words" else ""
    rows = connection.execute(
        f"SELECT p.seq FROM {index} JOIN passages AS p ON p.seq = {index}.rowid "
        f"JOIN sources AS s ON s.seq = p.source WHERE {index} MATCH ? AND {view.condition} "
        f"ORDER BY bm25({index}{weights}) LIMIT ?",
        (" OR ".join(map(_quote, asked)), *view.values, CANDIDATES),
    )
    counted = [word for word in words if len(holding[word]) <= COMMON] or list(words)
    enough = min(ENOUGH_WORDS, ceil(len(counted) / 2))
    return [seq for (seq,) in rows if sum(seq in holding[word] for word in counted) >= enough]


def knows_word(connection: Connection, word: str) -> bool:
    """Whether a word stands in any piece."""
    return bool(connection.execute("SELECT 1 FROM passage_words WHERE passage_words MATCH ? LIMIT 1", (_quote(word),)))


def _pieces_with(connection: Connection, word: str, index: str) -> set[int]:
    """Return the pieces in which a word stands, one more than are COMMON at the most."""
    rows = connection.execute(f"SELECT rowid FROM {index} WHERE {index} MATCH ? LIMIT ?", (_quote(word), COMMON + 1))
    return {seq for (seq,) in rows}


def _quote(word: str) -> str:
    """Return a word as FTS5 takes any text: in quotes, those in it doubled (SQLite docs, FTS5, Query Syntax)."""
    return '"{}"'.format(word.replace('"', '""'))


def visible_sources(connection: Connection, view: View) -> list[int]:
    """Return which sources may be read, by their seq."""
    rows = connection.execute(f"SELECT s.seq FROM sources AS s WHERE {view.condition}", view.values)
    return [seq for (seq,) in rows]


def source_authors(connection: Connection, key: ConversationKey) -> list[str]:
    """Return who put something in, in a workspace."""
    rows = connection.execute(
        "SELECT author_id FROM sources WHERE platform = ? AND workspace = ? AND author_id <> '' "
        "UNION SELECT author_id FROM chat_lines WHERE platform = ? AND workspace = ?",
        (key.platform, key.workspace) * 2,
    )
    return [author for (author,) in rows]


def source_channels(connection: Connection, key: ConversationKey) -> list[str]:
    """Return the other channels of a workspace in which something was put in."""
    rows = connection.execute(
        "SELECT DISTINCT channel FROM sources WHERE platform = ? AND workspace = ? AND channel <> ?",
        (key.platform, key.workspace, key.channel),
    )
    return [channel for (channel,) in rows]


def read_passages(connection: Connection, seqs: Sequence[int], view: View) -> list[Passage]:
    """Return the pieces of these that may be read, in the given order."""
    found: dict[int, Passage] = {}
    for some in _in_parts(seqs):
        rows = connection.execute(
            f"SELECT {FOUND} FROM passages AS p JOIN sources AS s ON s.seq = p.source "
            f"WHERE p.seq IN ({', '.join('?' for _ in some)}) AND {view.condition}",
            (*some, *view.values),
        )
        found |= {row[0]: _passage(row) for row in rows}
    return [found[seq] for seq in seqs if seq in found]


def read_whole(connection: Connection, source: int, most: int) -> list[Passage]:
    """Return all pieces of a source in their order, nothing where they have more than `most` tokens together."""
    tokens = connection.execute("SELECT sum(tokens) FROM passages WHERE source = ?", (source,))[0][0]
    if not tokens or tokens > most:
        return []
    rows = connection.execute(
        f"SELECT {FOUND} FROM passages AS p JOIN sources AS s ON s.seq = p.source WHERE p.source = ? ORDER BY p.place",
        (source,),
    )
    return [_passage(row) for row in rows]


def _in_parts(seqs: Sequence[int], size: int = 500) -> Iterator[list[int]]:
    """Yield numbers in parts, as many as a statement takes well."""
    left = iter(seqs)
    while part := list(islice(left, size)):
        yield part


def _passage(row: Row) -> Passage:
    return Passage(*(*row[:8], ConversationKey(*row[8:12]), *row[12:]))  # in the order of FOUND
