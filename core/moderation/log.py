"""What is kept of a refusal, and told to moderators: categories, a reference, and text only where that is asked for."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import structlog

from core.errors import PlatformError
from core.messages import Author, ConversationKey
from core.moderation.access import AccessControl
from core.ports import Platform
from core.storage.store import Store

log = structlog.get_logger()

# Every way by which text reaches the model or a person. Whatever takes a new one gives it a name here, and
# tests/unit/test_moderation_paths.py then wants to see a flagged text come that way.
Path = Literal[
    "question",
    "name",
    "others",
    "files",
    "earlier",
    "edit",
    "posted",
    "merged",
    "answer",
    "summary",
    "tool",
    "knowledge",
    "persona",
]
Outcome = Literal["refused", "unchecked", "paused"]

WHAT: Mapping[Path, str] = {
    "question": "A question",
    "name": "A display name",
    "others": "What somebody quoted or mentioned",
    "files": "What somebody attached",
    "earlier": "What stood in a thread before",
    "edit": "An edited message",
    "posted": "A question for all to read",
    "merged": "A question that goes with the next one",
    "answer": "My answer",
    "summary": "A summary",
    "tool": "A call of a tool, or what it returned",
    "knowledge": "What was to be looked up later",
    "persona": "The card of a persona",
}
PERSONAL: frozenset[Path] = frozenset({"question", "files", "edit", "posted"})  # what its author answers for
SHOWN = 1_000  # characters of a text that moderators are shown where the operator wants it


@dataclass(frozen=True, slots=True)
class Subject:
    """What a text belongs to: a conversation, the reference that people are told, and who said it, if a person did."""

    key: ConversationKey
    reference: str
    author: Author | None = None


@dataclass(frozen=True, slots=True)
class ModerationRecord:
    """One refusal, one text that could not be checked, or one pause, as it is kept; `at` in seconds since the epoch."""

    about: Subject
    path: Path
    outcome: Outcome
    categories: Sequence[str]
    text: str | None
    at: float


class ModerationLog:
    """Keeps records, tells moderators, and counts violations; `moderators` holds a channel for each platform's name."""

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        admission: AccessControl,
        moderators: Mapping[str, str],
        *,
        keep_text: bool = False,
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._admission = admission
        self._moderators = moderators
        self._keep_text = keep_text
        self._telling: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Give up telling what has not been told."""
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def record_refusal(self, path: Path, about: Subject, categories: Sequence[str], text: str) -> None:
        """Keep a refusal; a moderators' channel hears of it beside everything else."""
        log.warning("refused", path=path, reference=about.reference, categories=", ".join(categories))
        if about.author and path in PERSONAL:
            self._admission.add_violation(about.key, about.author, about.reference)
        record = await self._keep_record(path, about, "refused", categories, text)
        if self._moderators:
            task = asyncio.create_task(self._tell_moderators(record))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def record_unchecked(self, path: Path, about: Subject, text: str) -> None:
        """Keep that something went on without a check."""
        log.warning("unchecked", path=path, reference=about.reference, hint="CONFAB_MODERATION_UNREACHABLE is open.")
        await self._keep_record(path, about, "unchecked", (), text)

    async def note_pause_told(self, about: Subject) -> bool:
        """Keep that a person is told of their pause; return False where they were told of it in another turn."""
        if not about.author or not self._admission.note_told(about.key, about.author, about.reference):
            return False
        await self._keep_record("question", about, "paused", (), "")
        return True

    async def _keep_record(
        self, path: Path, about: Subject, outcome: Outcome, categories: Sequence[str], text: str
    ) -> ModerationRecord:
        record = ModerationRecord(
            about, path, outcome, categories, text if self._keep_text and text else None, time.time()
        )
        await self._store.save_moderation(_values_of(record))
        return record

    async def _tell_moderators(self, record: ModerationRecord) -> None:
        key = record.about.key
        for name, channel in self._moderators.items():
            try:
                workspace = key.workspace if name == key.platform else ""
                notice = ConversationKey(name, workspace, channel, "")
                await self._platforms[name].post_notice(notice, _report_of(record))
            except (PlatformError, KeyError) as error:
                log.warning("moderators not told", platform=name, error=str(error), conversation=str(key))


def _values_of(record: ModerationRecord) -> tuple[object, ...]:
    key, author = record.about.key, record.about.author
    place = (key.platform, key.workspace, key.channel, key.thread, author.id if author else "")
    what = (record.path, record.outcome, json.dumps(list(record.categories)), record.text)
    return (record.about.reference, record.at, *place, *what)


def _report_of(record: ModerationRecord) -> str:
    """Return what moderators read. Names are ids: they ping nobody, and a display name has not been checked."""
    key, author = record.about.key, record.about.author
    by = f" by `{author.id}`" if author else ""
    where = f"in `{key.channel}` of `{key.workspace}` on {key.platform}"
    said = f"**{WHAT[record.path]}** was refused{by} {where}: {', '.join(record.categories)} "
    quoted = "\n".join(f"> {line}" for line in (record.text or "")[:SHOWN].splitlines())
    return f"{said}(reference {record.about.reference})" + (f"\n{quoted}" if quoted else "")
