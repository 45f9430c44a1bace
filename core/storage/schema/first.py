"""What the first steps of the schema run: scripts that are never changed."""

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

POSTED_PARTS = """
CREATE INDEX steps_by_message ON steps (platform_id) WHERE platform_id IS NOT NULL;
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

COMMANDS = """
ALTER TABLE turns ADD COLUMN command TEXT NOT NULL DEFAULT '';  -- what its message tells the bot to do, if anything
ALTER TABLE turns ADD COLUMN about TEXT NOT NULL DEFAULT '';    -- the id of the message that it asks about, if any
UPDATE turns SET command = coalesce(json_extract(payload, '$.command'), ''),
    about = coalesce(json_extract(payload, '$.about'), '') WHERE json_valid(payload);
CREATE INDEX turns_by_quoted ON turns (platform, workspace, channel, about) WHERE about <> '';
"""

SAID_SINCE = """
ALTER TABLE entries ADD COLUMN origin TEXT NOT NULL DEFAULT '';      -- channel: it stood there before the conversation
ALTER TABLE memories ADD COLUMN unread_from REAL NOT NULL DEFAULT 0; -- others said something that no prompt has, from
ALTER TABLE memories ADD COLUMN unread_to REAL NOT NULL DEFAULT 0;   -- then to then, by the platform's clock; 0: none
"""

SHARED = """
-- More than one has spoken there: prompts tell names from then on.
ALTER TABLE memories ADD COLUMN is_shared INTEGER NOT NULL DEFAULT 0;
UPDATE memories SET is_shared = 1 WHERE (
    SELECT count(DISTINCT author_id) FROM entries WHERE author_id <> '' AND platform = memories.platform
    AND workspace = memories.workspace AND channel = memories.channel AND thread = memories.thread
) > 1;
"""

PREFERENCES = """
-- What was chosen in the chat, for a channel or by a person for themselves: the newest row of a name holds.
CREATE TABLE preferences (
    seq INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL,  -- both empty for a person's own
    person TEXT NOT NULL,                -- whose own it is; empty for a channel's
    chosen_by TEXT NOT NULL,
    name TEXT NOT NULL,
    was TEXT NOT NULL,                   -- what was chosen before, and
    value TEXT NOT NULL                  -- now; empty: what is usual there
) STRICT;
CREATE INDEX preferences_by_name ON preferences (platform, workspace, channel, person, name, seq);
"""

TOOL_CALLS = """
ALTER TABLE entries ADD COLUMN calls TEXT NOT NULL DEFAULT '';    -- what the bot wanted tools to do, as JSON
ALTER TABLE entries ADD COLUMN call_id TEXT NOT NULL DEFAULT '';  -- of a tool's result: the call that it answers

-- What the model wanted tools to do in a turn, and what became of it. The texts go when the turn is done.
CREATE TABLE tool_calls (
    seq INTEGER PRIMARY KEY,
    turn_id TEXT NOT NULL,
    round INTEGER NOT NULL, place INTEGER NOT NULL,  -- the model's how many-th answer with calls, and the call's place
    call_id TEXT NOT NULL, name TEXT NOT NULL,
    arguments TEXT NOT NULL, extra TEXT NOT NULL,    -- as the model wrote them, and what the endpoint sent beside
    state TEXT NOT NULL,                             -- proposed, waiting, running, returned, failed, refused, uncertain
    result TEXT NOT NULL DEFAULT '',                 -- as the model is told it
    source TEXT NOT NULL DEFAULT '',                 -- where it comes from, as people are told
    proposed_at REAL NOT NULL, begun_at REAL, ended_at REAL,
    UNIQUE (turn_id, round, place)
) STRICT;
CREATE TRIGGER tool_calls_of_ended AFTER UPDATE OF state ON turns
    WHEN new.state <> old.state AND new.state NOT IN ('open', 'failed', 'uncertain')
BEGIN
    UPDATE tool_calls SET arguments = '', extra = '', result = '' WHERE turn_id = new.id;
END;
"""

QUOTED = """
ALTER TABLE turns ADD COLUMN quoted TEXT;  -- what it quotes, as that was changed meanwhile; dropped at the end
"""

LEFT_BEHIND = """
ALTER TABLE entries ADD COLUMN is_app INTEGER NOT NULL DEFAULT 0;  -- whether an app wrote it, and no person
UPDATE turns SET edited = NULL WHERE state NOT IN ('open', 'failed', 'uncertain');
"""
