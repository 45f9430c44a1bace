"""What was said in channels whose conversation is looked up, line by line: each goes with its message."""

CHAT = """
-- The lines of an exchange, which is a source of the kind `chat`, and is made into pieces anew whenever they change.
CREATE TABLE chat_lines (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    source INTEGER NOT NULL,
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL,
    message_id TEXT NOT NULL,
    author_id TEXT NOT NULL, author_name TEXT NOT NULL DEFAULT '',
    sent_at REAL NOT NULL,                   -- the platform's clock, seconds since the epoch
    link TEXT NOT NULL DEFAULT '',           -- the address of the message
    characters INTEGER NOT NULL,             -- the length of its text as it came
    payload TEXT,                            -- the message as JSON, until it was read and checked
    text TEXT NOT NULL DEFAULT '',           -- what it says, once that is; stays empty where moderation refuses it
    UNIQUE (platform, workspace, channel, message_id)
) STRICT;
CREATE INDEX chat_lines_by_source ON chat_lines (source, sent_at);
CREATE INDEX sources_of_chat ON sources (platform, workspace, channel, thread, posted_at) WHERE kind = 'chat';

CREATE TRIGGER chat_lines_added AFTER INSERT ON chat_lines
BEGIN
    UPDATE sources SET state = 'waiting', fence = fence + 1, attempts = 0, leased_until = 0,
        posted_at = max(posted_at, new.sent_at) WHERE seq = new.source AND kind = 'chat';
END;
CREATE TRIGGER chat_lines_changed AFTER UPDATE OF payload, text ON chat_lines
WHEN new.payload IS NOT NULL AND new.payload IS NOT old.payload OR old.text <> '' AND new.text <> old.text
BEGIN
    DELETE FROM passages WHERE source IN (SELECT seq FROM sources WHERE seq = old.source AND kind = 'chat');
    UPDATE turns SET answer = NULL WHERE state = 'open'
        AND id IN (SELECT turn_id FROM citations WHERE source = old.source);
    UPDATE sources SET state = 'waiting', fence = fence + 1, attempts = 0, leased_until = 0
        WHERE seq = old.source AND kind = 'chat';
END;
CREATE TRIGGER chat_lines_deleted AFTER DELETE ON chat_lines
BEGIN
    DELETE FROM passages WHERE source IN (SELECT seq FROM sources WHERE seq = old.source AND kind = 'chat');
    UPDATE turns SET answer = NULL WHERE state = 'open'
        AND id IN (SELECT turn_id FROM citations WHERE source = old.source);
    UPDATE sources SET state = 'waiting', fence = fence + 1, attempts = 0, leased_until = 0
        WHERE seq = old.source AND kind = 'chat';
    DELETE FROM sources WHERE seq = old.source AND kind = 'chat'
        AND NOT EXISTS (SELECT 1 FROM chat_lines WHERE source = old.source);
END;
CREATE TRIGGER chat_of_sources_deleted AFTER DELETE ON sources
BEGIN
    DELETE FROM chat_lines WHERE source = old.seq;
END;
"""
