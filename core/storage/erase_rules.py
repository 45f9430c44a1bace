"""How each table lets go of a person, of a conversation and of what is old: a line for every table that there is.

A feature adds the line of its table here. tests/unit/test_erasure.py finds the tables by itself, and fails for one
that has no line, and for one that still holds what a person said after its line was followed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from core.storage import erase_old, erase_said, spending_limits
from core.storage.connection import Connection
from core.storage.named_values import NamedValues

Erasing = str | Callable[[Connection, NamedValues], None]
"""A statement with a `@name` for each value, or a function that is given them."""

# A person's rows, wherever a table has a column for each of these; an empty workspace is every one.
PLACE = "platform = @platform AND (@workspace = '' OR workspace = @workspace)"
KEY = "platform = @platform AND workspace = @workspace AND channel = @channel AND thread = @thread"
THEIR_TURNS = f"turn_id IN (SELECT id FROM turns WHERE {PLACE})"
OWN_TURNS = f"turn_id IN (SELECT id FROM turns WHERE {PLACE} AND author_id = @person)"
ENDED = "state <> 'open'"
OLD_TURNS = f"turn_id IN (SELECT id FROM turns WHERE received_at < @{{}} AND {ENDED} AND {{{{there}}}})"
SPENT_BY_NOBODY = "UPDATE spending SET person = '', channel = '', thread = '', turn_id = ''"
EMPTIED = "payload = NULL, answer = NULL, edited = NULL, quoted = NULL, author_id = ''"


@dataclass(frozen=True, slots=True)
class EraseRule:
    """What is done to one table, in this order of tables.

    `of_person` may name `@platform`, `@workspace` (empty: every one) and `@person`; `of_conversation` the four parts of
    its key. `of_old` may name `@before`, in seconds since the epoch, and has `{there}` for the channels that it is
    about, by the columns `platform`, `workspace` and `channel`. `people` gives the platform, workspace and id of
    everybody who stands in a column of the table. `prose` are columns in which others may have written a person's name
    or id: it is blotted out in those rows for which `prose_of` holds, by a person's values. `exported` are
    the columns that a person is given, with the rows of theirs after `FROM`. `label` is what people are
    told has gone; `kept` says why something stays in the table, or why it holds nothing of anybody.
    """

    of_person: Sequence[Erasing] = ()
    of_conversation: Sequence[Erasing] = ()
    of_old: Sequence[Erasing] = ()
    people: Sequence[str] = ()
    prose: Sequence[str] = ()
    prose_of: str = PLACE
    exported: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    kept: str = ""


RULES: Mapping[str, EraseRule] = {
    "entries": EraseRule(
        of_person=[erase_said.erase_words_of_person],
        of_conversation=[erase_said.erase_conversation],
        of_old=[erase_old.delete_old_entries],
        people=["SELECT DISTINCT platform, workspace, author_id FROM entries"],
        prose=("text", "files", "calls"),
        exported={
            "sent_at, workspace, channel, thread, text, files, images": f"entries WHERE {erase_said.OF_PERSON}",
            "sent_at, workspace, channel, thread, text AS answer": f"entries WHERE role = 'assistant' AND text <> '' "
            f"AND turn_id IN (SELECT id FROM turns WHERE {erase_said.OF_PERSON})",
        },
        label="lines of conversations: what you wrote, and what I answered there",
    ),
    "images": EraseRule(label="pictures", kept="a trigger takes them with their entry"),
    "memories": EraseRule(
        of_old=[f"DELETE FROM memories WHERE {{there}} AND NOT EXISTS ({erase_old.STILL_THERE})"],
        prose=("summary", "earlier"),
        label="summaries, which are written anew without you",
        kept="how far a conversation has been read; its texts go with the entries",
    ),
    "tool_calls": EraseRule(
        of_old=[f"DELETE FROM tool_calls WHERE {OLD_TURNS.format('before')}"],
        prose=("arguments", "extra", "result", "source"),
        prose_of=THEIR_TURNS,
        label="calls of tools",
        kept="those of a person go with their questions",
    ),
    "consents": EraseRule(
        of_person=[f"DELETE FROM consents WHERE decided_by = @person AND {THEIR_TURNS} OR {OWN_TURNS}"],
        of_old=[f"DELETE FROM consents WHERE {OLD_TURNS.format('before')}"],
        people=["SELECT platform, workspace, decided_by FROM consents JOIN turns ON turns.id = consents.turn_id"],
        label="what you allowed or refused, and what I asked about your questions",
    ),
    "grants": EraseRule(
        of_person=[f"UPDATE grants SET granted_by = '' WHERE {PLACE} AND granted_by = @person"],
        people=["SELECT DISTINCT platform, workspace, granted_by FROM grants"],
        label="your name at tools that you allowed for a channel",
        kept="which tools may be called there, whoever allowed it",
    ),
    "recordings": EraseRule(
        of_old=[erase_old.delete_old_recordings],
        label="links between recordings and what was heard in them",
        kept="those of a person go with their questions",
    ),
    "transcripts": EraseRule(
        prose=("text",),
        prose_of=f"hash IN (SELECT hash FROM recordings WHERE {PLACE})",
        exported={"made_at, text": f"transcripts WHERE hash IN ({erase_said.THEIR_RECORDINGS})"},
        label="transcripts",
        kept="they go with the last recording that they are of",
    ),
    "moderated": EraseRule(
        of_person=[f"UPDATE moderated SET author_id = '', text = NULL WHERE {PLACE} AND author_id = @person"],
        of_conversation=[f"UPDATE moderated SET author_id = '', text = NULL WHERE {KEY}"],
        of_old=["DELETE FROM moderated WHERE at < @before AND {there}"],
        people=["SELECT DISTINCT platform, workspace, author_id FROM moderated"],
        prose=("text",),
        exported={"at, workspace, channel, outcome, categories, text": f"moderated WHERE {erase_said.OF_PERSON}"},
        label="notes of moderation: your id, and what was refused",
        kept="that something was refused, when and why",
    ),
    "preferences": EraseRule(
        of_person=[
            "DELETE FROM preferences WHERE platform = @platform AND person = @person",
            "UPDATE preferences SET chosen_by = '' WHERE platform = @platform AND chosen_by = @person",
        ],
        people=[
            "SELECT DISTINCT platform, workspace, person FROM preferences",
            "SELECT DISTINCT platform, workspace, chosen_by FROM preferences",
        ],
        exported={
            "at, name, value": "preferences WHERE platform = @platform AND person = @person",
            "at, workspace, channel, name, value": "preferences WHERE platform = @platform AND chosen_by = @person",
        },
        label="settings: your own, and your name at those of channels",
        kept="what is set for channels, whoever chose it; it holds until it is set anew",
    ),
    "steps": EraseRule(
        of_old=[f"DELETE FROM steps WHERE {OLD_TURNS.format('rows_before')}"],
        kept="times, and the ids of my own messages",
    ),
    "turns": EraseRule(
        of_person=[f"UPDATE turns SET author_id = '' WHERE {erase_said.OF_PERSON}"],
        of_conversation=[f"UPDATE turns SET author_id = '' WHERE {KEY}"],
        of_old=[
            f"UPDATE turns SET {EMPTIED} WHERE received_at < @before AND {ENDED} AND {{there}}",
            f"DELETE FROM turns WHERE received_at < @rows_before AND {ENDED} AND {{there}}",
        ],
        people=["SELECT DISTINCT platform, workspace, author_id FROM turns"],
        prose=("payload", "answer", "edited", "quoted"),
        prose_of=f"{PLACE} AND command <> '{erase_said.ASKING}'",
        exported={
            "received_at, workspace, channel, thread, state, payload AS waiting": f"turns WHERE {erase_said.OF_PERSON}"
        },
        label="questions",
        kept="that something was asked, where and when, so that it is not answered twice; not by whom",
    ),
    "sources": EraseRule(
        of_person=[f"DELETE FROM sources WHERE {PLACE} AND author_id = @person"],
        of_conversation=[f"DELETE FROM sources WHERE {KEY}"],
        of_old=["DELETE FROM sources WHERE posted_at < @before AND {there}"],
        people=["SELECT DISTINCT platform, workspace, author_id FROM sources"],
        prose=("name", "detail"),
        label="files, and what was said, that could be looked up",
    ),
    "chat_lines": EraseRule(
        of_person=[f"DELETE FROM chat_lines WHERE {PLACE} AND author_id = @person"],
        of_old=["DELETE FROM chat_lines WHERE sent_at < @before AND {there}"],
        people=["SELECT DISTINCT platform, workspace, author_id FROM chat_lines"],
        prose=("payload", "text"),
        exported={"sent_at, workspace, channel, text": f"chat_lines WHERE {erase_said.OF_PERSON}"},
        label="lines of channels whose conversation could be looked up",
    ),
    "passages": EraseRule(
        prose=("title", "text"),
        prose_of=f"source IN (SELECT seq FROM sources WHERE {PLACE})",
        label="the pieces in which they were found",
        kept="a trigger takes them with their source",
    ),
    "passage_words": EraseRule(kept="an index, whose rows go with the pieces"),
    "passage_trigrams": EraseRule(kept="an index, whose rows go with the pieces"),
    "vectors": EraseRule(kept="numbers, which a trigger takes with the last piece that they stand for"),
    "citations": EraseRule(kept="what an answer that is not shown yet uses; it goes with that, and with its source"),
    "marks": EraseRule(
        kept="how far each platform has been read, and 16 bits of the name of each thread that I opened"
    ),
    "spending": EraseRule(
        of_person=[spending_limits.forget_spender],
        of_conversation=[f"{SPENT_BY_NOBODY} WHERE {KEY}"],
        of_old=[f"{SPENT_BY_NOBODY} WHERE at < @before AND state = 'done' AND {{there}}"],
        people=["SELECT DISTINCT platform, workspace, person FROM spending"],
        label="what answers cost: your id, and where and for which question it was",
        kept="how much was spent, when, on which model and for what; a keyed hash in place of you, for your caps",
    ),
    "lifted_caps": EraseRule(
        of_person=[
            f"DELETE FROM lifted_caps WHERE {PLACE} AND person = @person",
            f"UPDATE lifted_caps SET lifted_by = '' WHERE {PLACE} AND lifted_by = @person",
        ],
        of_old=["DELETE FROM lifted_caps WHERE until < @before AND {there}"],
        people=[
            "SELECT DISTINCT platform, workspace, person FROM lifted_caps",
            "SELECT DISTINCT platform, workspace, lifted_by FROM lifted_caps",
        ],
        label="caps that were lifted: for you, and your name where you lifted them for others",
        kept="caps that were lifted for others",
    ),
    "schedules": EraseRule(
        of_person=[f"DELETE FROM schedules WHERE {PLACE} AND author_id = @person"],
        of_conversation=[f"DELETE FROM schedules WHERE {KEY}"],
        of_old=["DELETE FROM schedules WHERE created_at < @rows_before AND next_at IS NULL AND {there}"],
        people=["SELECT DISTINCT platform, workspace, author_id FROM schedules"],
        prose=("text", "payload"),
        exported={
            "created_at, workspace, channel, text, rule, zone, next_at": f"schedules WHERE {erase_said.OF_PERSON}"
        },
        label="reminders, and what I was to do later",
        kept="what is still to come, until it has come",
    ),
    "audit": EraseRule(kept="who did what to settings and to what is kept, as keyed hashes; nothing that was said"),
    "tombstones": EraseRule(kept="keyed hashes of whom was forgotten, for copies that are put back"),
    "left_out": EraseRule(kept="keyed hashes of who does not want to be read"),
    "personas": EraseRule(kept="cards of characters, which nobody's words are in"),
    "persona_versions": EraseRule(kept="the same, as they were before"),
    "persona_pictures": EraseRule(kept="the pictures of characters"),
    "persona_words": EraseRule(kept="the words of cards"),
    "persona_conversations": EraseRule(kept="which character speaks where"),
    "tool_pins": EraseRule(kept="what tools of servers and interfaces say of themselves"),
}
