"""What people are told of what was spent: their own, and administrators also that of the channel and of all."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC

from core.messages import Message
from core.spending.caps import COUNTED, Caps
from core.spending.charge import Payer
from core.spending.periods import current_period
from core.spending.sentences import format_amount, format_cap, format_dollars
from core.storage import spending_limits
from core.storage.audit import insert_deed
from core.storage.connection import Connection
from core.storage.store import Store
from core.storage.usage import UsageLine, sum_usage

SECOND, NANO = 1_000, 10**9
READ = "read what others have spent"
NONE_YET = "nothing yet"


class UsageTeller:
    """Tells what was spent; `is_administrator` says of whom more than their own is told."""

    def __init__(
        self,
        store: Store,
        caps: Caps,
        is_administrator: Callable[[str, Sequence[str]], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._caps = caps
        self._is_administrator = is_administrator
        self._clock = clock

    async def tell_usage(self, message: Message) -> str:
        """Return what a person reads who asks for it in a channel."""
        payer = Payer.of_message(message)
        own = await self.describe_own(payer)
        more = await self._tell_others(payer) if self._may_see_all(message) else []
        return "\n".join([*own, *more])

    async def describe_own(self, payer: Payer) -> list[str]:
        """Return a line for what a person has used today and this month, and for each cap that holds for them."""
        now, zone = self._clock(), self._caps.zone_of(payer)
        own = {"platform": payer.platform, "person": payer.person}
        day, month = current_period("day", now, zone).since, current_period("month", now, zone).since
        lines = [
            f"- You, today: {await self._describe(own, day)}",
            f"- You, this month: {await self._describe(own, month)}",
        ]
        return ["**What answers cost**", *lines, *await self._store.run(lambda db: self._describe_caps(db, payer, now))]

    async def _tell_others(self, payer: Payer) -> list[str]:
        """Return what others have spent, and note who was told of it."""
        actor = (payer.platform, payer.workspace, payer.person)
        await self._store.run(lambda db: insert_deed(db, READ, actor))
        return await self._describe_others(payer)

    async def _describe_others(self, payer: Payer) -> list[str]:
        since = current_period("month", self._clock(), self._caps.zone_of(payer)).since
        here = {"platform": payer.platform, "workspace": payer.workspace, "channel": payer.channel}
        channel, everybody = await self._describe(here, since), await self._describe({}, since)
        return [f"- This channel, this month: {channel}", f"- All, this month: {everybody}"]

    async def _describe(self, place: dict[str, str], since: float) -> str:
        found = await self._store.run(lambda db: sum_usage(db, "", since, UTC, place))
        return describe_usage(found)

    def _describe_caps(self, connection: Connection, payer: Payer, now: float) -> list[str]:
        """Return what is left of each cap that holds for a person, whatever the model."""
        caps = {cap.label: cap for cap in self._caps.all if cap.scope in {"person", "role"}}
        limits = [each for each in self._caps.limits_for(payer, "", now, COUNTED) if each.label in caps]
        lines = []
        for limit in limits:
            cap = caps[limit.label]
            left = max(0, limit.most - spending_limits.used_of(connection, limit))
            lines.append(f"- Of {format_cap(cap)}, {format_amount(cap.unit, left)} left")
        return lines

    def _may_see_all(self, message: Message) -> bool:
        return self._is_administrator(message.author.id, message.author.roles or ())


def describe_usage(lines: Sequence[UsageLine]) -> str:
    """Return what calls came to, in a few words."""
    if not lines:
        return NONE_YET
    asked, cached, said = (sum(getattr(each, name) for each in lines) for name in ("input", "cached", "output"))
    answers, audio = sum(each.answers for each in lines), sum(each.audio_ms for each in lines)
    saved, unpriced = sum(each.saved_nanos for each in lines), sum(each.unpriced for each in lines)
    share = f" ({cached * 100 // asked} % cached)" if cached else ""
    parts = [
        format_amount("answers", answers),
        f"{asked:,} tokens in{share}, {said:,} out",
        *([f"{audio / 60_000:.1f} minutes of recordings"] if audio else []),
        _describe_cost(lines),
        *([f"caches saved {format_dollars(saved)}"] if saved else []),
    ]
    is_partly = 0 < unpriced < sum(each.calls for each in lines)
    return "; ".join(parts) + (f" (the price of {unpriced} calls is not known)" if is_partly else "")


def _describe_cost(lines: Sequence[UsageLine]) -> str:
    if all(each.unpriced == each.calls for each in lines):
        return "at a price that is not known"
    return format_dollars(sum(each.nanos for each in lines))


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A line as machines read it: seconds and dollars, which are None where the price of a call is not known."""

    purpose: str
    model: str
    scope: str
    calls: int
    input: int
    cached: int
    output: int
    reasoning: int
    audio_seconds: float
    dollars: float | None
    estimated: int

    @classmethod
    def of_line(cls, line: UsageLine) -> "UsageRow":
        """Return a line in these units."""
        dollars = None if line.unpriced else line.nanos / NANO
        return cls(
            line.purpose,
            line.model,
            line.scope,
            line.calls,
            line.input,
            line.cached,
            line.output,
            line.reasoning,
            line.audio_ms / SECOND,
            dollars,
            line.estimated,
        )
