"""What was said around a question: in its thread since the last answer, or above it in its channel."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from core.channel_lines import ChannelLines, is_at_top
from core.errors import PlatformError
from core.files.attachments import AttachmentContent, name_attachments, read_attachments
from core.files.documents import Documents
from core.history import StoredHistory
from core.messages import Author, Deletion, Earlier, Entry, Message, Origin
from core.moderation.log import Subject
from core.moderation.moderation import Moderation
from core.moderation.verdict import Sample
from core.policy import Policies
from core.ports import Platform
from core.prompt.build import shorten_question
from core.prompt.history import HistoryLoader, history_without
from core.quotes import quoted_people
from core.sanitize import sanitize_text, valid_value
from core.storage.store import Store

log = structlog.get_logger()

PATIENCE = 10.0  # seconds in which a platform tells what was said before; the answer waits for it
FILES_PATIENCE = 20.0  # seconds for the files of those lines; what is not read by then is named
FILES_SHARE = 0.5  # of the room for history: what the files of earlier lines may take
FILES = 5  # earlier lines whose files are read, the newest
LEAST = 200  # tokens that are worth a beginning of a file
HOUR = 3_600.0
DAY = 24 * HOUR
LEFT_OUT = "[files that are not shown here]"


@dataclass(frozen=True, slots=True)
class _Reading:
    """Whose turn the lines are read for; `blind` says why no picture is shown, as for the question's own."""

    message: Message
    platform: Platform
    reference: str
    blind: tuple[str, str] | None


@dataclass(slots=True)
class _Budget:
    """What is left for the files of earlier lines: tokens, time on the loop's clock, and messages with files."""

    tokens: int
    until: float
    files: int = FILES


