"""The schema, as numbered steps that are only ever added to."""

import sqlite3

from sqlite_utils import Database, Migrations

from core.storage.connection import Connection, in_our_errors
from core.storage.schema_scripts import COMMANDS, LEFT_BEHIND, PREFERENCES, SAID_SINCE, TOOL_CALLS

migrations = Migrations("confab")

BEGINNING = """
-- The inbox. One row for each message addressed to the bot; the unique key ends every redelivery.
CREATE TABLE turns (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,
    message_id TEXT NOT NULL,
    sent_at REAL NOT NULL,               -- the platform's clock, seconds since the epoch
    received_at REAL NOT NULL,           -- ours
    payload TEXT,                        -- the message as JSON; dropped when the turn is done
    state TEXT NOT NULL DEFAULT 'open',  -- open, done, merged, failed, uncertain, refused, cancelled
    attempts INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,    -- grows with every claim; an older holder may write nothing
    leased_until REAL,                   -- NULL: nobody is at it
    leased_by TEXT,                      -- the process that is
    error TEXT,                          -- the last error's class and reference
    UNIQUE (platform, workspace, channel, message_id)
) STRICT;
CREATE INDEX turns_by_key ON turns (platform, workspace, channel, thread, state, sent_at, seq);

-- What happened to a turn, in order; rows are only added.
CREATE TABLE steps (
    seq INTEGER PRIMARY KEY,
    turn_id TEXT NOT NULL,
    name TEXT NOT NULL,                  -- posted, answered, troubled
    at REAL NOT NULL,
    part INTEGER,                        -- of a posted part: its number, from 0
    platform_id TEXT,                    -- of a posted part: its message id
    detail TEXT                          -- of anything else: JSON
) STRICT;
CREATE INDEX steps_by_turn ON steps (turn_id, seq);

-- What was said, as later prompts see it.
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    author_id TEXT NOT NULL DEFAULT '', author_name TEXT NOT NULL DEFAULT '',
    message_id TEXT NOT NULL,
    sent_at REAL NOT NULL
) STRICT;
CREATE INDEX entries_by_key ON entries (platform, workspace, channel, thread, seq);
CREATE INDEX entries_by_message ON entries (platform, workspace, channel, message_id);

-- How far a platform has received, by a name of its own.
CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""

MEMORIES = """
ALTER TABLE entries ADD COLUMN files TEXT NOT NULL DEFAULT '';      -- what came with a message, as text
ALTER TABLE entries ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;   -- its length in a prompt; 0: not counted

-- What prompts show of a conversation: from where on its entries, and what they say of the time before.
CREATE TABLE memories (
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,
    joined INTEGER NOT NULL DEFAULT 0,      -- what was said before the bot came has been read
    begins INTEGER NOT NULL DEFAULT 0,      -- entries before this seq were cut
    earlier TEXT NOT NULL DEFAULT '',       -- what is said of them, to the byte
    due INTEGER NOT NULL DEFAULT 0,         -- it has to be said anew, cut or no cut
    summary TEXT NOT NULL DEFAULT '',       -- what goes into it next
    summarised INTEGER NOT NULL DEFAULT 0,  -- up to which seq the summary tells
    version INTEGER NOT NULL DEFAULT 0,     -- grows when something told was changed: what was made before is void
    counted INTEGER NOT NULL DEFAULT 0,     -- the last prompt's tokens as counted here,
    reported INTEGER NOT NULL DEFAULT 0,    -- and as the endpoint reported them
    PRIMARY KEY (platform, workspace, channel, thread)
) STRICT, WITHOUT ROWID;
"""

QUOTATIONS = """
ALTER TABLE entries ADD COLUMN about TEXT NOT NULL DEFAULT '';  -- the id of the message that is quoted here, if any
CREATE INDEX entries_by_quoted ON entries (platform, workspace, channel, about) WHERE about <> '';
"""

KEPT_ANSWERS = """
ALTER TABLE turns ADD COLUMN answer TEXT;  -- the model's whole answer as JSON; dropped when the turn is done
"""

TRANSCRIPTS = """
-- What was heard in recordings: each part of one, as a transcriber returned it, by the SHA-256 of the whole file.
CREATE TABLE transcripts (
    hash TEXT NOT NULL,
    task TEXT NOT NULL,                     -- transcriptions, translations
    part INTEGER NOT NULL,                  -- from 0
    parts INTEGER NOT NULL DEFAULT 0,       -- of the last one: how many there are
    again REAL NOT NULL DEFAULT 0,          -- seconds of the part before that it repeats
    text TEXT NOT NULL,
    made_at REAL NOT NULL,                  -- our clock, seconds since the epoch
    PRIMARY KEY (hash, task, part)
) STRICT, WITHOUT ROWID;

