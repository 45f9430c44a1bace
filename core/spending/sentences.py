"""How caps, and what is spent, are put into words. Pure."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.spending.caps import Cap
from core.storage.spending_limits import Unit

WHO = {
    "person": "You have",
    "role": "You have",
    "channel": "This channel has",
    "workspace": "This workspace has",
    "model": "The model that answers here has",
    "all": "All of us together have",
}
UNITS: dict[Unit, str] = {
    "tokens": "tokens",
    "answers": "answers",
    "requests": "questions",
}
NEVER = "this one alone would be more than that. An administrator can lift it."


def format_refusal(cap: Cap, goes_on_at: float | None, now: float, zone: str) -> str:
    """Return what a person reads whose question a cap does not let through: which, and when it goes on."""
    when = NEVER if goes_on_at is None else f"I go on {format_when(goes_on_at, now, zone)}."
    return f"{WHO[cap.scope]} reached the limit of {format_cap(cap)}; {when}"


def format_warning(cap: Cap, used: int) -> str:
    """Return what a person reads once most of a cap is used up."""
    share = min(100, used * 100 // cap.most) if cap.most else 100
    return f"_{WHO[cap.scope]} used {share} % of the limit of {format_cap(cap)}._"


def format_cap(cap: Cap) -> str:
    """Return how much a cap lets through: `2 answers a day`."""
    per = "an" if cap.period == "hour" else "a"
    return f"{format_amount(cap.unit, cap.most)} {per} {cap.period}"


def format_amount(unit: Unit, amount: int) -> str:
    """Return an amount in a cap's unit as people read it."""
    if unit == "dollars":
        return format_dollars(amount)
    if unit == "audio_minutes":
        return f"{amount / 60_000:g} minutes of recordings"
    noun = UNITS[unit]
    return f"{amount:,} {noun.removesuffix('s') if amount == 1 else noun}"


def format_dollars(nanos: int | None) -> str:
    """Return billionths of a dollar as people read them: cents, and finer where there are few."""
    if nanos is None:
        return "unknown"
    digits = 2 if nanos >= 10**9 or nanos == 0 else 4 if nanos >= 10**6 else 6
    return f"${nanos / 10**9:,.{digits}f}"


def format_when(at: float, now: float, zone: str) -> str:
    """Return when something is: in so many seconds or minutes, or the time of a day in a zone."""
    left = at - now
    if left < 90:
        return f"in {max(1, round(left))} seconds"
    if left < 5_400:
        return f"in {round(left / 60)} minutes"
    then, today = datetime.fromtimestamp(at, ZoneInfo(zone)), datetime.fromtimestamp(now, ZoneInfo(zone))
    day = {0: "today", 1: "tomorrow"}.get((then.date() - today.date()) // timedelta(days=1), f"on {then:%Y-%m-%d}")
    return f"{day} at {then:%H:%M} ({zone})"
