"""Puts what is due into the inbox: in the transaction that notes when it comes again, so that it comes once."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol

import structlog

from core.errors import PlatformError
from core.messages import Author, ConversationKey, Message
from core.ports import Platform
from core.schedules.recurrence import NoSuchTime, Recurrence
from core.schedules.wording import LEFT, format_reminder
from core.storage import schedules as rows
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.schedules import Schedule
from core.storage.store import Store

log = structlog.get_logger()

EVERY = 60.0  # seconds between two looks, where nothing comes before: clocks are set
LATE = 300.0  # seconds after which a reminder says when it was due
TOGETHER = 500  # that are read at a time
REST = 300.0  # seconds after which what could not be taken up is tried again, so that it holds nothing else up


Wake = Callable[[ConversationKey], None]


class PeoplePlatform(Platform, Protocol):
    """A platform that tells whether somebody is still where they once wrote."""

    async def find_author(self, message: Message) -> Author | None:
        """Return a message's author as they are there now, None where they have left; raises PlatformError."""

    async def renew_message(self, message: Message, number: int) -> Message:
        """Return a message as one that stands nowhere, and is answered where it is; its number and time are its id.

        Raises PlatformError where that cannot be told.
        """


class Scheduler:
    """Takes up what is due, on the platforms that are on."""

    def __init__(self, store: Store, platforms: Mapping[str, PeoplePlatform]) -> None:
        self._store = store
        self._platforms = platforms
        self._woken = asyncio.Event()
        self._resting: dict[int, float] = {}  # until when what could not be taken up is left alone, by its number

    def wake_scheduler(self) -> None:
        """Have it look now: something is to come that it does not know of."""
        self._woken.set()

    async def run_clock(self, begin_turn: Wake) -> None:
        """Look for as long as the bot runs; `begin_turn` has what was put into a conversation answered."""
        while True:
            pause = EVERY
            try:
                pause = await self.take_up_due(begin_turn)
            except (StorageUnavailable, StatementRefused) as error:
                log.warning("nothing taken up", error=str(error), hint="It is tried again in a minute.")
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def take_up_due(self, begin_turn: Wake) -> float:
        """Take up what is due; return in how many seconds to look again. What cannot be taken up is tried later."""
        self._woken.clear()
        now, answering = time.time(), set(self._platforms)
        self._resting = {number: until for number, until in self._resting.items() if until > now}
        last = rows.BEFORE_ALL
        while due := await self._store.run(partial(rows.select_due, now=now, after=last, most=TOGETHER)):
            last = (due[-1].next_at, due[-1].number)
            for each in due:
                platform = each.message.key.platform
                if platform in answering and each.number not in self._resting:
                    answering -= {platform} if await self._meets_silence(each, begin_turn) else set()
        following = await self._store.run(lambda db: rows.select_next(db, now))
        return min(EVERY, max(following - time.time(), 0.0)) if following else EVERY

    async def _meets_silence(self, due: Schedule, begin_turn: Wake) -> bool:
        """Take one up; return whether its platform does not answer at all. What fails rests, and ends nothing else."""
        try:
            if taken := await self._take_up(due):
                begin_turn(taken.key)
        except (StorageUnavailable, StatementRefused):
            raise
        except PlatformError as error:
            log.warning("not taken up", number=due.number, detail=str(error), hint=error.hint)
            self._resting[due.number] = time.time() + REST
            return error.is_silence
        except Exception:
            log.exception("not taken up", number=due.number)
            self._resting[due.number] = time.time() + REST
        return False

    async def _take_up(self, due: Schedule) -> Message | None:
        """Put what is due into the inbox, or why it does not come; return that, None where it is there already."""
        now, asked = time.time(), self._store.sealer.open_message(due.message)
        place = self._platforms[asked.key.platform]
        author = await place.find_author(asked)
        renewed = await place.renew_message(replace(asked, sent_at=now), due.number)
        message = self._store.sealer.seal_message(renewed)
        if author is None:
            return await self._pause(due, message)
        message = replace(message, author=author)
        text = format_reminder(due, is_late=now - due.next_at > LATE)
        message = replace(message, text=text) if message.command == "reminder" else message
        next_at = next_time_of(due, now)
        if not await self._store.run(lambda db: rows.begin_due(db, due, message, next_at)):
            return None
        log.info("taken up", number=due.number, conversation=str(message.key))
        return message

    async def _pause(self, due: Schedule, message: Message) -> Message | None:
        """Pause what a person wanted in a channel that they have left, and say so there."""
        notice = replace(message, text=LEFT, command="notice")
        if not await self._store.run(lambda db: rows.pause_of_person(db, due, notice)):
            return None
        log.info("paused", number=due.number, conversation=str(notice.key))
        return notice


def next_time_of(due: Schedule, now: float) -> float | None:
    """Return when something comes again after a moment, None where it does not; what was missed comes once."""
    if not due.rule:
        return None
    try:
        return Recurrence(due.rule, due.zone, due.until).next_after(now)
    except NoSuchTime:  # its zone is no longer known
        return None
