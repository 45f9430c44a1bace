"""What knowledge is kept in: sources as they were posted, their pieces, the indices of words, and vectors."""

KNOWLEDGE = """
-- What may be looked up: each posting of a file, each exchange of a chat, each import. `waiting` ones are the queue.
CREATE TABLE sources (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL,  -- all empty: for every channel
    thread TEXT NOT NULL,
    message_id TEXT NOT NULL,
    file_id TEXT NOT NULL,                   -- of a file the platform's id, of an import its path
    kind TEXT NOT NULL,                      -- file, chat, import, link
    is_closed INTEGER NOT NULL DEFAULT 0,    -- it stands in a thread that its members alone see
    name TEXT NOT NULL,
    author_id TEXT NOT NULL, author_name TEXT NOT NULL DEFAULT '',
    link TEXT NOT NULL DEFAULT '',           -- the address of its message
    posted_at REAL NOT NULL,                 -- the platform's clock, seconds since the epoch
    payload TEXT,                            -- what it takes to read it, as JSON; dropped when that is done
    state TEXT NOT NULL DEFAULT 'waiting',   -- waiting, indexed, failed, refused
    detail TEXT NOT NULL DEFAULT '',         -- why it failed, or what of it was left out
    characters INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,        -- grows with every claim; an older holder may write nothing
    leased_until REAL NOT NULL DEFAULT 0,
    UNIQUE (platform, workspace, channel, message_id, file_id)
) STRICT;
CREATE INDEX sources_waiting ON sources (seq) WHERE state = 'waiting';

-- The pieces in which a source is found. They come at once, when all of it was read and checked, and go with it.
CREATE TABLE passages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    source INTEGER NOT NULL,
    place INTEGER NOT NULL,                  -- its number there, from 0
    title TEXT NOT NULL,                     -- the source's name, and the headings above it: looked for, not embedded
    label TEXT NOT NULL,                     -- where it stands, as people read it: page 3
    text TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    hash TEXT NOT NULL                       -- SHA-256 of the text
) STRICT;
CREATE INDEX passages_by_source ON passages (source, place);
CREATE INDEX passages_by_hash ON passages (hash);
CREATE VIRTUAL TABLE passage_words USING fts5(
    title, text, content='passages', content_rowid='seq', tokenize='porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE passage_trigrams USING fts5(
    title, text, content='passages', content_rowid='seq', tokenize='trigram'
);

-- What an embedder made of a piece's text, once for all pieces that have it; 32-bit floats of length 1.
CREATE TABLE vectors (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL,
    embedder TEXT NOT NULL,                  -- its model, dimensions and prefix
    vector BLOB NOT NULL,
    UNIQUE (hash, embedder)
) STRICT;

-- Which source an answer that is kept has used, so that it goes with the source.
CREATE TABLE citations (
    turn_id TEXT NOT NULL,
    mark TEXT NOT NULL,
    source INTEGER NOT NULL,
    note TEXT NOT NULL,                      -- the line that stands for it below the answer
    PRIMARY KEY (turn_id, mark)
) STRICT, WITHOUT ROWID;
CREATE INDEX citations_by_source ON citations (source);

CREATE TRIGGER passages_added AFTER INSERT ON passages
BEGIN
    INSERT INTO passage_words (rowid, title, text) VALUES (new.seq, new.title, new.text);
    INSERT INTO passage_trigrams (rowid, title, text) VALUES (new.seq, new.title, new.text);
END;
CREATE TRIGGER passages_changed AFTER UPDATE OF title, text ON passages
BEGIN
    INSERT INTO passage_words (passage_words, rowid, title, text) VALUES ('delete', old.seq, old.title, old.text);
    INSERT INTO passage_trigrams (passage_trigrams, rowid, title, text) VALUES ('delete', old.seq, old.title, old.text);
    INSERT INTO passage_words (rowid, title, text) VALUES (new.seq, new.title, new.text);
    INSERT INTO passage_trigrams (rowid, title, text) VALUES (new.seq, new.title, new.text);
END;
CREATE TRIGGER passages_deleted AFTER DELETE ON passages
BEGIN
    INSERT INTO passage_words (passage_words, rowid, title, text) VALUES ('delete', old.seq, old.title, old.text);
    INSERT INTO passage_trigrams (passage_trigrams, rowid, title, text) VALUES ('delete', old.seq, old.title, old.text);
    DELETE FROM vectors WHERE hash = old.hash AND NOT EXISTS (SELECT 1 FROM passages WHERE hash = old.hash);
END;
CREATE TRIGGER sources_deleted AFTER DELETE ON sources
BEGIN
    DELETE FROM passages WHERE source = old.seq;
    UPDATE turns SET answer = NULL WHERE state = 'open'
        AND id IN (SELECT turn_id FROM citations WHERE source = old.seq);
    DELETE FROM citations WHERE source = old.seq;
END;
CREATE TRIGGER citations_of_dropped AFTER UPDATE OF answer ON turns WHEN new.answer IS NULL AND old.answer IS NOT NULL
BEGIN
    DELETE FROM citations WHERE turn_id = new.id;
END;
"""
