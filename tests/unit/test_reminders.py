"""What the model may plan for somebody, and what it is told where it may not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.messages import Author, ConversationKey, Message
from core.schedules.recurrence import NoSuchTime
from core.schedules.reminders import SPEC, plan_schedule
from core.tools.tool import ToolFailed

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC).timestamp()
ADA = Author("U1", "Ada")


def asked(channel: str = "C1", thread: str = "1.0", message_id: str = "1.0", *, is_alone: bool = False) -> Message:
    """Return a question by Ada."""
    key = ConversationKey("slack", "T1", channel, thread)
    return Message(message_id, key, ADA, "later", NOW, addressed=True, is_alone=is_alone)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"text": "x"}, "exactly one of"),
        ({"text": "x", "in_minutes": 5, "every": "0 9 * * *"}, "exactly one of"),
        ({"text": "x", "at": "2020-01-01 09:00"}, "that is past"),
        ({"text": "x", "at": "2926-01-01 09:00"}, "too far away"),
        ({"text": "x", "in_minutes": 1e300}, "too far away"),
        ({"text": "x", "at": "tomorrow at nine"}, "are written as"),
        ({"text": "x", "every": "* * * * *"}, "too often"),
        ({"text": "x", "every": "every day"}, "five fields"),
        ({"text": "x", "every": "0 9 * * *", "until": "2020-01-01 09:00"}, "never comes before"),
        ({"text": "x", "every": "0 9 * * *", "until": "Friday"}, "are written as"),
        ({"text": "x", "in_minutes": 5, "zone": "Lisbon"}, "no such time zone"),
        ({"text": " \u200b", "in_minutes": 5}, "`text` is missing"),
        ({"in_minutes": 5}, "`text` is missing"),
    ],
)
def test_what_cannot_be_planned_says_why(arguments: dict[str, Any], why: str) -> None:
    """In a sentence from which the model can mend it."""
    with pytest.raises((NoSuchTime, ToolFailed), match=why):
        plan_schedule({"action": "remind", **arguments}, asked(), "Europe/Lisbon", NOW)


@pytest.mark.parametrize(
    ("arguments", "at"),
    [
        ({"in_minutes": 20}, "2026-11-30T12:20+00:00"),
        ({"at": "2026-12-01 09:00"}, "2026-12-01T08:00+00:00"),
        ({"at": "2026-12-01 09:00", "zone": "America/New_York"}, "2026-12-01T14:00+00:00"),
        ({"at": "2026-12-01T09:00+05:00"}, "2026-12-01T04:00+00:00"),
        ({"every": "0 9 * * 1-5"}, "2026-12-01T08:00+00:00"),
        ({"every": "0  9 * * MON-FRI", "until": "2026-12-24 00:00"}, "2026-12-01T08:00+00:00"),
    ],
)
def test_a_time_is_meant_in_the_askers_zone(arguments: dict[str, Any], at: str) -> None:
    """Or in the one that is named."""
    planned = plan_schedule({"action": "remind", "text": "x", **arguments}, asked(), "Europe/Berlin", NOW)
    assert planned.next_at == datetime.fromisoformat(at).timestamp()


@pytest.mark.parametrize(
    ("action", "question", "thread"),
    [
        ("remind", asked(), "1.0"),
        ("schedule", asked(), ""),
        ("schedule", asked(thread="1.0", message_id="2.0"), "1.0"),
        ("schedule", asked("D1", is_alone=True), "1.0"),
        ("schedule", asked("D1", "", is_alone=True), ""),
    ],
)
def test_it_comes_where_it_was_asked_for(action: str, question: Message, thread: str) -> None:
    """What was asked at the top of a channel is asked there again, and begins a conversation of its own."""
    planned = plan_schedule({"action": action, "text": "x", "in_minutes": 5}, question, "UTC", NOW)
    assert planned.message.key.thread == thread
    assert planned.message.author == ADA


def test_what_is_the_askers_own_waits_for_a_click_only_after_outside_content() -> None:
    """To list changes nothing, to be reminded is one's own, and what the bot is to do by itself is neither."""
    effects = {each: SPEC.effect_of({"action": each}) for each in ("list", "remind", "cancel", "schedule", "other")}
    assert effects == {"list": "none", "remind": "own", "cancel": "own", "schedule": "any", "other": "any"}
