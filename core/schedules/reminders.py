"""The tool `reminders`: the model has somebody told, or itself asked, something at a later time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from core.messages import ConversationKey, Message
from core.sanitize import sanitize_text
from core.schedules.recurrence import NoSuchTime, Recurrence, parse_moment, zone_named
from core.schedules.wording import format_list, format_schedule
from core.storage import schedules as rows
from core.storage.schedules import Schedule
from core.storage.store import Store
from core.tools.tool import Arguments, CallContext, Tool, ToolFailed, ToolResult, ToolSpec

LONGEST_TEXT = 2_000  # characters
MOST_OWN, MOST_HERE = 30, 100  # that are to come, of one person and in one channel
LATEST = 5 * 366 * 86_400.0  # seconds from now
COMMANDS: Mapping[str, Any] = {"remind": "reminder", "schedule": "scheduled"}

PARAMETERS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "action": {
            "type": "string",
            "enum": ["remind", "schedule", "list", "cancel"],
            "description": "remind: the asker is told the text then; schedule: you are asked the text then, as if they "
            "wrote it, and answer here; list and cancel: their own",
        },
        "text": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT},
        "in_minutes": {"type": "number", "exclusiveMinimum": 0, "description": "When: so many minutes from now"},
        "at": {"type": "string", "description": "Or when: 2026-12-31 09:00, in the asker's time zone"},
        "every": {
            "type": "string",
            "description": "Or again and again: cron's five fields in the asker's time zone, as 0 9 * * 1-5",
        },
        "until": {"type": "string", "description": "When `every` ends, as `at`"},
        "zone": {"type": "string", "description": "An IANA zone, where another than the asker's is meant"},
        "number": {"type": "integer", "description": "Which one to cancel"},
    },
    "required": ["action"],
    "additionalProperties": False,
}
SPEC = ToolSpec(
    "reminders",
    "Reminds the asker of something at a later time, once or by a rule, or has you do something then.",
    PARAMETERS,
    is_idempotent=True,
    is_trusted=True,
    effects={"remind": "own", "cancel": "own", "list": "none"},
)
TOLD = "Noted as number {number}: {when}. People list what is to come with `reminders`, and end it with {end}."
CANCELLED = "Number {number} is cancelled."
NOTHING_KEPT = "nothing is kept in this channel, so that nothing can be noted for later"
TOO_MANY = "{count} are to come already, which is all that there may be; some have to be cancelled first"
ONE_TIME = "give exactly one of `in_minutes`, `at` and `every`"


class Reminders:
    """Keeps what is to come; `wake` is told of each, and `keeps_nothing` tells where nothing may be kept."""

    def __init__(
        self, store: Store, keeps_nothing: Callable[[ConversationKey], bool], wake: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._keeps_nothing = keeps_nothing
        self._wake = wake

    @property
    def reminder_tool(self) -> Tool:
        """The tool."""
        return Tool(SPEC, self.take_call)

    async def take_call(self, arguments: Arguments, context: CallContext) -> ToolResult:
        """Do what the arguments say for the asker; raises ToolFailed."""
        if context.asked is None:
            raise ToolFailed("nobody asks")
        match arguments["action"]:
            case "list":
                return ToolResult(format_list(await self._own(context.asked)))
            case "cancel":
                return await self._cancel(int(arguments.get("number", 0)), context.asked)
        try:
            return await self._plan(arguments, context, context.asked)
        except NoSuchTime as error:
            raise ToolFailed(str(error)) from None

    async def _own(self, asked: Message) -> list[Schedule]:
        """Return the asker's own: all of them where they are alone, else those of this conversation's channel."""
        own = await self._store.run(lambda db: rows.select_own(db, asked))
        return [each for each in own if asked.is_alone or is_told_in(each, asked)]

    async def _cancel(self, number: int, asked: Message) -> ToolResult:
        if number not in {each.number for each in await self._own(asked)}:
            raise ToolFailed("the asker has none of that number here")
        await self._store.run(lambda db: rows.end_schedule(db, number))
        return ToolResult(CANCELLED.format(number=number))

    async def _plan(self, arguments: Arguments, context: CallContext, asked: Message) -> ToolResult:
        if self._keeps_nothing(asked.key):
            raise ToolFailed(NOTHING_KEPT)
        planned = plan_schedule(arguments, asked, context.zone, time.time())
        made = await self._store.run(lambda db: rows.number_of_call(db, context.idempotency_key))
        if not made:
            own, here = await self._store.run(lambda db: rows.count_schedules(db, asked))
            if own >= MOST_OWN or here >= MOST_HERE:
                raise ToolFailed(TOO_MANY.format(count=own if own >= MOST_OWN else here))
        key = context.idempotency_key
        kept = replace(planned, message=self._store.sealer.seal_message(planned.message))
        number = await self._store.run(lambda db: rows.insert_schedule(db, key, asked, kept))
        if not number:
            raise ToolFailed("the message that asks for it is gone")
        self._wake()
        return ToolResult(TOLD.format(number=number, when=format_schedule(planned), end=f"`reminders end {number}`"))


def plan_schedule(arguments: Arguments, asked: Message, usual_zone: str, now: float) -> Schedule:
    """Return what arguments plan for the author of a message; raises NoSuchTime or ToolFailed.

    It comes where it was asked for. What the bot is to be asked comes at the top of a channel where that began there.
    """
    text = sanitize_text(str(arguments.get("text", ""))).strip()
    zone = zone_named(str(arguments.get("zone") or usual_zone)).key
    if not text:
        raise ToolFailed("`text` is missing: what to say or do then")
    rule = " ".join(str(arguments.get("every", "")).split())
    until = parse_moment(str(arguments["until"]), zone) if rule and arguments.get("until") else None
    next_at = _first_time(arguments, Recurrence(rule, zone, until), now)
    if not now < next_at <= now + LATEST:
        raise NoSuchTime("that is past" if next_at <= now else "that is too far away")
    command = COMMANDS[arguments["action"]]
    begins = command == "scheduled" and not asked.is_alone and asked.key.thread == asked.id
    key = replace(asked.key, thread="") if begins else asked.key
    kept = Message(asked.id, key, asked.author, text, now, addressed=True, command=command, handle=asked.handle)
    kept = replace(kept, zone=zone, is_closed=asked.is_closed, is_alone=asked.is_alone)
    return Schedule(0, kept, rule, zone, until, next_at)


def is_told_in(each: Schedule, asked: Message) -> bool:
    """Whether something to come may be told where a message stands: it comes there, or all of that channel see it."""
    there, here = each.message.key, asked.key
    same_channel = (there.platform, there.workspace, there.channel) == (here.platform, here.workspace, here.channel)
    return same_channel and (not each.message.is_closed or there.thread == here.thread)


def _first_time(arguments: Arguments, recurrence: Recurrence, now: float) -> float:
    given = [name for name in ("in_minutes", "at", "every") if arguments.get(name)]
    if len(given) != 1:
        raise NoSuchTime(ONE_TIME)
    if given == ["in_minutes"]:
        return now + float(arguments["in_minutes"]) * 60
    if given == ["at"]:
        return parse_moment(str(arguments["at"]), recurrence.zone)
    recurrence.check_rule(now)
    found = recurrence.next_after(now)
    if found is None:
        raise NoSuchTime("that never comes before `until`")
    return found
