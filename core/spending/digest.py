"""What the day before cost, posted each morning into the channels that want it."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from core.errors import PlatformError
from core.messages import ConversationKey
from core.ports import Platform
from core.spending.usage import describe_usage
from core.storage.connection import Connection
from core.storage.errors import StatementRefused, StorageUnavailable
from core.storage.state import select_state, upsert_state
from core.storage.store import Store
from core.storage.usage import UsageLine, sum_usage

log = structlog.get_logger()

HOUR = 9  # of the day, from which on it is told
EVERY = 60.0  # seconds between two looks
MOST_MODELS = 5


class UsageDigest:
    """Tells `places` of their workspace, or of everything where they name none; `zone_of` gives a place's time zone."""

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        places: Sequence[ConversationKey],
        zone_of: Callable[[ConversationKey], str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._places = places
        self._zone_of = zone_of
        self._clock = clock

    async def run(self) -> None:
        """Look for as long as the bot runs."""
        while True:
            for place in self._places:
                try:
                    await self.tell_if_due(place)
                except (PlatformError, StorageUnavailable, StatementRefused) as error:
                    log.warning("digest not posted", channel=place.channel, error=str(error), hint="Tried again soon.")
                except Exception:
                    log.exception("digest not posted", channel=place.channel)  # the other channels have theirs
            await asyncio.sleep(EVERY)

    async def tell_if_due(self, place: ConversationKey) -> None:
        """Post what yesterday cost, once a day; raises PlatformError, and then it is due again.

        That it is told is noted before: a process that ends between the two leaves a day out, and tells none twice.
        """
        zone = ZoneInfo(self._zone_of(place))
        now = datetime.fromtimestamp(self._clock(), zone)
        name, today = f"digest/{place.platform}/{place.workspace}/{place.channel}", f"{now:%Y-%m-%d}"
        if now.hour < HOUR or not await self._store.run(partial(_note_told, name=name, day=today)):
            return
        text = await self._store.run(partial(_describe_day, day=now - timedelta(days=1), zone=zone, place=place))
        try:
            if text and (platform := self._platforms.get(place.platform)):
                await platform.post_notice(place, text)
        except PlatformError:
            await self._store.run(partial(upsert_state, name=name, value=""))
            raise


def _note_told(connection: Connection, name: str, day: str) -> bool:
    """Note that a day's digest is told; return False where it was before."""
    if select_state(connection, name) == day:
        return False
    upsert_state(connection, name, day)
    return True


def _describe_day(connection: Connection, day: datetime, zone: ZoneInfo, place: ConversationKey) -> str:
    """Return what a day came to, in all and by model; empty where nothing was called for."""
    begin = day.replace(hour=0, minute=0, second=0, microsecond=0)
    date = f"{begin:%Y-%m-%d}"
    where = {"platform": place.platform, "workspace": place.workspace} if place.workspace else {}
    found = sum_usage(connection, "day", begin.timestamp(), zone, where)
    lines = [each for each in found if each.scope == date]
    if not lines:
        return ""
    models = list(dict.fromkeys(each.model for each in sorted(lines, key=_cost_of, reverse=True)))[:MOST_MODELS]
    by_model = [f"- {model}: {describe_usage([each for each in lines if each.model == model])}" for model in models]
    return "\n".join([f"**What answers cost on {begin:%A, %-d %B}**", f"- In all: {describe_usage(lines)}", *by_model])


def _cost_of(line: UsageLine) -> tuple[int, int]:
    return line.nanos, line.input + line.output
