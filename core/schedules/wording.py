"""What people and the model read of what is still to come."""

from collections.abc import Sequence

from core.schedules.recurrence import format_time
from core.storage.schedules import Schedule

SHOWN = 200  # characters of a text in a list
NONE = "_Nothing is to come here: ask me to remind you of something, or to do it every morning._"
HEADING = "What is to come, the next first:"
HOW = "`reminders end 12` ends one; `reminders resume 12` lets one go on that is paused."
ENDED = "_That is ended._"
RESUMED = "_That goes on._"
UNKNOWN = "_There is nothing of that number here: `reminders` lists what there is._"
NOT_YOURS = "_Only who wanted it, or an administrator of mine, changes that._"
LATE = "\n\n_This was due on {at}, when I could not tell you._"
LEFT = "_What somebody here has me do by the clock is paused, since they are no longer here. `reminders` lists it._"
MOST_LISTED = 30


def format_schedule(each: Schedule) -> str:
    """Return when something comes, and how it comes again."""
    told = format_time(each.next_at, each.zone)
    again = f", and again by `{each.rule}`" if each.rule else ""
    until = f" until {format_time(each.until, each.zone)}" if each.rule and each.until is not None else ""
    return f"{told}{again}{until}{', paused' if each.is_paused else ''}"


def format_list(found: Sequence[Schedule]) -> str:
    """Return what is to come, in Markdown."""
    if not found:
        return NONE
    lines = [f"- **{each.number}** {format_schedule(each)}: {_shorten(each.message.text)}" for each in found]
    further = [f"- and {len(lines) - MOST_LISTED} more"] if len(lines) > MOST_LISTED else []
    return "\n".join([HEADING, "", *lines[:MOST_LISTED], *further, "", HOW])


def format_reminder(due: Schedule, *, is_late: bool) -> str:
    """Return what a reminder says when it comes."""
    late = LATE.format(at=format_time(due.next_at, due.zone)) if is_late else ""
    return f"You wanted to be reminded: {due.message.text}{late}"


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
