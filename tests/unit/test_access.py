"""Who is paused after violations, for how long, and that a restart changes nothing about it."""

import time
from dataclasses import replace

import pytest

from core.messages import Author, ConversationKey, Message
from core.moderation.access import WITHIN, AccessControl, AccessLists
from core.moderation.errors import Paused

KEY = ConversationKey("slack", "T1", "C1", "1.0")
PAUSE = 600.0


def asked(person: str = "U1", platform: str = "slack") -> Message:
    """Return what a person asks now."""
    key = ConversationKey(platform, KEY.workspace, KEY.channel, KEY.thread)
    return Message("2.0", key, Author(person, "ada"), "hello", time.time(), addressed=True, follow_up=False)


def after(*ages: float) -> AccessControl:
    """Return what an earlier process left: violations of one person so many seconds ago, of which two pause."""
    access = AccessControl(AccessLists(), 2, PAUSE)
    access.restore_record([("slack", "U1", f"turn {age}", time.time() - age, True) for age in ages])
    return access


@pytest.mark.parametrize(
    ("ages", "is_paused"),
    [
        ((20.0, 10.0), True),
        ((PAUSE + 5, PAUSE - 5), True),
        ((PAUSE + 60, PAUSE + 5), False),
        ((10.0,), False),
        ((WITHIN + 20, 10.0), False),
        ((WITHIN + 20, 20.0, 10.0), True),
    ],
    ids=["fresh", "nearly over", "over", "one", "not within an hour", "the last two count"],
)
def test_a_pause_holds_over_a_restart_and_ends_in_time(ages: tuple[float, ...], *, is_paused: bool) -> None:
    """It counts from the last of so many violations within an hour."""
    assert isinstance(after(*ages).refusal_of(asked()), Paused) == is_paused


def test_what_was_noted_before_a_restart_counts_with_what_comes_after() -> None:
    """One before and one after are two."""
    access = after(10.0)
    access.add_violation(KEY, Author("U1", "ada"), "a later turn")
    assert isinstance(access.refusal_of(asked()), Paused)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "a minute"), (61.0, "2 minutes"), (600.0, "10 minutes"), (7_200.0, "2 hours"), (7_201.0, "3 hours")],
)
def test_a_pause_says_how_long_it_lasts_and_never_less(seconds: float, words: str) -> None:
    """In words that a person reads."""
    assert f"from you for {words}." in Paused(seconds).notice


def test_nobody_is_paused_for_another() -> None:
    """The same id on another platform is another person."""
    access = after(20.0, 10.0)
    assert access.refusal_of(asked("U2")) is None
    assert access.refusal_of(asked(platform="discord")) is None


@pytest.mark.parametrize(
    ("allow", "home", "is_served"),
    [
        ({"workspace:T1"}, "T1", True),
        ({"workspace:T1"}, "", True),
        ({"workspace:T1"}, "T2", False),
        ({"workspace:T1", "channel:C1"}, "T2", False),
        ({"workspace:T1", "role:R1"}, "T2", False),
        ({"workspace:T1", "user:U1"}, "T2", True),
        ({"workspace:T1", "workspace:T2"}, "T2", True),
        ({"workspace:T2"}, "T1", False),
        ({"channel:C1"}, "T2", True),
        ({"role:R2"}, "T1", False),
        (set(), "T2", True),
    ],
)
def test_a_guest_from_another_workspace_is_not_let_in_by_that_of_the_channel(
    allow: set[str], home: str, *, is_served: bool
) -> None:
    """Only by their own, by their id, or by a channel where no workspace is listed at all."""
    message = replace(asked(), author=Author("U1", "ada", workspace=home, roles=("R1",)))
    assert AccessLists(allow=frozenset(allow)).allows(message) == is_served
