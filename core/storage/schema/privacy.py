"""What keeping and forgetting needs: who asked what, until they are forgotten, and what may be known afterwards."""

PRIVACY = """
ALTER TABLE turns ADD COLUMN author_id TEXT NOT NULL DEFAULT '';  -- who asked, until they are forgotten
UPDATE turns SET author_id = coalesce(json_extract(payload, '$.author.id'), '') WHERE json_valid(payload);
UPDATE turns SET author_id = coalesce((
    SELECT entries.author_id FROM entries WHERE entries.platform = turns.platform
    AND entries.workspace = turns.workspace AND entries.channel = turns.channel AND entries.thread = turns.thread
    AND entries.turn_id = turns.id AND entries.author_id <> '' LIMIT 1
), '') WHERE author_id = '';
ALTER TABLE turns ADD COLUMN is_unkept INTEGER NOT NULL DEFAULT 0;  -- what its answer is made of is forgotten meanwhile
CREATE INDEX turns_by_time ON turns (received_at);      -- for what is past its days
CREATE INDEX entries_by_time ON entries (sent_at);

-- Who did what to settings and to what is kept. Rows are only added; people stand here as keyed hashes.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    actor TEXT NOT NULL,                 -- a keyed hash of the person; operator: from the command line
    action TEXT NOT NULL,                -- forgot, exported, set, ran again …
    subject TEXT NOT NULL,               -- a keyed hash of whom or what it was done to; empty for nobody
    detail TEXT NOT NULL                 -- in words, without names and ids of people
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is only added to');
END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is only added to');
END;

-- Whom and which conversations this file has forgotten: what a copy from before lacks is forgotten when it is put back.
CREATE TABLE tombstones (
    digest TEXT NOT NULL,                -- a keyed hash
    at REAL NOT NULL,                    -- when, our clock: who speaks again and is forgotten again has two
    PRIMARY KEY (digest, at)
) STRICT, WITHOUT ROWID;

-- Of whom nothing is read where others ask, by their own wish.
CREATE TABLE left_out (
    digest TEXT PRIMARY KEY,             -- a keyed hash of the person
    at REAL NOT NULL
) STRICT, WITHOUT ROWID;
"""
