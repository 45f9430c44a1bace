"""How what quotes a message is found from any channel of its workspace."""

QUOTED_ELSEWHERE = """
DROP INDEX entries_by_quoted;
CREATE INDEX entries_by_quoted ON entries (platform, workspace, about) WHERE about <> '';
DROP INDEX turns_by_quoted;
CREATE INDEX turns_by_quoted ON turns (platform, workspace, about) WHERE about <> '';
"""
