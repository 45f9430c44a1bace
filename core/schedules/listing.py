"""The command `reminders`: what is to come, as people list and end it."""

import re
import time
from collections.abc import Callable

from core.messages import Message
from core.schedules.recurrence import Recurrence
from core.schedules.reminders import is_told_in
from core.schedules.wording import ENDED, NOT_YOURS, RESUMED, UNKNOWN, format_list
from core.storage import schedules as rows
from core.storage.schedules import Schedule
from core.storage.store import Store

ARGUMENT = re.compile(r"\breminders\s{1,9}(?:(end|resume)\s{1,9})?#?(\d{1,15})\s*+$", re.IGNORECASE)


class ReminderList:
    """Answers the command; `is_administrator` tells whether who gives it may end what others wanted."""

    def __init__(
        self, store: Store, is_administrator: Callable[[Message], bool], wake: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._is_administrator = is_administrator
        self._wake = wake

    async def answer_reminders(self, message: Message) -> str:
        """Return what a person's command is answered with: the list, or what became of the one that it names."""
        found = await self._visible_to(message)
        named = ARGUMENT.search(message.text)
        if named is None:
            return format_list(found)
        chosen = next((each for each in found if each.number == int(named[2])), None)
        if chosen is None:
            return UNKNOWN
        if chosen.message.author.id != message.author.id and not self._is_administrator(message):
            return NOT_YOURS
        return await (self._resume(chosen) if (named[1] or "").lower() == "resume" else self._end(chosen))

    async def _visible_to(self, message: Message) -> list[Schedule]:
        """Return what may be told: the person's own to them alone, and here what all of this channel see."""
        own = await self._store.run(lambda db: rows.select_own(db, message))
        here = await self._store.run(lambda db: rows.select_in_channel(db, message))
        told = [each for each in own if message.is_alone] + [each for each in here if is_told_in(each, message)]
        unique = {each.number: each for each in told}
        return sorted(unique.values(), key=lambda each: (each.next_at, each.number))

    async def _end(self, chosen: Schedule) -> str:
        await self._store.run(lambda db: rows.end_schedule(db, chosen.number))
        return ENDED

    async def _resume(self, chosen: Schedule) -> str:
        now, rule = time.time(), Recurrence(chosen.rule, chosen.zone, chosen.until)
        next_at = chosen.next_at if chosen.next_at > now or not chosen.rule else rule.next_after(now)
        if next_at is None:
            return await self._end(chosen)
        await self._store.run(lambda db: rows.resume_schedule(db, chosen.number, next_at))
        self._wake()
        return RESUMED
