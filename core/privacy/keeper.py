"""Sees to it, by the clock, that what is past its days goes, and that what is erased is gone from the file as well."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import structlog

from core.messages import ConversationKey
from core.policy import ConversationSettings, Policies
from core.privacy.hold import LegalHold
from core.storage.connection import Connection
from core.storage.erase_everywhere import OldRows
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.forgetting import all_places, forget_old, is_erasing
from core.storage.retention import find_old_rows, find_overfull
from core.storage.scrub import is_to_be_scrubbed, is_to_be_scrubbed_at_once, scrub_file
from core.storage.store import Store
from core.storage.tombstones import apply_tombstones, read_tombstones, save_tombstones, select_tombstones

log = structlog.get_logger()

EVERY = 20.0  # seconds between two looks: what is past its days goes within a minute
SOON = 0.5  # seconds to the next look while somebody's request to be forgotten is being answered


class Keeper:
    """Looks at the start, then by the clock, and at once where somebody asked to be forgotten."""

    def __init__(self, store: Store, path: Path, settings: ConversationSettings, hold: LegalHold) -> None:
        self._store = store
        self._path = path
        self._days = settings.retention_days
        self._channels = retention_by_channel(settings)
        self._policies = Policies(settings, settings.channels)
        bounds = [(each.retention_days, each.retention_messages) for each in self._policies.all_settings()]
        self._limits_anything = any(bound is not None for each in bounds for bound in each)
        self._hold = hold
        self._woken = asyncio.Event()

    def look_soon(self) -> None:
        """Have it look now: something was erased."""
        self._woken.set()

    async def begin(self) -> None:
        """Forget anew what a database that was put back by hand still holds, and what grew old meanwhile."""
        forgotten = await asyncio.to_thread(read_tombstones, self._path)
        count = await self._store.run(lambda db: apply_tombstones(db, forgotten))
        if count:
            log.warning("forgotten again", count=count, hint="The database is older than what people had forgotten.")
        await self._forget_old()

    async def run(self) -> None:
        """Look for as long as the bot runs."""
        while True:
            pause = EVERY
            try:
                await self.look()
                pause = SOON if await self._store.run(_is_under_way) else EVERY
            except (StorageUnavailable, StatementRefused) as error:
                log.warning("not tidied up", error=str(error), hint="It is tried again in a moment.")
            await self._wait(pause)

    async def look(self) -> None:
        """Forget what is past its days, and take what was erased out of the file."""
        await self._forget_old()
        await asyncio.to_thread(save_tombstones, self._path, await self._store.run(select_tombstones))
        if await self._store.run(is_to_be_scrubbed):
            await self._store.run_alone(scrub_file)

    async def _forget_old(self) -> None:
        now = time.time()
        if old := await self._find_old(now):
            count = await self._store.run(partial(forget_old, old=old, now=now))
            if count:
                log.info("forgotten", rows=count, reason="past their days")

    async def _find_old(self, now: float) -> list[OldRows]:
        """Return what may go: nothing at all where a person is held, whose words may stand among anybody's."""
        if self._hold.is_of_people or not self._limits_anything:
            return []
        places = await self._store.run(all_places) if self._hold.is_held else []
        held = [key for key in places if self._hold.holds_place(key)]
        past = find_old_rows(self._days, self._channels, held, now)
        overfull = await self._store.run(partial(find_overfull, most_in=self._most_in, held=held))
        return [*past, *overfull]

    def _most_in(self, key: ConversationKey) -> int | None:
        return self._policies.operators_policy(key).retention_messages

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()


def _is_under_way(connection: Connection) -> bool:
    return is_erasing(connection) or is_to_be_scrubbed_at_once(connection)


def retention_by_channel(settings: ConversationSettings) -> Mapping[str, float | None]:
    """Return for how many days it is kept in those channels that differ, by their names in the settings."""
    channels = settings.channels.items()
    return {name: own.retention_days for name, own in channels if "retention_days" in own.model_fields_set}
