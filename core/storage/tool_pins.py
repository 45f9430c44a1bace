"""What tools of a source said of themselves, as it was accepted, and said last: statements on a connection."""

import hashlib
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.storage.connection import Connection

MOST_PINS = 1_000  # tools that one source may have named, over all time
OF_SOURCE = "SELECT tool, accepted, told FROM tool_pins WHERE source = ?"
INSERT = (
    "INSERT INTO tool_pins (source, tool, accepted, told, accepted_text, told_text, changed_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
CHANGE = "UPDATE tool_pins SET told = ?, told_text = ?, changed_at = ? WHERE source = ? AND tool = ?"
ACCEPT = (
    "UPDATE tool_pins SET accepted = told, accepted_text = told_text WHERE accepted <> told "
    "AND (source = ? OR tool = ?) RETURNING tool"
)
ALL = "SELECT source, tool, accepted_text, told_text, changed_at FROM tool_pins ORDER BY source, tool"


@dataclass(frozen=True, slots=True)
class ToolPin:
    """What a tool said of itself, as JSON: as it was accepted, and said last; `changed_at` in seconds of the epoch."""

    source: str
    tool: str
    accepted: str
    told: str
    changed_at: float

    @property
    def is_held(self) -> bool:
        """Whether it says something else by now than what was accepted."""
        return self.accepted != self.told


def pin_tools(connection: Connection, source: str, told: Mapping[str, str]) -> frozenset[str]:
    """Note what each tool of a source says of itself, by its name; return those that say what was accepted.

    What one says that nobody knew is accepted at once; a source that has named MOST_PINS tools names no further ones.
    """
    known = {tool: (accepted, last) for tool, accepted, last in connection.execute(OF_SOURCE, (source,))}
    now, may_be_offered = time.time(), set[str]()
    for tool, text in told.items():
        digest = hashlib.sha256(text.encode()).hexdigest()
        accepted, last = known.get(tool, ("", ""))
        if not accepted and len(known) + len(may_be_offered - known.keys()) >= MOST_PINS:
            continue
        if not accepted:
            connection.execute(INSERT, (source, tool, digest, digest, text, text, now))
        elif digest != last:
            connection.execute(CHANGE, (digest, text, now, source, tool))
        if digest == accepted or not accepted:
            may_be_offered.add(tool)
    return frozenset(may_be_offered)


def read_pins(path: Path, key: str = "") -> list[ToolPin]:
    """Return every tool that a source has told of, by source and name; raises as `Connection` does."""
    with closing(Connection(path, key, read_only=True)) as connection:
        return [ToolPin(*row) for row in connection.execute(ALL)]


def accept_tools(path: Path, name: str, key: str = "") -> list[str]:
    """Let what tools say last be offered, of a whole source or of one tool by its name; return their names.

    Safe beside a running bot, for which SQLite waits its turn.
    """
    with closing(Connection(path, key)) as connection:
        connection.begin()
        accepted = connection.execute(ACCEPT, (name, name))
        connection.commit()
    return [tool for (tool,) in accepted]
