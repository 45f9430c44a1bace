"""What became of turns, read from their rows: beside a bot that runs, and without one."""

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.messages import ConversationKey
from core.storage.audit import insert_deed
from core.storage.connection import Connection

UNDONE = "('open', 'failed', 'uncertain')"
FOUND_BY_MESSAGE = """
    (? IN ('', channel) AND (
        message_id = ? OR message_id LIKE ? OR id IN (SELECT turn_id FROM steps WHERE platform_id = ?)))
    OR (? <> '' AND id LIKE ?)
    ORDER BY seq"""
MODERATED = "SELECT at, outcome, path, categories FROM moderated WHERE reference = ? ORDER BY seq"
CALLED = "SELECT name, source, state, begun_at, ended_at FROM tool_calls WHERE turn_id = ? ORDER BY round, place"
DECIDED = "SELECT decided_at, choice, decided_by FROM consents WHERE turn_id = ? AND choice <> '' ORDER BY round"
COLUMNS = "id, platform, workspace, channel, thread, message_id, sent_at, received_at, state, attempts, error"


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One step of a turn; `at` is in seconds since the epoch."""

    at: float
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A turn, and everything that is known to have happened to it, in order."""

    id: str
    key: ConversationKey
    message_id: str
    state: str
    attempts: int
    error: str
    events: tuple[TimelineEvent, ...]


class TimelineReader:
    """The rows of a database that is only read; close it after use."""

    def __init__(self, path: Path, key: str = "") -> None:
        """Raises StorageUnavailable or StatementRefused where there is no such file, or none that can be read."""
        self._connection = Connection(path, key, read_only=True)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def find_turns(self, message_id: str, channel: str = "", reference: str = "") -> list[Timeline]:
        """Return the turns that a message asked or is a part of an answer to, or that a reference names, oldest first.

        A choice from a message's menu asks again: it has that message's id at the beginning of its own.
        """
        values = (channel, message_id, f"{message_id}:%", message_id, reference, f"{reference}%")
        return self._turns(FOUND_BY_MESSAGE, values)

    def unfinished_turns(self, *, failed: bool) -> list[Timeline]:
        """Return the turns that are not done, the latest first; with `failed` only those that will not be by itself."""
        states = "('failed', 'uncertain')" if failed else UNDONE
        return self._turns(f"state IN {states} ORDER BY seq DESC")

    def turns_since(self, at: float) -> list[Timeline]:
        """Return the turns that were received since a time, in seconds since the epoch, the first of them first."""
        return self._turns("received_at >= ? ORDER BY seq", (at,))

    def _turns(self, where: str, values: Sequence[str | float] = ()) -> list[Timeline]:
        rows = self._connection.execute(f"SELECT {COLUMNS} FROM turns WHERE {where}", values)
        return [self._timeline(*row) for row in rows]

    def _timeline(self, turn_id: str, *row: Any) -> Timeline:
        *key, message_id, sent_at, received_at, state, attempts, error = row
        sent = [TimelineEvent(sent_at, "sent", "by the platform's clock")] if sent_at else []
        begun = [*sent, TimelineEvent(received_at, "received")]
        steps = self._connection.execute(
            "SELECT name, at, part, platform_id, detail FROM steps WHERE turn_id = ? ORDER BY seq", (turn_id,)
        )
        told = [each for step in steps for each in _events_of(*step)]
        moderated = self._connection.execute(MODERATED, (turn_id[:8],))
        told += [
            TimelineEvent(at, outcome, _moderation_detail(path, categories))
            for at, outcome, path, categories in moderated
        ]
        called = self._connection.execute(CALLED, (turn_id,))
        told += [each for call in called for each in _call_events(*call)]
        decided = self._connection.execute(DECIDED, (turn_id,))
        told += [TimelineEvent(at, choice, f"by {by}" if by else "by nobody") for at, choice, by in decided]
        happened = tuple(sorted([*begun, *told], key=lambda each: each.at))
        return Timeline(turn_id, ConversationKey(*key), message_id, state, attempts, error or "", happened)


def reopen_turn(path: Path, turn_id: str, key: str = "") -> bool:
    """Open a failed or uncertain turn once more; False where it is neither, or what it asked is no longer known.

    It counts as tried once, so that whoever takes it up looks first for what was posted. Safe beside a running bot:
    each statement waits its turn.
    """
    with closing(Connection(path, key)) as connection:
        is_opened = bool(
            connection.execute(
                "UPDATE turns SET state = 'open', attempts = 1, leased_until = NULL, fence = fence + 1 "
                "WHERE id = ? AND state IN ('failed', 'uncertain') AND payload IS NOT NULL RETURNING 1",
                (turn_id,),
            )
        )
        if is_opened:
            insert_deed(connection, "ran again", detail=f"reference {turn_id[:8]}")
        return is_opened


def running_process(path: Path) -> int | None:
    """Return the process that holds a database, None where none does; 0 where it has not said which it is."""
    try:
        with Path(f"{path}.lock").open(encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        said = Path(f"{path}.lock").read_text(encoding="ascii").strip()
        return int(said) if said.isdigit() else 0
    return None


def _events_of(
    name: str, at: float, part: int | None, platform_id: str | None, detail: str | None
) -> Iterator[TimelineEvent]:
    """Read one row; the last of a turn tells of the model's call as well."""
    if part is not None:
        yield TimelineEvent(at, name, f"part {part + 1}, message {platform_id}")
        return
    told = _read_detail(detail)
    for step, when in told.get("times", {}).items():
        yield TimelineEvent(when, step, _usage(told.get("usage")) if step == "answered" else "")
    yield TimelineEvent(at, name, str(told.get("error", "")))


def _call_events(
    name: str, source: str, state: str, begun_at: float | None, ended_at: float | None
) -> Iterator[TimelineEvent]:
    """Tell when a tool was called and what came of it; never with what."""
    if begun_at is not None and state != "refused":
        yield TimelineEvent(begun_at, "called", name)
    if ended_at is not None:
        yield TimelineEvent(ended_at, state, f"{name} ({source})" if source else name)


def _read_detail(detail: str | None) -> Mapping[str, Any]:
    """Return what a step's JSON says; where that cannot be read, that."""
    try:
        told = json.loads(detail or "{}")
    except ValueError:
        told = None
    return told if isinstance(told, dict) else {"error": "unreadable"}


def _moderation_detail(path: str, categories: str) -> str:
    """Return what moderation said of a text that came by a path; `categories` are JSON."""
    return ": ".join(part for part in (path, ", ".join(json.loads(categories))) if part)


def _usage(usage: Mapping[str, Any] | None) -> str:
    if not usage:
        return ""
    tokens = f"{usage['input_tokens']} tokens in, {usage['cached_tokens']} of them cached, {usage['output_tokens']} out"
    return f"{usage['model']}: {tokens}" if usage["model"] else tokens
