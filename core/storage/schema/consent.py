"""What is kept of questions for consent."""

CONSENT = """
ALTER TABLE turns ADD COLUMN parked_until REAL;  -- it waits for a click, until then; NULL: it does not

-- What people were asked to allow: the calls of one round of a turn, and who decided what.
CREATE TABLE consents (
    id TEXT PRIMARY KEY,                  -- what the buttons bear
    turn_id TEXT NOT NULL, round INTEGER NOT NULL,
    digest TEXT NOT NULL,                 -- of the calls, exactly as they would be made
    is_tainted INTEGER NOT NULL,          -- something from outside had been read
    asked_at REAL NOT NULL, until REAL NOT NULL,
    message_id TEXT NOT NULL DEFAULT '',  -- the card's, once it stands
    choice TEXT NOT NULL DEFAULT '',      -- allow, always, no; late, edited, stopped; empty: nobody has decided
    decided_by TEXT NOT NULL DEFAULT '',
    decided_in TEXT NOT NULL DEFAULT '',  -- the turn of the click
    decided_at REAL NOT NULL DEFAULT 0,
    is_closed INTEGER NOT NULL DEFAULT 0, -- the card says how it ended
    UNIQUE (turn_id, round)
) STRICT;

-- The tools that may always be called in a channel, and who said so.
CREATE TABLE grants (
    platform TEXT NOT NULL, workspace TEXT NOT NULL, channel TEXT NOT NULL,
    tool TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at REAL NOT NULL,
    PRIMARY KEY (platform, workspace, channel, tool)
) STRICT;
"""
