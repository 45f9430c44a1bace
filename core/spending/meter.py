"""Measures every call that costs: reserved in the ledger before it is sent, settled by what it came to."""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from math import ceil

import structlog

from core.messages import Usage
from core.model_events import ModelEvent, Replace, Text, ToolCalls
from core.spending.caps import BY_CALL, Caps
from core.spending.charge import Charge, Payer
from core.spending.errors import LimitReached, PriceUnknown, SpendingRefused
from core.spending.price_book import PriceBook
from core.spending.prices import Price, Rates, format_rates
from core.spending.sentences import format_refusal
from core.storage import spending, spending_limits
from core.storage.connection import Connection
from core.storage.spending import ReservedCall, SettledCall
from core.storage.spending_limits import SpendingLimit, Unit
from core.storage.store import Store

log = structlog.get_logger()

CHARACTERS = 4  # of a text for one token, where nobody counts
MARGIN = 8  # this part of a prompt's tokens is held beside it, since counting is not exact
LATELY = 32  # prompts
EVERY = 1.0  # seconds between two notes of how much of an answer has come


@dataclass(frozen=True, slots=True)
class ModelCall:
    """What is known of a call before it is sent: the model and its host, how long its prompt and its answer may be.

    `tokens` are the prompt's, `longest` those of the longest answer, 0 where nobody bounds it.
    """

    model: str
    host: str
    tokens: int = 0
    longest: int = 0


@dataclass(frozen=True, slots=True)
class MeterTotals:
    """What calls of one purpose and model came to since the process began; `nanos` of those whose price is known."""

    calls: int = 0
    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    audio_ms: int = 0
    nanos: int = 0
    unpriced: int = 0

    def plus(self, settled: SettledCall, audio_ms: int) -> "MeterTotals":
        """Return the totals with one more call."""
        return MeterTotals(
            self.calls + 1,
            self.input + settled.input,
            self.cached + settled.cached,
            self.output + settled.output,
            self.reasoning + settled.reasoning,
            self.audio_ms + audio_ms,
            self.nanos + (settled.nanos or 0),
            self.unpriced + (settled.nanos is None),
        )


class MeteredCall:
    """One call under way; give it every event.

    `is_billed` is to be taken back where it was refused at once; `is_whole` says that it came to its end.
    """

    def __init__(self, reserved: ReservedCall, price: Price | None, store: Store | None, *, is_own: bool) -> None:
        self.is_billed = True
        self._reserved = reserved
        self._price = price
        self._store = store
        self._is_own = is_own
        self._characters = 0
        self._usage: Usage | None = None
        self._noted_at = 0.0
        self.is_whole = False

    def take_event(self, event: ModelEvent) -> None:
        """Take in what an event adds to the answer, or says of its cost."""
        match event:
            case Text(text):
                self._characters += len(text)
            case Replace(text):
                self._characters = len(text)
            case ToolCalls(calls):
                self._characters += sum(len(each.name) + len(each.arguments) for each in calls)
            case Usage() if event.input_tokens or event.output_tokens:
                self._usage = event
        now = asyncio.get_running_loop().time()
        if self._store and self._characters and now - self._noted_at >= EVERY:
            self._noted_at = now
            self._note_progress(self._store)

    def note_usage(self, usage: Usage | None) -> None:
        """Take in what the endpoint reported of a call that gives no events."""
        self._usage = usage or self._usage

    def settle(self) -> SettledCall:
        """Return what it came to, by the endpoint's report or as estimated."""
        usage = self._usage or self._estimate()
        rates = self._price.rates_for(usage) if self._price else None
        nanos = rates.cost_of(usage, self._reserved.audio_ms) if rates else None
        if usage.cost is not None and not self._is_own:
            rates, nanos = None, usage.cost
        tokens = (usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.reasoning_tokens)
        saved = rates.saved_by_cache(usage) if rates else 0
        is_reported = self._usage is not None or (self.is_whole and self._reserved.audio_ms > 0)
        return SettledCall(*tokens, nanos, saved, not is_reported, format_rates(rates))

    def _estimate(self) -> Usage:
        output = ceil(self._characters / CHARACTERS)
        return Usage(self._reserved.input, output, 0, self._reserved.model)

    def _note_progress(self, store: Store) -> None:
        usage, call = self._estimate(), self._reserved
        rates = self._price.rates_for(usage) if self._price else None
        nanos = rates.cost_of(usage) if rates else None
        held = max(0, call.held_tokens - usage.output_tokens)
        whole = (call.nanos or 0) + call.held_nanos
        values = (call.id, usage.output_tokens, nanos, held, max(0, whole - (nanos or 0)))
        store.send(lambda connection: spending.grow_call(connection, *values))


