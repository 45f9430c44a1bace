"""Plots as inline SVG and the tables behind them, as HTML: pure, from numbers to text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 200  # of a plot by days, in its own units; it is drawn as wide as there is room
MOST_DATES = 6
MOST_BARS = 12

Format = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Series:
    """A row of numbers, one for each day, with its name and the class that gives it its colour."""

    name: str
    colour: str
    values: Sequence[float]


def plot_days(title: str, days: Sequence[str], series: Sequence[Series], format_value: Format) -> str:
    """Return bars by day, of which the series are stacked from below, and the same numbers as a table."""
    sums = [sum(each.values[at] for each in series) for at in range(len(days))]
    most = max(sums, default=0.0)
    step = WIDTH / max(1, len(days))
    bars = [_stack(day, at * step, step, most, series, at, format_value) for at, day in enumerate(days)]
    told = f"{title}: at most {format_value(most)} a day, {format_value(sum(sums))} in all"
    legend = "".join(f'<li class="{each.colour}">{escape(each.name)}</li>' for each in series)
    return (
        f'<figure><figcaption><h2>{escape(title)}</h2><ul class="legend">{legend}</ul></figcaption>'
        f'<div class="plot"><span class="most">{escape(format_value(most))}</span>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{escape(told)}">'
        f'<path class="grid" d="M0 .5H{WIDTH}M0 {HEIGHT / 2}H{WIDTH}M0 {HEIGHT - 0.5}H{WIDTH}"/>'
        f"{''.join(bars)}</svg>{_dates(days)}</div>"
        f"{_table(['Day', *(each.name for each in series)], _rows(days, series, format_value))}</figure>"
    )


def plot_shares(title: str, shares: Sequence[tuple[str, float]], format_value: Format) -> str:
    """Return a bar for each name, the longest first; what is beyond the first few is one bar more."""
    ranked = sorted((each for each in shares if each[1] > 0), key=lambda each: (-each[1], each[0]))
    shown, rest = ranked[:MOST_BARS], ranked[MOST_BARS:]
    if rest:
        shown = [*shown, (f"{len(rest)} more", sum(value for _, value in rest))]
    most = max((value for _, value in shown), default=1.0)
    lines = "".join(_line(name, value, most, format_value) for name, value in shown)
    body = f'<ul class="bars">{lines}</ul>' if shown else '<p class="none">Nothing yet.</p>'
    return f"<figure><figcaption><h2>{escape(title)}</h2></figcaption>{body}</figure>"


def _stack(
    day: str, left: float, step: float, most: float, series: Sequence[Series], at: int, format_value: Format
) -> str:
    parts, top = [], float(HEIGHT)
    told = "\n".join([day, *(f"{each.name}: {format_value(each.values[at])}" for each in series)])
    for each in series:
        height = each.values[at] / most * (HEIGHT - 4) if most else 0.0
        top -= height
        place = f'x="{left + step * 0.14:.1f}" y="{top:.1f}" width="{step * 0.72:.1f}" height="{height:.1f}"'
        parts.append(f'<rect class="{each.colour}" {place}/>' if height else "")
    whole = f'<rect class="whole" x="{left:.1f}" y="0" width="{step:.1f}" height="{HEIGHT}"/>'
    return f"<g><title>{escape(told)}</title>{whole}{''.join(parts)}</g>"


def _dates(days: Sequence[str]) -> str:
    """Return a few dates from the first to the last, evenly apart."""
    shown = min(MOST_DATES, len(days))
    places = sorted({round(each * (len(days) - 1) / max(1, shown - 1)) for each in range(shown)})
    return f'<div class="dates">{"".join(f"<span>{escape(days[each][5:])}</span>" for each in places)}</div>'


def _rows(days: Sequence[str], series: Sequence[Series], format_value: Format) -> list[list[str]]:
    return [[day, *(format_value(each.values[at]) for each in series)] for at, day in enumerate(days)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(each)}</td>' for each in row)}</tr>" for row in rows)
    return (
        f'<details><summary>As a table</summary><div class="wide" tabindex="0" role="region" aria-label="As a table">'
        f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table></div></details>"
    )


def _line(name: str, value: float, most: float, format_value: Format) -> str:
    told, share = escape(name), max(0.6, value / most * 100)
    bar = f'<rect class="rest" width="100" height="6"/><rect class="one" width="{share:.1f}" height="6"/>'
    return (
        f'<li><span class="name" title="{told}">{told}</span><b>{escape(format_value(value))}</b>'
        f'<svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">{bar}</svg></li>'
    )
