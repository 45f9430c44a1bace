"""What may be looked up, as rows: sources wait here, are claimed, and kept in pieces. Statements on a connection."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from core.channel_gone import ChannelGone
from core.messages import ConversationKey
from core.storage.connection import Connection
from core.storage.state import select_state, upsert_state

LEASE = 300.0  # seconds for which a source is its claimer's
MINE = "seq = ? AND fence = ? AND state = 'waiting'"
OWNER = "platform, workspace, author_id"
PLACE = "platform = ? AND workspace = ? AND channel = ? AND message_id = ?"
LISTED = (
    "seq, platform, workspace, channel, thread, message_id, file_id, kind, is_closed, name, author_id, author_name, "
    "posted_at, state, detail, characters"
)


BEGUN = "knowledge/begun"  # among the marks, once anything was put in


@dataclass(frozen=True, slots=True)
class NewSource:
    """Something that is to be looked up from now on; `payload` is what it takes to read it, as JSON.

    A key whose platform is empty stands for every channel. `link` leads to its message.
    `is_closed` says that its thread's members alone see it.
    """

    key: ConversationKey
    message_id: str
    file_id: str
    kind: str
    name: str
    author_id: str
    posted_at: float
    payload: str
    is_closed: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class ClaimedSource:
    """A source that is to be read now; `fence` grows with every claim, and who holds an older one writes nothing."""

    seq: int
    fence: int
    attempts: int
    key: ConversationKey
    message_id: str
    kind: str
    name: str
    author_id: str
    posted_at: float
    payload: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a source as it is found: under which headings it stands, where, what it says, and its tokens."""

    title: str
    label: str
    text: str
    tokens: int

    @property
    def hash(self) -> str:
        """The SHA-256 of the text, by which its vector is known."""
        return sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ListedSource:
    """A source as it is listed; `characters` is its length, and `detail` why it could not be read whole."""

    seq: int
    key: ConversationKey
    message_id: str
    file_id: str
    kind: str
    is_closed: bool
    name: str
    author_id: str
    author_name: str
    posted_at: float
    state: str
    detail: str
    characters: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that an answer has used: its mark there, its seq, and the line that stands for it below the answer."""

    mark: str
    source: int
    note: str


def insert_source(connection: Connection, source: NewSource) -> bool:
    """Put a source into the queue; return whether it is new: what comes twice is there once."""
    upsert_state(connection, BEGUN, "1")
    values = (source.message_id, source.file_id, source.kind, int(source.is_closed), source.name, source.author_id)
    last = (source.link, source.posted_at, source.payload)
    return bool(
        connection.execute(
            "INSERT INTO sources (platform, workspace, channel, thread, message_id, file_id, kind, is_closed, name, "
            "author_id, link, posted_at, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING RETURNING 1",
            (*_key_values(source.key), *values, *last),
        )
    )


def has_ever_held(connection: Connection) -> bool:
    """Whether anything was ever put in, also where nothing of it is left."""
    return bool(select_state(connection, BEGUN)) or bool(connection.execute("SELECT 1 FROM sources LIMIT 1"))


def claim_source(connection: Connection, last: Sequence[str] = ("", "", "")) -> ClaimedSource | None:
    """Take the oldest source that waits and that nobody reads, None where there is none; people take turns.

    `last` is whose was taken before, as platform, workspace and person: who comes behind them is next.
    """
    now = time.time()
    rows = connection.execute(
        "UPDATE sources SET leased_until = ?, fence = fence + 1, attempts = attempts + 1 WHERE seq = "
        "(SELECT seq FROM sources WHERE state = 'waiting' AND leased_until <= ? "
        f"ORDER BY ({OWNER}) <= (?, ?, ?), {OWNER}, seq LIMIT 1) "
        "RETURNING seq, fence, attempts, platform, workspace, channel, thread, message_id, kind, name, author_id, "
        "posted_at, payload",
        (now + LEASE, now, *last),
    )
    if not rows:
        return None
    seq, fence, attempts, *key, message_id, kind, name, author_id, posted_at, payload = rows[0]
    return ClaimedSource(
        seq, fence, attempts, ConversationKey(*key), message_id, kind, name, author_id, posted_at, payload or ""
    )


def void_leases(connection: Connection) -> None:
    """Let all sources be claimed again: whoever can write to this file is the only process that reads them."""
    connection.execute("UPDATE sources SET leased_until = 0 WHERE state = 'waiting' AND leased_until > 0")


def release_source(connection: Connection, source: ClaimedSource, pause: float) -> None:
    """Give a source back, to be claimed again after a pause in seconds."""
    connection.execute(
        f"UPDATE sources SET leased_until = ? WHERE {MINE}", (time.time() + pause, source.seq, source.fence)
    )


def next_claim_at(connection: Connection) -> float | None:
    """Return when the next waiting source may be claimed, in seconds since the epoch; None where none waits."""
    rows = connection.execute("SELECT min(leased_until) FROM sources WHERE state = 'waiting'")
    return float(rows[0][0]) if rows[0][0] is not None else None


def end_source(connection: Connection, source: ClaimedSource, state: str, detail: str) -> None:
    """End a source of which nothing is to be found: it `failed`, or was `refused`."""
    connection.execute(
        f"UPDATE sources SET state = ?, detail = ?, payload = NULL WHERE {MINE}",
        (state, detail, source.seq, source.fence),
    )
    connection.execute(
        "DELETE FROM passages WHERE source IN (SELECT seq FROM sources WHERE seq = ? AND fence = ? AND state = ?)",
        (source.seq, source.fence, state),
    )


def save_pieces(
    connection: Connection, source: ClaimedSource, pieces: Sequence[Piece], author_name: str = "", detail: str = ""
) -> bool:
    """Let a source be found by all of its pieces at once, while it is still the claimer's; return whether it was."""
    mine = connection.execute(
        "UPDATE sources SET state = 'indexed', detail = ?, payload = NULL, characters = ?, "
        f"author_name = ? WHERE {MINE} RETURNING 1",
        (detail, sum(len(each.text) for each in pieces), author_name, source.seq, source.fence),
    )
    if mine:
        connection.execute("DELETE FROM passages WHERE source = ?", (source.seq,))  # of a page that is read anew
        insert_pieces(connection, source.seq, pieces)
    return bool(mine)


