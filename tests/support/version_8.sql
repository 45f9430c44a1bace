-- A database as the versions before migration 9 left it: one turn answered, one being answered, one about another message, one command.
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'confab','m001_beginning','2026-11-30 07:22:37.943819+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'confab','m002_posted_parts','2026-11-30 07:22:37.953978+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'confab','m003_memories','2026-11-30 07:22:37.992092+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'confab','m004_quotations','2026-11-30 07:22:38.004650+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'confab','m005_kept_answers','2026-11-30 07:22:38.016984+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'confab','m006_transcripts','2026-11-30 07:22:38.037572+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'confab','m007_images','2026-11-30 07:22:38.056850+00:00');
INSERT INTO "_sqlite_migrations" VALUES(8,'confab','m008_moderation','2026-11-30 07:22:38.081188+00:00');
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    author_id TEXT NOT NULL DEFAULT '', author_name TEXT NOT NULL DEFAULT '',
    message_id TEXT NOT NULL,
    sent_at REAL NOT NULL
, files TEXT NOT NULL DEFAULT '', tokens INTEGER NOT NULL DEFAULT 0, about TEXT NOT NULL DEFAULT '', images INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "entries" VALUES(1,'slack','T1','C1','1.0','92c6f2034a28409ea5b7991fafdc75ca','user','How long is the bridge?','U1','Ada','1.0',1.0,'',9,'',1);
INSERT INTO "entries" VALUES(2,'slack','T1','C1','1.0','92c6f2034a28409ea5b7991fafdc75ca','assistant','Two kilometres.','','','1.5',1.5,'',5,'',0);
CREATE TABLE images (
    entry INTEGER NOT NULL,    -- the seq of the entry
    place INTEGER NOT NULL,    -- its number there, from 0
    file TEXT NOT NULL,        -- the platform's id of the file that it was made from
    media_type TEXT NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL,
    content TEXT NOT NULL,     -- in base64, as it is sent
    PRIMARY KEY (entry, place)
) STRICT;
INSERT INTO "images" VALUES(1,0,'F1','image/png',1,1,'aGVsbG8=');
CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "marks" VALUES('slack/T1','1700000000000100');
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
INSERT INTO "memories" VALUES('slack','T1','C1','1.0',1,0,'',0,'Ada asked about the bridge.',1,0,100,120);
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
INSERT INTO "moderated" VALUES(1,'abcd1234',1.0,'slack','T1','C1','1.0','U1','question','refused','["violence"]',NULL);
CREATE TABLE recordings (
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL,
    message_id TEXT NOT NULL,
    about TEXT NOT NULL DEFAULT '',         -- the id of the message that this one asks about, if any
    file_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (platform, workspace, channel, message_id, file_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE steps (
    seq INTEGER PRIMARY KEY,
    turn_id TEXT NOT NULL,
    name TEXT NOT NULL,                  -- posted, answered, troubled
    at REAL NOT NULL,
    part INTEGER,                        -- of a posted part: its number, from 0
    platform_id TEXT,                    -- of a posted part: its message id
    detail TEXT                          -- of anything else: JSON
) STRICT;
INSERT INTO "steps" VALUES(1,'92c6f2034a28409ea5b7991fafdc75ca','posted',1796023358.12045,0,'1.5',NULL);
INSERT INTO "steps" VALUES(2,'92c6f2034a28409ea5b7991fafdc75ca','done',1796023358.12866,NULL,NULL,'{"times": {"asked": 1.1}}');
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
    error TEXT, answer TEXT, edited TEXT,                          -- the last error's class and reference
    UNIQUE (platform, workspace, channel, message_id)
) STRICT;
INSERT INTO "turns" VALUES(1,'92c6f2034a28409ea5b7991fafdc75ca','slack','T1','C1','1.0','1.0',1.0,1.7960233580949885845e+09,NULL,'done',1,1,NULL,'f3a1f7dbb7c345ba9d27cf03bbfa574f',NULL,NULL,NULL);
INSERT INTO "turns" VALUES(2,'dd163cc1d2cf480282efd38ff68a11b1','slack','T1','C1','1.0','2.0',2.0,1.79602335815256094935e+09,'{"id":"2.0","key":{"platform":"slack","workspace":"T1","channel":"C1","thread":"1.0"},"author":{"id":"U1","name":"Ada","is_bot":false,"workspace":"","roles":[]},"text":"And who built it?","sent_at":2.0,"addressed":true,"follow_up":false,"attachments":[],"command":"","handle":"","about":"","others":[]}','open',1,1,1.79602341816448521612e+09,'f3a1f7dbb7c345ba9d27cf03bbfa574f',NULL,NULL,NULL);
INSERT INTO "turns" VALUES(3,'0bfd2fe049f542eaae3bb823de1efd6d','slack','T1','C1','1.0','3.0',3.0,1.79602335817821931844e+09,'{"id":"3.0","key":{"platform":"slack","workspace":"T1","channel":"C1","thread":"1.0"},"author":{"id":"U1","name":"Ada","is_bot":false,"workspace":"","roles":[]},"text":"what is this?","sent_at":3.0,"addressed":true,"follow_up":false,"attachments":[],"command":"","handle":"","about":"1.0","others":[]}','open',0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "turns" VALUES(4,'06a158c4bb274ae0891e70157ba6c1b3','slack','T1','C1','1.0','4.0',4.0,1796023358.19095,'{"id":"4.0","key":{"platform":"slack","workspace":"T1","channel":"C1","thread":"1.0"},"author":{"id":"U1","name":"Ada","is_bot":false,"workspace":"","roles":[]},"text":"","sent_at":4.0,"addressed":true,"follow_up":false,"attachments":[],"command":"stop","handle":"","about":"","others":[]}','open',0,0,NULL,NULL,NULL,NULL,NULL);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX turns_by_key ON turns (platform, workspace, channel, thread, state, sent_at, seq);
CREATE INDEX steps_by_turn ON steps (turn_id, seq);
CREATE INDEX entries_by_key ON entries (platform, workspace, channel, thread, seq);
CREATE INDEX entries_by_message ON entries (platform, workspace, channel, message_id);
CREATE INDEX steps_by_message ON steps (platform_id) WHERE platform_id IS NOT NULL;
CREATE INDEX entries_by_quoted ON entries (platform, workspace, channel, about) WHERE about <> '';
CREATE INDEX recordings_by_file ON recordings (platform, workspace, file_id);
CREATE INDEX recordings_by_hash ON recordings (hash);
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
CREATE INDEX moderated_by_author ON moderated (platform, author_id, at);
COMMIT;
