"""The page of what was spent: by day, model, purpose, and for who may see it by channel and person."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from bots.pages.frame import address_of
from bots.pages.plots import Series, plot_days, plot_shares
from core.spending.sentences import format_dollars
from core.storage.connection import Connection
from core.storage.usage import Grouping, UsageLine, sum_usage

SPANS: Mapping[str, int] = {"7": 7, "30": 30, "90": 90}  # days
OPEN: Sequence[Grouping] = ("day",)  # it holds purposes and models as well
CLOSED: Sequence[Grouping] = ("channel", "person")
NANO = 10**9
MOST_SERIES = 4


@dataclass(frozen=True, slots=True)
class Measure:
    """What is plotted: its name, how much of it a line of usage holds, and how a number of it is written."""

    name: str
    amount_of: Callable[[UsageLine], float]
    format_value: Callable[[float], str]


def _shorten(value: float) -> str:
    for size, sign in ((10**9, "G"), (10**6, "M"), (10**4, "k")):
        if value >= size:
            return f"{value / (1000 if sign == 'k' else size):.1f} {sign}"
    return f"{value:,.0f}"


MEASURES: Mapping[str, Measure] = {
    "dollars": Measure("Dollars", lambda line: line.nanos, lambda nanos: format_dollars(round(nanos))),
    "tokens": Measure("Tokens", lambda line: line.input + line.output, _shorten),
    "calls": Measure("Calls", lambda line: line.calls, lambda calls: f"{calls:,.0f}"),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent on some days, the last of which is today, by what it is summed up for."""

    days: Sequence[str]
    lines: Mapping[Grouping, Sequence[UsageLine]]


def read_spent(connection: Connection, span: int, zone: ZoneInfo, *, is_open: bool) -> Spent:
    """Return what was spent in the last `span` days of a zone.

    Channels and people are left out where the page `is_open` to whoever reaches the port.
    """
    today = datetime.fromtimestamp(time.time(), zone).date()
    first = today - timedelta(days=span - 1)
    days = [f"{first + timedelta(days=each)}" for each in range(span)]
    since = datetime.combine(first, datetime.min.time(), zone).timestamp()
    groupings = OPEN if is_open else (*OPEN, *CLOSED)
    return Spent(days, {by: sum_usage(connection, by, since, zone, {}) for by in groupings})


def draw_usage(spent: Spent, span: str, measure: str, key: str) -> list[str]:
    """Return the page's body; `span` and `measure` are names of SPANS and MEASURES, the latter empty for what fits."""
    lines = spent.lines["day"]
    chosen = measure or ("dollars" if any(each.nanos for each in lines) else "tokens")
    how = MEASURES[chosen]
    plots = [
        plot_days(f"{how.name} by day", spent.days, _by_day(spent.days, lines, how), how.format_value),
        plot_days("Tokens sent, from caches and anew", spent.days, _cached_by_day(spent.days, lines), _shorten),
        plot_shares("By model", _sums(lines, lambda line: line.model, how), how.format_value),
        plot_shares("By purpose", _sums(lines, lambda line: line.purpose, how), how.format_value),
    ]
    for by in CLOSED:
        if by in spent.lines:
            shares = _sums(spent.lines[by], lambda line: line.scope.strip(":") or "nobody", how)
            plots.append(plot_shares(f"By {by}", shares, how.format_value))
    told = _note(lines, is_open="person" not in spent.lines)
    return [_choices(span, chosen, key), _tiles(lines), f'<div class="plots">{"".join(plots)}</div>', told]


def _by_day(days: Sequence[str], lines: Sequence[UsageLine], how: Measure) -> list[Series]:
    """Return the purposes that weigh most, and all others as one."""
    weights = sorted(_sums(lines, lambda line: line.purpose, how), key=lambda each: (-each[1], each[0]))
    named = [name for name, _ in weights[:MOST_SERIES]]
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for line in lines:
        found[line.purpose if line.purpose in named else "other"][line.scope] += how.amount_of(line)
    names = [*named, *(["other"] if "other" in found and "other" not in named else [])]
    return [Series(name, f"c{at}", [found[name][day] for day in days]) for at, name in enumerate(names)]


def _cached_by_day(days: Sequence[str], lines: Sequence[UsageLine]) -> list[Series]:
    cached, fresh = defaultdict[str, float](float), defaultdict[str, float](float)
    for line in lines:
        cached[line.scope] += line.cached
        fresh[line.scope] += line.input - line.cached
    parts = (("cached", "c2", cached), ("read anew", "c4", fresh))
    return [Series(name, colour, [values[day] for day in days]) for name, colour, values in parts]


def _sums(lines: Sequence[UsageLine], name_of: Callable[[UsageLine], str], how: Measure) -> list[tuple[str, float]]:
    sums = defaultdict[str, float](float)
    for line in lines:
        sums[name_of(line)] += how.amount_of(line)
    return list(sums.items())


def _choices(span: str, measure: str, key: str) -> str:
    spans = [(f"{days} days", address_of("/usage", key=key, days=days, show=measure), days == span) for days in SPANS]
    shown = [
        (each.name, address_of("/usage", key=key, days=span, show=name), name == measure)
        for name, each in MEASURES.items()
    ]
    return f'<div class="choices">{_choice("Since", spans)}{_choice("In", shown)}</div>'


def _choice(label: str, links: Sequence[tuple[str, str, bool]]) -> str:
    shown = "".join(
        f'<a href="{address}"{" aria-current=true" if is_chosen else ""}>{escape(name)}</a>'
        for name, address, is_chosen in links
    )
    return f'<div class="choice" role="group" aria-label="{label}">{shown}</div>'


def _tiles(lines: Sequence[UsageLine]) -> str:
    asked, cached, said = (sum(getattr(each, name) for each in lines) for name in ("input", "cached", "output"))
    calls, answers = sum(each.calls for each in lines), sum(each.answers for each in lines)
    audio, saved = sum(each.audio_ms for each in lines) / 60_000, sum(each.saved_nanos for each in lines)
    share = f"{cached * 100 / asked:.0f} %" if asked else "none"
    tiles = [
        ("Spent", format_dollars(sum(each.nanos for each in lines)), f"{calls:,} calls"),
        ("Answers", f"{answers:,}", f"{audio:,.1f} minutes of recordings" if audio else "no recordings"),
        ("Tokens", _shorten(asked + said), f"{_shorten(asked)} in, {_shorten(said)} out"),
        ("From caches", share, f"saved {format_dollars(saved)}"),
    ]
    shown = "".join(
        f"<li><span>{name}</span><strong>{value}</strong><small>{note}</small></li>" for name, value, note in tiles
    )
    return f'<ul class="tiles">{shown}</ul>'


def _note(lines: Sequence[UsageLine], *, is_open: bool) -> str:
    unpriced, estimated = sum(each.unpriced for each in lines), sum(each.estimated for each in lines)
    told = [
        f"The price of {unpriced:,} calls is not known: CONFAB_PRICES can say it." if unpriced else "",
        "By channel and person it is shown to who gives CONFAB_PAGES_KEY as ?key= in the address." if is_open else "",
        f"{estimated:,} calls are estimated, as their endpoint did not report them." if estimated else "",
    ]
    text = " ".join(filter(None, told))
    return f'<p class="note">{text}</p>' if text else ""
