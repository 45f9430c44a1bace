"""The step of what is to be said and asked at a later time."""

SCHEDULES = """
-- Reminders, and questions that are asked by the clock. What is over keeps its times alone.
CREATE TABLE schedules (
    seq INTEGER PRIMARY KEY,
    call_key TEXT NOT NULL UNIQUE,       -- of the call that made it: one that is made again finds it
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,
    message_id TEXT NOT NULL,            -- who wanted it said so in this message; both empty once it is over
    author_id TEXT NOT NULL,
    text TEXT NOT NULL,                  -- what is to be said or asked
    payload TEXT NOT NULL,               -- the message that comes of it, as JSON, without its text
    rule TEXT NOT NULL,                  -- when it comes again, in cron's five fields; empty: once
    zone TEXT NOT NULL,                  -- in which time zone that is meant
    until REAL,                          -- when it ends
    next_at REAL,                        -- when it comes next, our clock; NULL: it is over
    created_at REAL NOT NULL,
    is_paused INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX schedules_by_time ON schedules (next_at) WHERE next_at IS NOT NULL;
"""
