"""What embedders made of pieces, by the pieces' text: statements on a connection."""

from collections.abc import Sequence

from core.storage.connection import Connection, Row

LACKING = "FROM passages AS p WHERE NOT EXISTS (SELECT 1 FROM vectors AS v WHERE v.hash = p.hash AND v.embedder = ?)"


def texts_without_vector(connection: Connection, embedder: str, most: int) -> list[tuple[str, str]]:
    """Return the hashes and texts of pieces of which an embedder has made no vector yet, each text once."""
    rows = connection.execute(f"SELECT p.hash, min(p.text) {LACKING} GROUP BY p.hash LIMIT ?", (embedder, most))
    return [(str(digest), str(text)) for digest, text in rows]


def is_complete(connection: Connection, embedder: str) -> bool:
    """Whether an embedder has made a vector of every piece."""
    return not connection.execute(f"SELECT 1 {LACKING} LIMIT 1", (embedder,))


def save_vectors(connection: Connection, embedder: str, vectors: Sequence[tuple[str, bytes]]) -> None:
    """Keep vectors by the hash of their text, of those texts that are still there."""
    connection.executemany(
        "INSERT INTO vectors (hash, embedder, vector) SELECT ?, ?, ? "
        "WHERE EXISTS (SELECT 1 FROM passages WHERE hash = ?) ON CONFLICT DO NOTHING",
        [(digest, embedder, vector, digest) for digest, vector in vectors],
    )


def other_embedder(connection: Connection, embedder: str) -> str:
    """Return the one of the other embedders that has made the most vectors, empty where there is none."""
    rows = connection.execute(
        "SELECT embedder FROM vectors WHERE embedder <> ? GROUP BY embedder ORDER BY count(*) DESC LIMIT 1", (embedder,)
    )
    return str(rows[0][0]) if rows else ""


def drop_other_embedders(connection: Connection, embedder: str) -> None:
    """Drop what all others made."""
    connection.execute("DELETE FROM vectors WHERE embedder <> ?", (embedder,))


def read_new_vectors(connection: Connection, embedder: str, after: tuple[int, int], most: int) -> list[Row]:
    """Return the next pieces with their vectors, behind a vector's and a piece's seq: a text may come a second time.

    Each row is the piece's seq, its source's, the vector's seq, and the vector.
    """
    vector, passage = after
    columns = "SELECT p.seq, p.source, v.seq, v.vector FROM vectors AS v JOIN passages AS p ON p.hash = v.hash"
    rows = connection.execute(
        f"{columns} WHERE v.embedder = ? AND v.seq > ? ORDER BY v.seq LIMIT ?", (embedder, vector, most)
    )
    if rows:
        return rows
    return connection.execute(
        f"{columns} WHERE v.embedder = ? AND v.seq <= ? AND p.seq > ? ORDER BY p.seq LIMIT ?",
        (embedder, vector, passage, most),
    )
