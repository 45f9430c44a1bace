"""How much may be spent by whom, where and when: caps made into limits on the rows of the ledger. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from core.messages import ConversationKey
from core.spending.charge import Payer
from core.spending.periods import current_period
from core.spending.prices import MILLION, Price
from core.spending.settings import NANOS, CapPeriod, CapScope, CapSettings, SpendingSettings
from core.storage.spending_limits import SpendingLimit, Unit

LONGEST_ANSWER = 8_192  # tokens, where caps count them and nobody says how long an answer may be
SHARE = 4  # an answer takes no more than this part of a cap
LEAST_ANSWER = 64  # tokens
BY_TURN: tuple[Unit, ...] = ("answers", "requests")  # what is counted as a turn begins
COUNTED: tuple[Unit, ...] = ("dollars", "tokens", "answers", "audio_minutes")  # what people are told of
BY_CALL: tuple[Unit, ...] = ("dollars", "tokens")


@dataclass(frozen=True, slots=True)
class Cap:
    """One cap; `most` is in billionths of a dollar, tokens, answers, or thousandths of a second."""

    label: str
    scope: CapScope
    id: str
    period: CapPeriod
    unit: Unit
    most: int
    exempt: frozenset[str] = frozenset()

    def holds_for(self, payer: Payer, model: str) -> bool:
        """Whether it bounds what a payer spends on a model."""
        if self.exempt & {*_names_of(payer.platform, payer.workspace, payer.person, "user"), *_roles_of(payer)}:
            return False
        ids = {
            "person": _names_of(payer.platform, payer.workspace, payer.person, "user"),
            "role": _roles_of(payer),
            "channel": _names_of(payer.platform, payer.workspace, payer.channel, "channel"),
            "workspace": _names_of(payer.platform, "", payer.workspace, "workspace"),
            "model": {model} - {""},
            "all": {"all"},
        }[self.scope]
        return bool(ids) and (not self.id or self.id in ids)


def _names_of(platform: str, workspace: str, own: str, kind: str) -> set[str]:
    """Return the names by which somebody or something can be meant: `U1`, `user:U1`, `slack:U1`, `slack:T1:U1`."""
    return {own, f"{kind}:{own}", f"{platform}:{own}", f"{platform}:{workspace}:{own}"} if own else set()


def _roles_of(payer: Payer) -> set[str]:
    return {name for role in payer.roles for name in _names_of(payer.platform, payer.workspace, role, "role")}


class Caps:
    """Every cap that the operator set; `zone_of` tells the time zone of a place, by its IANA name."""

    def __init__(self, caps: Sequence[Cap] = (), zone_of: Callable[[ConversationKey], str] = lambda _: "UTC") -> None:
        self.all = tuple(caps)
        self._zone_of = zone_of

    def limits_for(self, payer: Payer, model: str, now: float, units: Iterable[Unit]) -> list[SpendingLimit]:
        """Return what bounds a payer's call of a model at a time, in seconds since the epoch, of some units."""
        wanted = set(units)
        holding = (cap for cap in self.all if cap.unit in wanted and cap.holds_for(payer, model))
        return [self._limit_of(cap, payer, model, now) for cap in holding]

    def zone_of(self, payer: Payer) -> str:
        """Return the time zone in which a payer's days begin."""
        return self._zone_of(ConversationKey(payer.platform, payer.workspace, payer.channel, ""))

    def longest_answer(self, model: str, price: Price | None) -> int | None:
        """Return how many tokens an answer of a model may have so that it can be reserved; None where none need be."""
        bounds = [
            bound for cap in self.all if cap.scope != "model" or cap.id in {"", model} for bound in _room(cap, price)
        ]
        if not bounds:
            return None
        known = price.longest if price and price.longest else inf
        return max(LEAST_ANSWER, int(min(LONGEST_ANSWER, known, *bounds)))

    def _limit_of(self, cap: Cap, payer: Payer, model: str, now: float) -> SpendingLimit:
        period = current_period(cap.period, now, self.zone_of(payer))
        where = {
            "person": {"platform": payer.platform, "person": payer.person},
            "role": {"platform": payer.platform, "person": payer.person},
            "channel": {"platform": payer.platform, "workspace": payer.workspace, "channel": payer.channel},
            "workspace": {"platform": payer.platform, "workspace": payer.workspace},
            "model": {"model": model},
            "all": {},
        }[cap.scope]
        return SpendingLimit(cap.label, cap.unit, cap.most, period.since, period.until, period.seconds, **where)


def _room(cap: Cap, price: Price | None) -> Iterator[float]:
    """Yield how many tokens of an answer are a part of a cap, where it counts tokens or money."""
    if cap.unit == "tokens":
        yield cap.most / SHARE
    elif cap.unit == "dollars":
        output = price.rates.output if price else None
        yield cap.most / SHARE * MILLION / output if output else inf


def caps_from(settings: SpendingSettings) -> list[Cap]:
    """Return the caps that are set, one for each amount that one of them names, and that of requests in a minute."""
    found = [cap for number, each in enumerate(settings.caps) for cap in _caps_in(each, number)]
    if settings.requests:
        found.append(Cap("requests", "person", "", "minute", "requests", settings.requests))
    return found


def _caps_in(told: CapSettings, number: int) -> Iterator[Cap]:
    amounts: dict[Unit, int | None] = {
        "dollars": None if told.dollars is None else round(told.dollars * NANOS),
        "tokens": told.tokens,
        "answers": told.answers,
        "audio_minutes": None if told.audio_minutes is None else round(told.audio_minutes * 60_000),
    }
    for unit, most in amounts.items():
        if most is not None:
            label = f"{number}.{unit}"
            yield Cap(label, told.scope, told.id, told.period, unit, most, frozenset(told.exempt))
