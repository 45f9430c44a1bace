"""A reply grows on its surface: few posts, no edit without a change, the last state always right."""

import asyncio
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from bots.markdown.splitting import Growing, Limit
from bots.streaming import Pace, ReplyStream
from core.errors import TooManyParts
from core.model_events import Replace, ReplyEvent, Text

QUICK = Pace(first=0.0, interval=0.0)


class Wall:
    """A surface that notes what is done to it; with `stingy`, it takes no edit but the last."""

    def __init__(self, *, stingy: bool = False) -> None:
        self.shown: dict[str, str] = {}
        self.edits: list[tuple[str, str]] = []
        self._stingy = stingy

    async def post_part(self, part: int, text: str) -> str:
        """Put a new message up."""
        await asyncio.sleep(0)
        self.shown[f"new{part}"] = text
        return f"new{part}"

    async def edit_part(self, message_id: str, text: str, *, last: bool) -> bool:
        """Change a message."""
        await asyncio.sleep(0)
        if self._stingy and not last:
            return False
        self.edits.append((message_id, text))
        self.shown[message_id] = text
        return True

    async def remove_part(self, message_id: str) -> None:
        """Take a message away."""
        await asyncio.sleep(0)
        del self.shown[message_id]


async def coming(events: list[ReplyEvent]) -> AsyncIterator[ReplyEvent]:
    """Give events one by one, with a turn of the loop in between."""
    for event in events:
        await asyncio.sleep(0)
        yield event


EVENTS = st.lists(st.text(max_size=30).map(Text) | st.text(max_size=30).map(Replace), max_size=12)


def told(events: list[ReplyEvent]) -> str:
    """Return what the events amount to."""
    text = ""
    for event in events:
        text = event.text if isinstance(event, Replace) else text + event.text
    return text


@given(EVENTS, st.booleans(), st.booleans(), st.integers(0, 3))
async def test_whatever_comes_the_last_state_is_the_whole_text(
    events: list[ReplyEvent], live: bool, stingy: bool, left: int
) -> None:
    """Growing or not, with edits refused on the way, and with messages that an earlier attempt left."""
    wall, limit = Wall(stingy=stingy), Limit(40)
    posted = [f"old{number}" for number in range(left)]
    wall.shown.update(dict.fromkeys(posted, "left over"))
    await ReplyStream(wall, Growing(limit), posted, QUICK).show_reply(coming(events), live=live)
    text = told(events)
    assert list(wall.shown.values()) == (Growing(limit)(text) if text.strip() else [])


@given(EVENTS)
async def test_no_edit_says_what_stands_there_already(events: list[ReplyEvent]) -> None:
    """An identical edit costs a call and shows nothing."""
    wall = Wall()
    await ReplyStream(wall, Growing(Limit(40)), (), QUICK).show_reply(coming(events), live=True)
    last: dict[str, str] = {}
    for message_id, text in wall.edits:
        assert last.get(message_id) != text
        last[message_id] = text


async def test_an_answer_that_is_there_within_the_first_pause_is_posted_once() -> None:
    """A quick model costs no edits."""
    wall = Wall()
    await ReplyStream(wall, Growing(Limit(40)), (), Pace(first=5.0)).show_reply(
        coming([Text("a"), Text("b")]), live=True
    )
    assert (wall.shown, wall.edits) == ({"new0": "ab"}, [])


@given(st.integers(1, 4), st.integers(0, 400), st.booleans())
async def test_a_reply_takes_no_more_messages_than_it_may(most: int, words: int, live: bool) -> None:
    """What stands there is the beginning of the answer; the rest is not waited for, and the error tells how much."""
    wall, limit = Wall(), Limit(40)
    text = "word " * words
    parts = Growing(limit)(text)
    stream = ReplyStream(wall, Growing(limit), (), QUICK, most)
    raised: TooManyParts | None = None
    try:
        await stream.show_reply(coming([Text("word ")] * words), live=live)
    except TooManyParts as error:
        raised = error
    assert list(wall.shown.values()) == parts[:most]
    assert (raised is not None) == (len(parts) > most)
    assert raised is None or raised.shown == sum(map(len, parts[:most]))


async def test_an_error_in_the_answer_reaches_whoever_asked_for_it() -> None:
    """It is not swallowed by the task that listens."""

    async def broken() -> AsyncIterator[ReplyEvent]:
        yield Text("so far")
        raise ValueError

    wall = Wall()
    caught = False
    try:
        await ReplyStream(wall, Growing(Limit(40)), (), QUICK).show_reply(broken(), live=True)
    except ValueError:
        caught = True
    assert caught
