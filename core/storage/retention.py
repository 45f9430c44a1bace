"""For how long what is said is kept in which channels, as conditions on rows."""

from collections.abc import Callable, Mapping, Sequence

from core.messages import ConversationKey
from core.storage.connection import Connection
from core.storage.erase_everywhere import OldRows

DAY = 86_400.0  # seconds
WORKSPACE = "workspace:"
COLUMNS = ("channel", "platform || ':' || channel", "platform || ':' || workspace || ':' || channel")
COUNTED = (
    "SELECT platform, workspace, channel, count(*) FROM entries WHERE role IN ('user', 'assistant') "
    "GROUP BY platform, workspace, channel"
)
LAST_KEPT = (
    "SELECT sent_at FROM entries WHERE platform = ? AND workspace = ? AND channel = ? "
    "AND role IN ('user', 'assistant') ORDER BY sent_at DESC LIMIT 1 OFFSET ?"
)


def find_old_rows(
    days: float | None, channels: Mapping[str, float | None], held: Sequence[ConversationKey], now: float
) -> list[OldRows]:
    """Return what is past its days: `days` everywhere but in `channels`; None: never.

    Those are named `C1`, `platform:C1`, `platform:T1:C1`, or `workspace:T1` for all of a workspace; where several fit,
    the closest holds. In channels that are `held` nothing is old.
    """
    values = {f"c{number}": name.removeprefix(WORKSPACE) for number, name in enumerate(channels)}
    places = {name: f"{_column_of(name)} = @{value}" for name, value in zip(channels, values, strict=True)}
    kept, held_values = _outside(held)
    found = []
    for name, own in channels.items():
        closer = [places[other] for other in channels if _is_closer(other, name)]
        there = " AND ".join([places[name], *(f"NOT {each}" for each in closer), *kept])
        found += _old_rows(own, now, there, values | held_values)
    elsewhere = " AND ".join([*(f"NOT {each}" for each in places.values()), *kept]) or "1 = 1"
    return [*found, *_old_rows(days, now, elsewhere, values | held_values)]


def find_overfull(
    connection: Connection, most_in: Callable[[ConversationKey], int | None], held: Sequence[ConversationKey]
) -> list[OldRows]:
    """Return what is older than the last so many messages of its channel; `most_in` says how many, None for all."""
    found = []
    for platform, workspace, channel, count in connection.execute(COUNTED):
        key = ConversationKey(platform, workspace, channel, "")
        most = None if key in held else most_in(key)
        if most is not None and count > most:
            kept = connection.execute(LAST_KEPT, (platform, workspace, channel, most - 1))
            there = f"({COLUMNS[2]} = @full)"
            found.append(OldRows(float(kept[0][0]), there, {"full": f"{platform}:{workspace}:{channel}"}))
    return found


def _column_of(name: str) -> str:
    return "workspace" if name.startswith(WORKSPACE) else COLUMNS[name.count(":")]


def _is_closer(other: str, name: str) -> bool:
    """Whether a name is of a channel, or of fewer channels, where another is of a workspace, or of more."""
    if name.startswith(WORKSPACE):
        return not other.startswith(WORKSPACE)
    return other.endswith(f":{name.rpartition(':')[2]}") and other.count(":") > name.count(":")


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