class EarlierReader:
    """Reads what others said, and keeps what moderation lets pass of it; events tell when something is to be read."""

    def __init__(
        self, store: Store, recall: HistoryLoader, policies: Policies, documents: Documents, guard: Moderation | None
    ) -> None:
        self._store = store
        self._recall = recall
        self._policies = policies
        self._documents = documents
        self._guard = guard
        self._checks = guard if guard and guard.is_checking else None
        self._channels = ChannelLines()

    async def note_message(self, message: Message, *, is_asked: bool) -> None:
        """Learn that something was said; what the bot is not asked by is read with the next question there."""
        self._channels.note_message(message)
        if not is_asked and message.key.thread and not is_at_top(message):
            await self._store.note_unread(message)

    def note_edit(self, message: Message) -> None:
        """Learn that something was changed."""
        self._channels.note_message(message)

    def forget_message(self, deletion: Deletion) -> None:
        """Drop a message that was taken away."""
        self._channels.forget_message(deletion)

    def forget_lines(self) -> None:
        """Drop what was heard in channels: it is read from the platform again."""
        self._channels.forget_all()

    async def history_before(
        self, message: Message, platform: Platform, reference: str, blind: tuple[str, str] | None
    ) -> StoredHistory:
        """Return what is remembered before a message, with what others said since the last answer.

        Of that, nothing is kept that moderation refuses, or that cannot be checked; `reference` is the turn's.
        """
        found = await self._history_before(message, platform, reference, blind)
        return self._without_left_out(message, found)

    def _without_left_out(self, message: Message, found: StoredHistory) -> StoredHistory:
        """Return what is remembered without those who do not want to be read where others ask."""
        guard, key = self._guard, message.key
        if guard is None or not any(each and guard.leaves_out(key, each) for each in _authors_of(found)):
            return found

        def is_left_out(author: Author) -> bool:
            return author.id != message.author.id and guard.leaves_out(key, author)

        return replace(found, history=history_without(found.history, is_left_out))

    async def _history_before(
        self, message: Message, platform: Platform, reference: str, blind: tuple[str, str] | None
    ) -> StoredHistory:
        found = await self._recall.of(message.key)
        try:
            async with asyncio.timeout(PATIENCE):
                lines = await self._lines_before(message, platform, found)
        except (TimeoutError, PlatformError) as error:
            log.warning("earlier messages not read", error=type(error).__name__, detail=str(error))
            return found
        if not lines and not 0 < found.unread_from < message.sent_at:
            return found
        reading = _Reading(message, platform, reference, blind)
        return await self._recall.save_earlier(message, await self._entries_of(lines, reading))

    async def _lines_before(self, message: Message, platform: Platform, found: StoredHistory) -> Sequence[Earlier]:
        """Return what no prompt of the conversation has; nothing is asked of the platform where that is nothing."""
        policy = self._policies.policy_of(message.key)
        is_new, most = not (found.has_earlier or found.history.entries), policy.history_messages // 2
        if is_new and is_at_top(message):
            return await self._channel_lines(message, platform)
        if policy.keeps_nothing:
            return await self._kept_nowhere(message, await platform.fetch_earlier(message, most))
        if is_new:
            return await self._unknown(message, await platform.fetch_earlier(message, most))
        if not 0 < found.unread_from < message.sent_at:
            return ()
        since = found.unread_from
        lines = await self._unknown(message, await platform.fetch_earlier(message, most))
        return [line for line in lines if line.sent_at >= since and not line.is_own]

    async def _channel_lines(self, message: Message, platform: Platform) -> Sequence[Earlier]:
        policy = self._policies.policy_of(message.key)
        if not policy.channel_context:
            return ()
        since = message.sent_at - policy.channel_context_hours * HOUR
        return await self._channels.read_before(message, platform, policy.channel_context, since)

    async def _kept_nowhere(self, message: Message, lines: Sequence[Earlier]) -> Sequence[Earlier]:
        """Return the lines that were said since somebody told the bot to forget: it remembers no other way."""
        since = await self._store.forgotten_at(message.key) if lines else 0.0
        return [line for line in lines if line.sent_at > since]

    async def _unknown(self, message: Message, lines: Sequence[Earlier]) -> Sequence[Earlier]:
        """Return the lines that the history does not hold, and by which the bot was not asked."""
        known = await self._store.known_messages(message.key) if lines else set()
        return [line for line in lines if line.message_id not in known]

    async def _entries_of(self, lines: Sequence[Earlier], reading: _Reading) -> list[Entry]:
        """Return lines as the history has them, with their files: the newest are read, where there is room."""
        since = _oldest_kept(reading.message, self._policies)
        lines = [valid_value(line) for line in lines if line.text.strip() or line.attachments]
        lines = [line for line in lines if line.sent_at >= since]
        if self._guard and lines:
            lines = await self._guard.filter_earlier(lines, Subject(reading.message.key, reading.reference))
        if is_at_top(reading.message):
            return [_entry(line, "channel") for line in lines]
        room = self._policies.policy_of(reading.message.key).history_tokens * FILES_SHARE
        entries, budget = [], _Budget(int(room), _now() + FILES_PATIENCE)
        for line in reversed(lines):
            entry = _entry(line)
            entries.append(await self._read_files(entry, line, reading, budget) if line.attachments else entry)
        return entries[::-1]

    async def _read_files(self, entry: Entry, line: Earlier, reading: _Reading, budget: _Budget) -> Entry:
        """Return a line with what its files hold, as far as there is room; where there is none, with their names."""
        if budget.tokens < LEAST or not budget.files:
            return entry
        budget.files -= 1
        message = replace(reading.message, id=line.message_id, author=line.author, attachments=line.attachments)
        try:
            async with asyncio.timeout_at(budget.until):
                found = await read_attachments(message, reading.platform, self._documents, blind=reading.blind)
                if not await self._is_clean(found, reading):
                    return replace(entry, files=LEFT_OUT)
        except TimeoutError:
            return entry
        room = budget.tokens + self._recall.count(entry.text)
        filled = shorten_question(replace(entry, files=found.text, images=found.images), room, self._recall.count)
        budget.tokens -= filled.tokens
        return filled

    async def _is_clean(self, found: AttachmentContent, reading: _Reading) -> bool:
        if not self._checks:
            return True
        samples = [*(Sample(text) for text in found.data), *(Sample(image=image.url) for image in found.images)]
        return all(await self._checks.find_clean("earlier", samples, Subject(reading.message.key, reading.reference)))


def _authors_of(found: StoredHistory) -> set[Author | None]:
    return {entry.author for entry in (*found.history.entries, *filter(None, [found.history.first]))}


def _oldest_kept(message: Message, policies: Policies) -> float:
    """Return from when on it is kept in a message's channel what is said; 0 where nothing is, as nothing grows old."""
    days = policies.policy_of(message.key).retention_days
    return message.sent_at - days * DAY if days else 0.0


def _entry(line: Earlier, origin: Origin = "") -> Entry:
    """Return a line as one of the history; what the bot wrote in a channel is a line like others', under its name."""
    text, files = sanitize_text(line.text), name_attachments(line.attachments)
    if line.is_own and not origin:
        return Entry("assistant", text, None, line.message_id, line.sent_at, files)
    author = replace(line.author, name=f"{line.author.name} (you)") if line.is_own else line.author
    quotes = quoted_people(line.quotations)
    return Entry("user", text, author, line.message_id, line.sent_at, files, origin=origin, quotes=quotes)


def _now() -> float:
    return asyncio.get_running_loop().time()
