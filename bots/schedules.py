"""What is to come by the clock, put together for the composition root."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from core.chat_commands import ChatCommands
from core.schedules.listing import ReminderList
from core.schedules.reminders import SPEC, Reminders
from core.schedules.scheduler import PeoplePlatform, Scheduler
from core.storage.store import Store
from core.tools.tool import Tool
from core.worker import Worker


@dataclass(frozen=True, slots=True)
class OpenedSchedules:
    """What is to come: the tool that plans it, and what takes it up; neither where it is switched off everywhere."""

    tools: Sequence[Tool] = ()
    scheduler: Scheduler | None = None

    def start_clock(self, worker: Worker, stack: AsyncExitStack) -> None:
        """Take up what is due until `stack` closes; the platforms have to know who they are."""
        if self.scheduler:
            stack.callback(asyncio.create_task(self.scheduler.run_clock(worker.wake)).cancel)


def open_schedules(store: Store, platforms: Mapping[str, PeoplePlatform], commands: ChatCommands) -> OpenedSchedules:
    """Return it, with its command among those that are answered."""
    preferences = commands.preferences
    policies = preferences.policies
    if not any(SPEC.name in each.tools for each in policies.all_settings()):
        return OpenedSchedules()
    scheduler = Scheduler(store, platforms)
    reminders = Reminders(store, lambda key: policies.policy_of(key).keeps_nothing, scheduler.wake_scheduler)
    is_named = preferences.is_named_administrator
    listing = ReminderList(
        store, lambda asked: is_named(asked.author.id, asked.author.roles or ()), scheduler.wake_scheduler
    )
    commands.register("reminders", listing.answer_reminders)
    return OpenedSchedules((reminders.reminder_tool,), scheduler)
