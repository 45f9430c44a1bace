"""The tool `time`: date and time where the asker is, or in a zone that is named."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.tools.tool import Arguments, CallContext, Tool, ToolFailed, ToolResult, ToolSpec, object_schema

SPEC = ToolSpec(
    "time",
    "Tells the date and the time of now, in the asker's own time zone or in another. Use it before you speak of today.",
    object_schema({}, {"zone": "An IANA zone as Europe/Lisbon; without it, the asker's own"}),
    is_read_only=True,
    is_trusted=True,
)


def format_moment(at: float, zone: str) -> str:
    """Return a moment, in seconds since the epoch, as a line: weekday, date, time and zone, and UTC beside it.

    Raises ToolFailed where there is no such zone.
    """
    try:
        place = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name with a slash too many is a path to zoneinfo
        raise ToolFailed("there is no such time zone; they are named as Europe/Lisbon") from None
    local, universal = datetime.fromtimestamp(at, place), datetime.fromtimestamp(at, UTC)
    offset = f"{local:%z}"
    return (
        f"{local:%A, %Y-%m-%d %H:%M:%S}, {place.key} (UTC{offset[:3]}:{offset[3:5]}), week {local:%G-W%V}; "
        f"in UTC it is {universal:%Y-%m-%d %H:%M:%S}"
    )


async def _tell_time(arguments: Arguments, context: CallContext) -> ToolResult:
    return ToolResult(format_moment(time.time(), arguments.get("zone") or context.zone))


CLOCK = Tool(SPEC, _tell_time)
