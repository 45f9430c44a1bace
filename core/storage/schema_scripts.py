"""What the later steps of the schema run: scripts that are never changed."""

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

LEFT_BEHIND = """
ALTER TABLE entries ADD COLUMN is_app INTEGER NOT NULL DEFAULT 0;  -- whether an app wrote it, and no person
UPDATE turns SET edited = NULL WHERE state NOT IN ('open', 'failed', 'uncertain');
"""
