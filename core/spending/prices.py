"""What a model's call costs, in billionths of a dollar, from unit prices. Pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.messages import Usage

MILLION = 1_000_000
MINUTE = 60_000  # thousandths of a second


@dataclass(frozen=True, slots=True)
class Rates:
    """Billionths of a dollar for a million tokens, or for a minute of sound; None where it is not known.

    `cached` is for the part of the prompt that a cache served, `written` for what was put into one; where nobody says
    what these cost, they cost what the rest of the prompt does.
    """

    input: int | None = None
    cached: int | None = None
    written: int | None = None
    output: int | None = None
    minute: int | None = None

    def cost_of(self, usage: Usage, audio_ms: int = 0) -> int | None:
        """Return what a call costs, None where a rate is missing for something that it used."""
        if audio_ms and (self.input is None or not usage.input_tokens + usage.output_tokens):
            return None if self.minute is None else _divide(audio_ms * self.minute, MINUTE)
        cached = min(usage.cached_tokens, usage.input_tokens)
        written = min(usage.written_tokens, usage.input_tokens - cached)
        parts = (
            (usage.input_tokens - cached - written, self.input),
            (cached, self.input if self.cached is None else self.cached),
            (written, self.input if self.written is None else self.written),
            (usage.output_tokens, self.output),
        )
        if any(tokens and rate is None for tokens, rate in parts):
            return None
        return _divide(sum(tokens * (rate or 0) for tokens, rate in parts), MILLION)

    def saved_by_cache(self, usage: Usage) -> int:
        """Return how much more a call would have cost without its cached tokens."""
        if self.input is None or self.cached is None:
            return 0
        return _divide(min(usage.cached_tokens, usage.input_tokens) * (self.input - self.cached), MILLION)


@dataclass(frozen=True, slots=True)
class PriceStep:
    """The rates of a tier of service, empty for the usual one, for prompts of more than `above` tokens."""

    tier: str
    above: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs; `longest` is the longest answer that it gives, in tokens, 0 where that is not known."""

    rates: Rates
    steps: tuple[PriceStep, ...] = ()
    longest: int = 0

    def rates_for(self, usage: Usage) -> Rates:
        """Return the rates of a call: those of its tier, and of its prompt's length."""
        fitting = [step for step in self.steps if step.tier in {"", usage.tier} and usage.input_tokens > step.above]
        best = max(fitting, key=lambda step: (step.tier == usage.tier, step.above), default=None)
        return best.rates if best else self.rates


NOTHING = Price(Rates(0, 0, 0, 0, 0))  # what runs on the operator's own machine costs


def read_price(told: Mapping[str, Any]) -> Price:
    """Return a price as the list of the project holds it."""
    steps = tuple(PriceStep(str(step["tier"]), int(step["above"]), _read_rates(step)) for step in told.get("steps", ()))
    return Price(_read_rates(told), steps, int(told.get("longest", 0)))


def _read_rates(told: Mapping[str, Any]) -> Rates:
    return Rates(*(told.get(name) for name in ("input", "cached", "written", "output", "minute")))


def format_rates(rates: Rates | None) -> str:
    """Return rates as the ledger keeps them, as JSON; empty where none are known."""
    if rates is None:
        return ""
    return json.dumps({name: value for name, value in asdict(rates).items() if value is not None})


def _divide(amount: int, by: int) -> int:
    """Return a whole part, half of one rounded up."""
    return (2 * amount + by) // (2 * by)
