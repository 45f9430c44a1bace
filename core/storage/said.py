"""What was said in a channel, to be searched: statements on a connection."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.messages import ConversationKey
from core.storage.connection import Connection

LOOKED_AT = 2_000  # of a channel's newest messages are searched


@dataclass(frozen=True, slots=True)
class SaidLine:
    """A message as it was said; by the bot, where `author_id` is empty."""

    author_id: str
    author_name: str
    text: str
    sent_at: float


def find_said(connection: Connection, key: ConversationKey, words: Sequence[str]) -> list[SaidLine]:
    """Return what is new in a channel and holds all of the words (in lower case), the oldest first.

    Searched are the conversation itself, what stands in no thread, and those threads that a message of the channel
    began, which all who see the channel can read: of others, as Discord's private ones, nothing is found.
    """
    rows = connection.execute(
        "SELECT author_id, author_name, text, sent_at FROM entries AS said "
        "WHERE platform = ? AND workspace = ? AND channel = ? AND role IN ('user', 'assistant') AND text <> '' "
        "AND (thread = ? OR thread = '' OR EXISTS (SELECT 1 FROM entries AS root WHERE root.platform = said.platform "
        "AND root.workspace = said.workspace AND root.channel = said.channel AND root.message_id = said.thread)) "
        "ORDER BY seq DESC LIMIT ?",
        (key.platform, key.workspace, key.channel, key.thread, LOOKED_AT),
    )
    lines = [SaidLine(*row) for row in rows if all(word in str(row[2]).casefold() for word in words)]
    return lines[::-1]
