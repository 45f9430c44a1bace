"""The words by which personas are found, as SQLite's FTS5 keeps them; another engine has its own word search."""

import re

from core.storage.connection import Connection

WORDS = 8  # of a search that are looked for
MOST = 200  # rows that are ranked: of a word that stands in all, the first ones serve as well
WORD = re.compile(r"\w{1,40}")

MATCHING = "SELECT rowid FROM persona_words WHERE persona_words MATCH ? LIMIT ?"


def index_words(connection: Connection, seq: int, name: str, tags: str, about: str) -> None:
    """Let a persona be found by these words from now on, and by no others."""
    delete_words(connection, seq)
    connection.execute(
        "INSERT INTO persona_words (rowid, name, tags, about) VALUES (?, ?, ?, ?)", (seq, name, tags, about)
    )


def delete_words(connection: Connection, seq: int) -> None:
    """Let a persona be found no more."""
    connection.execute("DELETE FROM persona_words WHERE rowid = ?", (seq,))


def match_words(connection: Connection, text: str, most: int = MOST) -> list[int]:
    """Return the seqs of personas in which each word of a text stands, or begins a word; in their names first."""
    words = [f'"{word}"*' for word in WORD.findall(text.casefold())[:WORDS]]
    if not words:
        return []
    named = connection.execute(MATCHING, (f"name : ({' '.join(words)})", most))
    about = connection.execute(MATCHING, (" ".join(words), most)) if len(named) < most else []
    return list(dict.fromkeys(seq for (seq,) in (*named, *about)))[:most]
