"""For how long what is said is kept in which channels, as conditions on rows. Pure."""

from collections.abc import Mapping, Sequence

from core.messages import ConversationKey
from core.storage.erase_everywhere import OldRows

DAY = 86_400.0  # seconds
BARE, FULL = "channel", "platform || ':' || channel"


def find_old_rows(
    days: float | None, channels: Mapping[str, float | None], held: Sequence[ConversationKey], now: float
) -> list[OldRows]:
    """Return what is past its days: `days` everywhere but in `channels`, which are `C1` or `platform:C1`; None: never.

    In channels that are `held` nothing is.
    """
    values = {f"c{number}": name for number, name in enumerate(channels)}
    names = {name: f"{FULL if ':' in name else BARE} = @{value}" for value, name in values.items()}
    kept, held_values = _outside(held)
    found = []
    for name, own in channels.items():
        closer = [names[other] for other in channels if other.endswith(f":{name}")]  # who names the platform as well
        there = " AND ".join([names[name], *(f"NOT {each}" for each in closer), *kept])
        found += _old_rows(own, now, there, values | held_values)
    elsewhere = " AND ".join([*(f"NOT {each}" for each in names.values()), *kept]) or "1 = 1"
    return [*found, *_old_rows(days, now, elsewhere, values | held_values)]


def _old_rows(days: float | None, now: float, there: str, values: Mapping[str, str]) -> list[OldRows]:
    return [] if days is None else [OldRows(now - days * DAY, f"({there})", values)]


def _outside(held: Sequence[ConversationKey]) -> tuple[list[str], dict[str, str]]:
    """Return the conditions for being in none of these channels, and their values."""
    conditions: list[str] = []
    values: dict[str, str] = {}
    for number, key in enumerate(held):
        parts = {"platform": key.platform, "workspace": key.workspace, "channel": key.channel}
        conditions.append("NOT (" + " AND ".join(f"{part} = @h{number}_{part}" for part in parts) + ")")
        values |= {f"h{number}_{part}": value for part, value in parts.items()}
    return conditions, values