def insert_pieces(connection: Connection, source: int, pieces: Sequence[Piece]) -> None:
    """Add a source's pieces."""
    connection.executemany(
        "INSERT INTO passages (source, place, title, label, text, tokens, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(source, n, each.title, each.label, each.text, each.tokens, each.hash) for n, each in enumerate(pieces)],
    )


def list_sources(connection: Connection, where: str = "1 = 1", values: Sequence[object] = ()) -> list[ListedSource]:
    """Return the sources for which a condition on `sources AS s` holds, the newest first."""
    rows = connection.execute(
        f"SELECT {LISTED} FROM sources AS s WHERE {where} ORDER BY posted_at DESC, seq DESC", values
    )
    return [ListedSource(*(row[0], ConversationKey(*row[1:5]), *row[5:8], bool(row[8]), *row[9:])) for row in rows]


def delete_source(connection: Connection, seq: int) -> bool:
    """Drop a source with everything that is found of it; return whether it was there."""
    return bool(connection.execute("DELETE FROM sources WHERE seq = ? RETURNING 1", (seq,)))


def put_in_link(connection: Connection, source: NewSource) -> None:
    """Put a page into the queue; one that is there already is read anew, and found as it was until then."""
    if not insert_source(connection, source):
        place = (*_key_values(source.key)[:3], source.file_id)
        connection.execute(
            "UPDATE sources SET state = 'waiting', payload = ?, attempts = 0, leased_until = 0, fence = fence + 1 "
            "WHERE platform = ? AND workspace = ? AND channel = ? AND message_id = '' AND file_id = ?",
            (source.payload, *place),
        )


def delete_import(connection: Connection, key: ConversationKey, path: str) -> None:
    """Drop what an operator put in from a file, for a channel or for all."""
    connection.execute(
        "DELETE FROM sources WHERE kind = 'import' AND platform = ? AND workspace = ? AND channel = ? AND file_id = ?",
        (key.platform, key.workspace, key.channel, path),
    )


def newest_source(connection: Connection) -> int:
    """Return the number of the source that was put in last."""
    return int(connection.execute("SELECT max(seq) FROM sources")[0][0])


def count_waiting(connection: Connection, seqs: Sequence[int]) -> int:
    """Return how many of these sources are not read yet."""
    waiting = connection.execute("SELECT seq FROM sources WHERE state = 'waiting'")
    return len({seq for (seq,) in waiting} & set(seqs))


def delete_of_message(connection: Connection, place: Sequence[str]) -> None:
    """Drop what a message brought; `place` is its platform, workspace, channel and id."""
    connection.execute(f"DELETE FROM sources WHERE {PLACE}", place)


def delete_files_except(connection: Connection, place: Sequence[str], left: Sequence[str]) -> None:
    """Drop the files of a message that it has no longer; `left` are the ids of those that stay."""
    others = "".join(" AND file_id <> ?" for _ in left)
    connection.execute(f"DELETE FROM sources WHERE {PLACE} AND kind = 'file'{others}", (*place, *left))


def delete_of_channel(connection: Connection, gone: ChannelGone) -> int:
    """Drop what was posted in a place that is gone; return how many sources that were."""
    place = {"platform": gone.platform, "workspace": gone.workspace, "channel": gone.channel, "thread": gone.thread}
    named = {column: value for column, value in place.items() if value}
    where = " AND ".join(f"{column} = ?" for column in named)
    return len(connection.execute(f"DELETE FROM sources WHERE {where} RETURNING 1", (*named.values(),)))


def save_citations(connection: Connection, turn_id: str, cited: Sequence[Citation]) -> None:
    """Note which sources an answer that is kept has used."""
    connection.execute("DELETE FROM citations WHERE turn_id = ?", (turn_id,))
    connection.executemany(
        "INSERT INTO citations (turn_id, mark, source, note) VALUES (?, ?, ?, ?)",
        [(turn_id, each.mark, each.source, each.note) for each in cited],
    )


def read_citations(connection: Connection, turn_id: str) -> list[Citation]:
    """Return what `save_citations` noted of a turn."""
    rows = connection.execute("SELECT mark, source, note FROM citations WHERE turn_id = ? ORDER BY mark", (turn_id,))
    return [Citation(*row) for row in rows]


def _key_values(key: ConversationKey) -> tuple[str, str, str, str]:
    return key.platform, key.workspace, key.channel, key.thread