class Meter:
    """The one through which every call goes; without a store it writes nothing down, as for a trial."""

    def __init__(
        self,
        store: Store | None = None,
        book: PriceBook | None = None,
        caps: Caps | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.caps = caps or Caps()
        self.book = book or PriceBook()
        self.clock = clock
        self.store = store
        self._prompts: deque[int] = deque(maxlen=LATELY)
        self.totals: dict[tuple[str, str], MeterTotals] = {}

    @property
    def shortest_prompt(self) -> int:
        """The tokens of the shortest of the last prompts for answers: of a question with nothing before it."""
        return min(self._prompts, default=0)

    @asynccontextmanager
    async def measure(self, charge: Charge, sent: ModelCall) -> AsyncIterator[MeteredCall]:
        """Reserve a call, and settle it at the end of the block; raises SpendingRefused before it begins."""
        price = self.book.price_of(sent.model, sent.host) if self.store else None
        reserved = to_reserved_call(charge, sent, price)
        if charge.purpose == "answer":
            self._prompts.append(reserved.input)
        if self.store:
            await self._reserve(self.store, reserved, charge.payer, price)
        metered = MeteredCall(reserved, price, self.store, is_own=self.book.is_own(sent.model))
        try:
            yield metered
            metered.is_whole = True
        finally:
            if self.store:
                settled = metered.settle() if metered.is_billed else None
                if settled:
                    self._count(reserved, settled)
                self.store.send(partial(_finish_call, call_id=reserved.id, settled=settled))

    def _count(self, reserved: ReservedCall, settled: SettledCall) -> None:
        """Add a call to what this process has spent."""
        key = (reserved.purpose, reserved.model)
        self.totals[key] = self.totals.get(key, MeterTotals()).plus(settled, reserved.audio_ms)

    async def _reserve(self, store: Store, reserved: ReservedCall, payer: Payer, price: Price | None) -> None:
        """Put a call into the ledger, and wait for that only where a cap could refuse it."""
        units: tuple[Unit, ...] = ("dollars", "audio_minutes") if reserved.audio_ms else BY_CALL
        limits = self.caps.limits_for(payer, reserved.model, self.clock(), units)
        if not limits:
            store.send(lambda connection: spending.reserve_call(connection, reserved, (), is_sent=True))
            return
        refusal = await store.run(
            lambda connection: self.admit_call(connection, reserved, payer, price, limits, is_sent=True)
        )
        if refusal:
            raise refusal

    def admit_call(
        self,
        connection: Connection,
        reserved: ReservedCall,
        payer: Payer,
        price: Price | None,
        limits: Iterable[SpendingLimit],
        *,
        is_sent: bool,
    ) -> SpendingRefused | None:
        """Reserve a call within the transaction; return why it may not be made, and reserve nothing then."""
        now = self.clock()
        known = list(limits)
        if known and spending_limits.is_lifted(connection, reserved.place, now):
            known = [limit for limit in known if limit.unit == "requests"]
        if price is None and any(limit.unit == "dollars" for limit in known):
            return PriceUnknown(f"{reserved.model} at {reserved.host}")
        over = spending.reserve_call(connection, reserved, known, is_sent=is_sent)
        if over is None:
            return None
        goes_on = spending_limits.goes_on_at(connection, over, reserved.amount_of(over.unit), now)
        cap = next(each for each in self.caps.all if each.label == over.label)
        told = format_refusal(cap, goes_on, now, self.caps.zone_of(payer))
        return LimitReached(f"{cap.scope} {cap.id} {cap.unit} {cap.period}", told, cap.unit)


def _finish_call(connection: Connection, call_id: str, settled: SettledCall | None) -> None:
    """Note what a call came to, or that it was refused before it cost anything."""
    if settled:
        spending.settle_call(connection, call_id, settled)
    else:
        spending.delete_call(connection, call_id)


def to_reserved_call(charge: Charge, sent: ModelCall, price: Price | None) -> ReservedCall:
    """Return a call as it is reserved: its prompt and its longest answer at the uncached rate."""
    tokens = max(charge.tokens, sent.tokens)
    usage = Usage(tokens, 0, 0, sent.model)
    rates = price.rates_for(usage) if price else Rates()
    margin = tokens // MARGIN + 16 if sent.longest else 0
    most = replace(usage, input_tokens=tokens + margin, output_tokens=sent.longest)
    audio_ms = round(charge.seconds * 1_000)
    nanos, whole = rates.cost_of(usage, audio_ms), rates.cost_of(most, audio_ms)
    return ReservedCall(
        id=uuid.uuid4().hex,
        place=charge.payer,
        purpose=charge.purpose,
        model=sent.model,
        host=sent.host,
        input=tokens,
        audio_ms=audio_ms,
        nanos=nanos,
        held_tokens=sent.longest + margin,
        held_nanos=max(0, (whole or 0) - (nanos or 0)),
        answers=1 if charge.purpose == "answer" else 0,
        prices=format_rates(price.rates_for(usage) if price else None),
    )
