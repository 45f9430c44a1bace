"""The rows of what every call of a model costs."""

SPENDING = """
-- One row for each call that costs, from before it is sent. With a person go the ids; the numbers stay.
CREATE TABLE spending (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at REAL NOT NULL,                         -- when it began, our clock, seconds since the epoch
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,  -- empty: nobody's
    person TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    model TEXT NOT NULL, host TEXT NOT NULL,
    state TEXT NOT NULL,                      -- reserved: nothing is sent; sent; done
    input INTEGER NOT NULL DEFAULT 0,         -- tokens, the cached ones among them
    cached INTEGER NOT NULL DEFAULT 0,
    output INTEGER NOT NULL DEFAULT 0,        -- tokens, those of reasoning among them
    reasoning INTEGER NOT NULL DEFAULT 0,
    audio_ms INTEGER NOT NULL DEFAULT 0,
    nanos INTEGER,                            -- billionths of a dollar; NULL: unknown
    saved_nanos INTEGER NOT NULL DEFAULT 0,   -- what the cached share would have cost more
    held_tokens INTEGER NOT NULL DEFAULT 0,   -- what it may still come to while it is under way
    held_nanos INTEGER NOT NULL DEFAULT 0,
    answers INTEGER NOT NULL DEFAULT 0,       -- 1 on a turn's first call, unless the turn fails
    estimated INTEGER NOT NULL DEFAULT 0,     -- 1: not reported by the endpoint
    prices TEXT NOT NULL DEFAULT '',          -- the unit prices that were used, as JSON
    warned TEXT NOT NULL DEFAULT ''           -- the caps of which its person was warned then
) STRICT;
CREATE INDEX spending_by_time ON spending (at);
CREATE INDEX spending_by_person ON spending (platform, person, at);
CREATE INDEX spending_by_turn ON spending (turn_id) WHERE turn_id <> '';
CREATE INDEX spending_under_way ON spending (state) WHERE state <> 'done';

-- Caps that an administrator lifted in the chat: for a person, or a channel, until a time.
CREATE TABLE lifted_caps (
    seq INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL,
    person TEXT NOT NULL,                     -- empty: for all who ask in the channel
    until REAL NOT NULL,                      -- our clock, seconds since the epoch
    lifted_by TEXT NOT NULL
) STRICT;
"""
