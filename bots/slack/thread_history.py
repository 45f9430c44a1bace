"""What stands in a thread or a channel already, read newest first as far as Slack lets us."""

from collections.abc import Mapping
from typing import Any

from bots.slack.calls import SlackCalls
from bots.slack.payload_values import mappings_at, next_cursor_of, ts_at

HOUR = 3_600.0
SPANS = (HOUR, 24 * HOUR, 7 * 24 * HOUR)  # seconds before the question that are asked for, one after the other
PAGE = 200  # messages of one call; an app that is distributed outside the Marketplace gets 15 (Slack docs)
CALLS = 8  # at the most: the method allows about 50 a minute (Slack docs, conversations.replies)


async def read_thread_before(
    calls: SlackCalls, channel: str, thread: str, until: str, most: int
) -> list[dict[str, Any]]:
    """Return the root of a thread and the newest `most` of its messages before `until` (a ts), oldest first.

    Slack pages a thread from its oldest message on (Slack docs, conversations.replies), so that windows before the
    question are asked for that grow until there is enough. The root comes with every page. Raises SlackRefusal.
    """
    root: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    place, left, latest = {"channel": channel, "ts": thread, "limit": PAGE}, CALLS, until
    for oldest in _window_starts(thread, until):
        window, left, cursor = await _read_window(calls, {**place, "oldest": oldest, "latest": latest}, left)
        root = root or [each for each in window if each["ts"] == thread]
        window = [each for each in window if each["ts"] != thread]
        if cursor and found:
            break  # not read to its end, so that its newest messages, which are what counts, are missing
        found = window + found
        if len(found) >= most or not left:
            break
        latest = oldest
    return root + found[-most:]


async def read_channel_before(
    calls: SlackCalls, channel: str, until: str, most: int, since: float
) -> list[dict[str, Any]]:
    """Return the newest `most` messages of a channel between `since` (seconds) and `until` (a ts), oldest first.

    One call, answered newest first and without replies (Slack docs, conversations.history); raises SlackRefusal.
    """
    place = {"channel": channel, "oldest": f"{since:.6f}", "latest": until, "limit": min(most, PAGE)}
    answer = await calls.query("conversations.history", place)
    return [post for post in reversed(_placed_messages(answer)) if post["ts"] != until]


async def _read_window(calls: SlackCalls, place: Mapping[str, Any], left: int) -> tuple[list[dict[str, Any]], int, str]:
    """Return the messages of a window, how many calls are left after it, and a cursor where there is more in it."""
    messages: list[dict[str, Any]] = []
    cursor = ""
    while left:
        left -= 1
        answer = await calls.query("conversations.replies", {**place, **({"cursor": cursor} if cursor else {})})
        messages += _placed_messages(answer)
        cursor = next_cursor_of(answer)
        if not cursor:
            break
    return messages, left, cursor


def _placed_messages(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what an answer has of messages, but for those that stand at no place: they cannot be told apart."""
    return [dict(each) for each in mappings_at(answer, "messages") if ts_at(each, "ts")]


def _window_starts(thread: str, until: str) -> list[str]:
    """Return from when on the windows are, the nearest first, the last of them the whole thread."""
    begin = float(thread)
    starts = [float(until) - span for span in SPANS]
    return [*(f"{start:.6f}" for start in starts if start > begin), f"{begin:.6f}"]
