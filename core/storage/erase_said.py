"""What a person said, and what the bot said after it, taken out of every conversation: statements on a connection.

An answer may repeat what stood in its prompt. So where somebody's words stand, each answer that was given after them
goes with them, and with it the copies of it that later conversations had from their channel.
"""

from collections.abc import Iterable, Iterator, Sequence

from core.messages import ConversationKey, Deletion
from core.quotes import quoted_people
from core.storage import erase, history
from core.storage.connection import Connection
from core.storage.history import KEY
from core.storage.named_values import NamedValues, run_named
from core.storage.turns import message_of_row

Place = tuple[str, str, str, str]
"""A message: its platform, workspace, channel and id."""

ASKING = "forget me"  # the command
# Rows of a person; an empty workspace is every one.
OF_PERSON = "platform = @platform AND (@workspace = '' OR workspace = @workspace) AND author_id = @person"
SAID = "platform, workspace, channel, thread, seq"
# The turn in which they ask for it is no question, and ends by itself.
THEIR_TURNS = (
    "SELECT platform, workspace, channel, message_id, id FROM turns "
    f"WHERE {OF_PERSON} AND NOT (state = 'open' AND command = '{ASKING}')"
)
THEIR_LINES = f"SELECT platform, workspace, channel, message_id FROM entries WHERE {OF_PERSON}"
OF_PLACE = "platform = @platform AND (@workspace = '' OR workspace = @workspace)"
LINES_WITH_QUOTES = (
    f"SELECT platform, workspace, channel, message_id, quotes FROM entries WHERE quotes <> '' AND {OF_PLACE}"
)
TURNS_TO_ANSWER = (
    f"SELECT platform, workspace, channel, message_id, payload FROM turns WHERE {erase.TO_ANSWER} AND {OF_PLACE}"
)
THEIR_RECORDINGS = (
    "SELECT hash FROM recordings WHERE platform = @platform AND (@workspace = '' OR workspace = @workspace) "
    f"AND (channel, message_id) IN (SELECT channel, message_id FROM turns WHERE {OF_PERSON})"
)
PARTS = "SELECT platform_id FROM steps WHERE turn_id = ? AND platform_id IS NOT NULL"
AFTER = f"{KEY} AND seq > ? AND role IN ('assistant', 'tool')"
# Of turns that are not done: what an answer was made of, or will be, is not kept.
UNSHOWN = (
    f"UPDATE turns SET answer = NULL, is_unkept = CASE WHEN state = 'open' THEN 1 ELSE 0 END WHERE {KEY} "
    "AND (answer IS NOT NULL OR state = 'open' AND attempts > 0)"
)
CALLED = (
    "UPDATE tool_calls SET arguments = '', extra = '', result = '' "
    f"WHERE turn_id IN (SELECT id FROM turns WHERE {KEY} AND state <> 'open')"
)
# A tool may have looked up what was said elsewhere in the channel.
LOOKED_UP = (
    "SELECT platform, workspace, channel, thread, min(seq) - 1 FROM entries WHERE calls <> '' AND platform = ? "
    "AND workspace = ? AND channel = ? AND seq > ? GROUP BY platform, workspace, channel, thread"
)


def erase_words_of_person(connection: Connection, values: NamedValues) -> None:
    """Take away what a person said, what quotes it, and every answer that was given after it."""
    turns = run_named(connection, THEIR_TURNS, values)
    said = {(*row,) for row in run_named(connection, THEIR_LINES, values)} | {(*row[:4],) for row in turns}
    said |= set(_quoting(connection, values))
    answers = {part for *place, turn_id in turns for part in _parts_of(connection, place[:3], turn_id)}
    reached = _reach_of(connection, said | answers)
    for place in said:
        erase.delete_message(connection, Deletion(*place))
    for place in answers:
        _erase_copies(connection, place)
    while reached:
        reached = _erase_answers(connection, reached)


def _quoting(connection: Connection, values: NamedValues) -> Iterator[Place]:
    """Yield the messages of others that quote a person, in the history or on their way there."""
    person = str(values["person"])
    for platform, workspace, channel, message_id, quotes in run_named(connection, LINES_WITH_QUOTES, values):
        if person in quotes.split():
            yield platform, workspace, channel, message_id
    for platform, workspace, channel, message_id, payload in run_named(connection, TURNS_TO_ANSWER, values):
        message = message_of_row(payload)
        if message and person in quoted_people(message.quotations):
            yield platform, workspace, channel, message_id


def erase_conversation(connection: Connection, values: NamedValues) -> None:
    """Take away what was said in a conversation, what was heard in its recordings, and its calls of tools."""
    key = ConversationKey(*(values[part] for part in ("platform", "workspace", "channel", "thread")))
    erase.delete_conversation(connection, key)


def forget_summaries(connection: Connection, key: ConversationKey) -> None:
    """Drop what prompts and summaries tell of a conversation; both are made anew from what is left."""
    connection.execute(
        "UPDATE memories SET earlier = '', summary = '', summarised = 0, "
        f"due = CASE WHEN begins > 0 THEN 1 ELSE 0 END, version = version + 1 WHERE {KEY}",
        history.key_values(key),
    )


def _reach_of(connection: Connection, places: Iterable[Place]) -> dict[ConversationKey, int]:
    """Return from which entry on each conversation had one of these messages in its prompts."""
    reached: dict[ConversationKey, int] = {}
    for place in places:
        query = f"SELECT {SAID} FROM entries WHERE {erase.PLACE} OR {erase.QUOTING}"
        for *key, seq in connection.execute(query, (*place, *erase.quoting_values(place))):
            _note(reached, ConversationKey(*key), seq)
            for *other, first in connection.execute(LOOKED_UP, (*key[:3], seq)):
                _note(reached, ConversationKey(*other), first)
    return reached


def _note(reached: dict[ConversationKey, int], key: ConversationKey, seq: int) -> None:
    reached[key] = min(seq, reached.get(key, seq))


def _erase_answers(connection: Connection, reached: dict[ConversationKey, int]) -> dict[ConversationKey, int]:
    """Take away what the bot said in conversations after these entries; return where copies of it reach to."""
    copies: set[Place] = set()
    for key, seq in reached.items():
        statement = f"DELETE FROM entries WHERE {AFTER} RETURNING turn_id, message_id, role, calls"
        for turn_id, message_id, role, calls in connection.execute(statement, (*history.key_values(key), seq)):
            if role == "assistant" and not calls:
                place = (key.platform, key.workspace, key.channel)
                copies |= {(*place, message_id), *_parts_of(connection, place, turn_id)}
        forget_summaries(connection, key)
        connection.execute(UNSHOWN, history.key_values(key))
        connection.execute(CALLED, history.key_values(key))
    onward = _reach_of(connection, copies)
    for copy in copies:
        _erase_copies(connection, copy)
    return onward


def _parts_of(connection: Connection, place: Sequence[str], turn_id: str) -> Iterator[Place]:
    """Yield the messages in which the answer to a turn stands; `place` is its platform, workspace and channel."""
    platform, workspace, channel = place
    for (part,) in connection.execute(PARTS, (turn_id,)):
        yield platform, workspace, channel, str(part)


def _erase_copies(connection: Connection, place: Place) -> None:
    """Take a message of the bot's out of every conversation that has it."""
    statement = f"DELETE FROM entries WHERE {erase.PLACE} AND (is_app = 1 OR author_id = '') RETURNING {SAID}"
    history.invalidate_prompts(connection, connection.execute(statement, place))
