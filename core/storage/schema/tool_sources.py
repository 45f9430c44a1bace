"""The step of what tools from outside said of themselves."""

TOOL_SOURCES = """
-- What each tool of a source says of itself, as JSON: as it may be offered, and as it was told last. Where the two
-- differ, it is held until the operator accepts it.
CREATE TABLE tool_pins (
    source TEXT NOT NULL, tool TEXT NOT NULL,
    accepted TEXT NOT NULL,              -- the SHA-256 of what it said, as it may be offered,
    told TEXT NOT NULL,                  -- and of what it said last
    accepted_text TEXT NOT NULL, told_text TEXT NOT NULL,
    changed_at REAL NOT NULL,            -- when it said something new; our clock, seconds since the epoch
    PRIMARY KEY (source, tool)
) STRICT, WITHOUT ROWID;
"""
