"""How what quotes a message is found from any channel of its workspace, and what holds somebody's words."""

QUOTED_ELSEWHERE = """
DROP INDEX entries_by_quoted;
CREATE INDEX entries_by_quoted ON entries (platform, workspace, about) WHERE about <> '';
DROP INDEX turns_by_quoted;
CREATE INDEX turns_by_quoted ON turns (platform, workspace, about) WHERE about <> '';
"""

QUOTED_PEOPLE = """
ALTER TABLE entries ADD COLUMN quotes TEXT NOT NULL DEFAULT '';  -- ids of whose words it holds, a space around each
CREATE INDEX entries_with_quotes ON entries (platform, workspace) WHERE quotes <> '';
"""
