"""What was said in channels, line by line, and the exchanges that lines make up: statements on a connection."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.messages import ConversationKey, Message
from core.storage import knowledge
from core.storage.connection import Connection
from core.storage.knowledge import MINE, PLACE, ClaimedSource, Piece
from core.storage.turns import MESSAGE

GAP = 600.0  # seconds of silence that end an exchange
LONGEST = 1_200  # letters after which the next line begins another one: about 300 tokens
LINE = "seq, message_id, author_id, author_name, sent_at, link, payload, text"
INSERT = (
    "INSERT INTO chat_lines (source, platform, workspace, channel, message_id, author_id, sent_at, link, payload, "
    "characters) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class ChatLine:
    """What somebody said; `payload` is the message as it came, as JSON, None once it was read into `text`."""

    seq: int
    message_id: str
    author_id: str
    author_name: str
    sent_at: float
    link: str
    payload: str | None
    text: str


def insert_line(connection: Connection, message: Message, link: str) -> None:
    """Add what somebody said to the exchange that it goes on with, or begin one; what comes twice is there once."""
    key = message.key
    place = (key.platform, key.workspace, key.channel, message.id)
    if connection.execute(f"SELECT 1 FROM chat_lines WHERE {PLACE}", place):
        return
    source = _find_exchange(connection, message) or _begin_exchange(connection, message)
    values = (message.author.id, message.sent_at, link, _payload_of(message), len(message.text))
    connection.execute(INSERT, (source, *place, *values))


def _find_exchange(connection: Connection, message: Message) -> int:
    """Return the exchange of the same thread, or of the same channel's top, that a message goes on with; 0: none."""
    key, thread = message.key, _thread_of(message)
    rows = connection.execute(
        "SELECT seq FROM sources AS s WHERE kind = 'chat' AND platform = ? AND workspace = ? AND channel = ? "
        "AND thread = ? AND is_closed = ? AND posted_at BETWEEN ? AND ? "
        "AND (SELECT sum(characters) FROM chat_lines WHERE source = s.seq) < ? "
        "ORDER BY abs(posted_at - ?) LIMIT 1",
        (
            *(key.platform, key.workspace, key.channel, thread, int(message.is_closed)),
            *(message.sent_at - GAP, message.sent_at + GAP, LONGEST, message.sent_at),
        ),
    )
    return int(rows[0][0]) if rows else 0


def _begin_exchange(connection: Connection, message: Message) -> int:
    """Begin an exchange; it has no message of its own, since each of its lines may go before it does."""
    key = ConversationKey(message.key.platform, message.key.workspace, message.key.channel, _thread_of(message))
    source = knowledge.NewSource(
        key, "", uuid.uuid4().hex, "chat", "conversation", "", message.sent_at, "", message.is_closed
    )
    knowledge.insert_source(connection, source)
    return knowledge.newest_source(connection)


def _thread_of(message: Message) -> str:
    """Return the thread in which a message stands; at the top of a channel it is in none, though one may begin."""
    return "" if message.key.thread == message.id else message.key.thread


def _payload_of(message: Message) -> str:
    return MESSAGE.dump_json(message).decode()


def change_line(connection: Connection, message: Message) -> None:
    """Let a line say what its message says now; one that says nothing goes. What was made of it goes at once."""
    key = message.key
    place = (key.platform, key.workspace, key.channel, message.id)
    if message.text.strip():
        values = (_payload_of(message), len(message.text), *place)
        connection.execute(f"UPDATE chat_lines SET payload = ?, characters = ?, text = '' WHERE {PLACE}", values)
    else:
        delete_line(connection, place)


def delete_line(connection: Connection, place: Sequence[str]) -> None:
    """Drop a line; `place` is its message's platform, workspace, channel and id."""
    connection.execute(f"DELETE FROM chat_lines WHERE {PLACE}", place)


def delete_lines_of_conversation(connection: Connection, key: ConversationKey) -> None:
    """Drop what was said in a conversation, with the message that began it at the top of its channel."""
    place = (key.platform, key.workspace, key.channel)
    connection.execute(
        "DELETE FROM chat_lines WHERE source IN (SELECT seq FROM sources WHERE kind = 'chat' AND platform = ? "
        "AND workspace = ? AND channel = ? AND thread = ?)",
        (*place, key.thread),
    )
    delete_line(connection, (*place, key.thread))


def read_lines(connection: Connection, source: int, among: Collection[str] | None = None) -> list[ChatLine]:
    """Return the lines of an exchange, the oldest first; with `among`, those of these messages."""
    rows = connection.execute(f"SELECT {LINE} FROM chat_lines WHERE source = ? ORDER BY sent_at, seq", (source,))
    lines = [ChatLine(*row) for row in rows]
    return lines if among is None else [each for each in lines if each.message_id in among]


def save_exchange(
    connection: Connection, source: ClaimedSource, lines: Sequence[ChatLine], pieces: Sequence[Piece]
) -> None:
    """Keep what the lines of an exchange say, and let it be found by these pieces in the place of what it had before.

    Where it is no longer the claimer's, as after an edit, nothing is written.
    """
    if not connection.execute(f"SELECT 1 FROM sources WHERE {MINE}", (source.seq, source.fence)):
        return
    connection.executemany(
        "UPDATE chat_lines SET payload = NULL, text = ?, author_name = ? WHERE seq = ?",
        [(each.text, each.author_name, each.seq) for each in lines],
    )
    knowledge.save_pieces(connection, source, pieces)


def drop_unread_lines(connection: Connection, source: ClaimedSource) -> None:
    """Drop the lines of an exchange that nobody could check; what is left of it is read anew."""
    if connection.execute(f"SELECT 1 FROM sources WHERE {MINE}", (source.seq, source.fence)):
        connection.execute("DELETE FROM chat_lines WHERE source = ? AND payload IS NOT NULL", (source.seq,))