-- Which message brought which recording, so that it is known again without being fetched, and goes with the message.
CREATE TABLE recordings (
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,
    message_id TEXT NOT NULL,
    about TEXT NOT NULL DEFAULT '',         -- the id of the message that this one asks about, if any
    file_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (platform, workspace, channel, message_id, file_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX recordings_by_file ON recordings (platform, workspace, file_id);
CREATE INDEX recordings_by_hash ON recordings (hash);
"""

IMAGES = """
ALTER TABLE entries ADD COLUMN images INTEGER NOT NULL DEFAULT 0;  -- how many pictures came with a message

-- The pictures that prompts show. They go with their entry, and when it is cut: no later prompt shows it.
CREATE TABLE images (
    entry INTEGER NOT NULL,    -- the seq of the entry
    place INTEGER NOT NULL,    -- its number there, from 0
    file TEXT NOT NULL,        -- the platform's id of the file that it was made from
    media_type TEXT NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL,
    content TEXT NOT NULL,     -- in base64, as it is sent
    PRIMARY KEY (entry, place)
) STRICT;
CREATE TRIGGER images_of_deleted AFTER DELETE ON entries WHEN old.images > 0
BEGIN
    DELETE FROM images WHERE entry = old.seq;
END;
CREATE TRIGGER images_of_cut AFTER UPDATE OF begins ON memories WHEN new.begins > old.begins
BEGIN
    DELETE FROM images WHERE entry IN (
        SELECT seq FROM entries WHERE platform = new.platform AND workspace = new.workspace AND channel = new.channel
        AND thread = new.thread AND seq >= old.begins AND seq < new.begins AND images > 0
    );
END;
"""


MODERATION = """
ALTER TABLE turns ADD COLUMN edited TEXT;  -- an edit that came while the question waited, as the history may have it

-- What was refused, or went on without a check.
CREATE TABLE moderated (
    seq INTEGER PRIMARY KEY,
    reference TEXT NOT NULL,             -- what the person was told
    at REAL NOT NULL,
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,
    author_id TEXT NOT NULL,             -- who said it; empty where that was no person
    path TEXT NOT NULL,                  -- by which way it came
    outcome TEXT NOT NULL,               -- refused, unchecked
    categories TEXT NOT NULL,            -- JSON
    text TEXT                            -- only where the operator asked for it
) STRICT;
CREATE INDEX moderated_by_author ON moderated (platform, author_id, at);
"""


SHARED = """
-- More than one has spoken there: prompts tell names from then on.
ALTER TABLE memories ADD COLUMN is_shared INTEGER NOT NULL DEFAULT 0;
UPDATE memories SET is_shared = 1 WHERE (
    SELECT count(DISTINCT author_id) FROM entries WHERE author_id <> '' AND platform = memories.platform
    AND workspace = memories.workspace AND channel = memories.channel AND thread = memories.thread
) > 1;
"""

QUOTED = """
ALTER TABLE turns ADD COLUMN quoted TEXT;  -- what it quotes, as that was changed meanwhile; dropped at the end
"""


def migrate(connection: Connection) -> None:
    """Bring a file to the newest schema, wholly or not at all; raises StorageUnavailable or StatementRefused."""
    in_our_errors(lambda: _apply_all(Database(connection.file)))


def _apply_all(database: Database) -> None:
    with database.atomic():  # one write to the disk in place of one for each step
        migrations.apply(database)


def find_unknown_steps(connection: Connection) -> list[str]:
    """Return the steps that a file has and this version does not know, in their order: a newer version made them."""
    known = {step.name for step in migrations.pending(Database(memory=True))}
    applied = in_our_errors(lambda: migrations.applied(Database(connection.file)))
    return [step.name for step in applied if step.name not in known]


@migrations()
def m001_beginning(database: Database) -> None:
    """Begin: the inbox (turns), what happened to each turn (steps), what was said (entries), and marks."""
    _run_script(database, BEGINNING)


@migrations()
def m002_posted_parts(database: Database) -> None:
    """Find the turn of a posted message, as a reply to any part of an answer goes on with its conversation."""
    database.execute("CREATE INDEX steps_by_message ON steps (platform_id) WHERE platform_id IS NOT NULL")


@migrations()
def m003_memories(database: Database) -> None:
    """Keep each entry's length, and of each conversation what prompts show of it."""
    _run_script(database, MEMORIES)


@migrations()
def m004_quotations(database: Database) -> None:
    """Keep which message a question quotes, so that it can be deleted with that one."""
    _run_script(database, QUOTATIONS)


@migrations()
def m005_kept_answers(database: Database) -> None:
    """Keep an answer until it is shown, so that a call that has ended is not paid again."""
    _run_script(database, KEPT_ANSWERS)


@migrations()
def m006_transcripts(database: Database) -> None:
    """Keep what was heard in recordings, by their content, and which message brought which."""
    _run_script(database, TRANSCRIPTS)


@migrations()
def m007_images(database: Database) -> None:
    """Keep the pictures that people attach, as long as prompts show them."""
    _run_script(database, IMAGES)


@migrations()
def m008_moderation(database: Database) -> None:
    """Keep what was refused, and the text of an edit that came while its question was answered."""
    _run_script(database, MODERATION)


@migrations()
def m009_commands(database: Database) -> None:
    """Keep beside its message what a turn is told to do, and what it asks about, so that SQL reads no JSON."""
    _run_script(database, COMMANDS)


@migrations()
def m010_said_since(database: Database) -> None:
    """Know of what others said since the last answer, and of an entry whether it comes from the channel."""
    _run_script(database, SAID_SINCE)


@migrations()
def m011_shared(database: Database) -> None:
    """Know of each conversation whether more than one has spoken in it, whatever has been cut or deleted since."""
    _run_script(database, SHARED)


@migrations()
def m012_preferences(database: Database) -> None:
    """Keep what people set in the chat, and who did."""
    _run_script(database, PREFERENCES)


@migrations()
def m013_tool_calls(database: Database) -> None:
    """Keep the calls of tools: in the history, and of a turn that is being answered from before they are made."""
    _run_script(database, TOOL_CALLS)


@migrations()
def m014_quoted(database: Database) -> None:
    """Keep a change of what an open turn quotes, so that later prompts have it as it is now."""
    _run_script(database, QUOTED)


@migrations()
def m015_left_behind(database: Database) -> None:
    """Know of an entry whether an app wrote it, and keep no text of an edit past its turn."""
    _run_script(database, LEFT_BEHIND)


def _run_script(database: Database, script: str) -> None:
    """Run statements that each end with a line, within the transaction; sqlite-utils would look at each letter."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            database.execute(statement)
            statement = ""
