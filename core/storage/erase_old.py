"""What is past its days, in tables where that takes more than one statement: statements on a connection."""

from core.storage import history
from core.storage.connection import Connection
from core.storage.named_values import NamedValues, run_named
from core.storage.transcripts import UNTOLD

SAME_KEY = " AND ".join(f"{{0}}.{part} = memories.{part}" for part in ("platform", "workspace", "channel", "thread"))
STILL_THERE = (
    f"SELECT 1 FROM entries WHERE {SAME_KEY.format('entries')} "
    f"UNION ALL SELECT 1 FROM turns WHERE {SAME_KEY.format('turns')}"
)
SAID = "platform, workspace, channel, thread, seq"
# What is being answered, was received since, or was heard since keeps its recordings.
IN_USE = (
    "SELECT 1 FROM turns WHERE turns.platform = recordings.platform AND turns.workspace = recordings.workspace "
    "AND turns.channel = recordings.channel AND turns.message_id = recordings.message_id "
    "AND (turns.state = 'open' OR turns.received_at >= @before) "
    "UNION ALL SELECT 1 FROM transcripts WHERE transcripts.hash = recordings.hash AND made_at >= @before"
)


def delete_old_entries(connection: Connection, values: NamedValues) -> None:
    """Drop entries, and what prompts and summaries tell of them."""
    statement = f"DELETE FROM entries WHERE sent_at < @before AND {values['there']} RETURNING {SAID}"
    first: dict[tuple[str, str, str, str], int] = {}
    for platform, workspace, channel, thread, seq in run_named(connection, statement, values):
        key = (platform, workspace, channel, thread)
        first[key] = min(seq, first.get(key, seq))
    history.invalidate_prompts(connection, [(*key, seq) for key, seq in first.items()])


def delete_old_recordings(connection: Connection, values: NamedValues) -> None:
    """Drop what was heard in recordings whose message is old, unless a newer message brought the same."""
    there = values["there"]
    run_named(connection, f"DELETE FROM recordings WHERE {there} AND NOT EXISTS ({IN_USE})", values)
    connection.execute(UNTOLD)
