"""What personas are kept in."""

PERSONAS = """
-- Who the bot can be: one row each, found by name; a card of the same name and creator is a new version of it.
CREATE TABLE personas (
    seq INTEGER PRIMARY KEY,
    name TEXT NOT NULL, creator TEXT NOT NULL,
    folded TEXT NOT NULL, folded_creator TEXT NOT NULL,  -- the same, without case: what is looked for
    tags TEXT NOT NULL,                  -- with commas between them
    version INTEGER NOT NULL,            -- the newest one's seq
    at REAL NOT NULL,                    -- when that was taken in, our clock, seconds since the epoch
    UNIQUE (folded, folded_creator)
) STRICT;

-- Each state of a card that was taken in; a conversation keeps the one that it began with.
CREATE TABLE persona_versions (
    seq INTEGER PRIMARY KEY,
    persona INTEGER NOT NULL,
    number INTEGER NOT NULL,             -- from 1
    hash TEXT NOT NULL,                  -- the SHA-256 of the card and its picture
    card TEXT NOT NULL,                  -- JSON, with what we do not know of it
    picture TEXT NOT NULL,               -- its hash, empty where there is none
    at REAL NOT NULL,
    UNIQUE (persona, number)
) STRICT;

CREATE TABLE persona_pictures (
    hash TEXT PRIMARY KEY,               -- the SHA-256 of the content
    media_type TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;

-- Which version speaks in a conversation; 0 is nobody but the bot itself.
CREATE TABLE persona_conversations (
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,
    version INTEGER NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (platform, workspace, channel, thread)
) STRICT, WITHOUT ROWID;

-- The words by which they are found.
CREATE VIRTUAL TABLE persona_words USING fts5(
    name, tags, about, tokenize = "unicode61 remove_diacritics 2", prefix = '1 2 3'
);
"""
