"""The tools `time` and `search_here`: the asker's own zone, and nothing beyond the asker's own channel."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.messages import Author, ConversationKey, Entry, Message
from core.policy import ChannelSettings
from core.storage.store import Store
from core.tools.clock import CLOCK, format_moment
from core.tools.search_here import ChannelSearch
from core.tools.tool import CallContext, ToolFailed
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import Setup, running
from tests.support.room import answers, ask
from tests.support.tools import ToolSetup, built_in_tools

ADA = Author("U1", "Ada")
HERE = ConversationKey("discord", "G1", "C1", "T1")


def context(key: ConversationKey = HERE) -> CallContext:
    """Return whose call it is."""
    return CallContext(key, ADA, "Asia/Kathmandu")


@pytest.mark.parametrize(
    ("at", "zone", "told"),
    [
        (0.0, "UTC", "Thursday, 1970-01-01 00:00:00, UTC (UTC+00:00), week 1970-W01"),
        (
            1_700_000_000.0,
            "Asia/Kathmandu",
            "Wednesday, 2023-11-15 03:58:20, Asia/Kathmandu (UTC+05:45)",
        ),
        (1_720_000_000.0, "America/New_York", "Wednesday, 2024-07-03 05:46:40, America/New_York (UTC-04:00)"),
    ],
)
def test_a_moment_is_told_where_the_asker_is(at: float, zone: str, told: str) -> None:
    """Summer time and odd hours included, with UTC beside it."""
    assert format_moment(at, zone).startswith(told)
    assert "in UTC it is" in format_moment(at, zone)


@pytest.mark.parametrize("zone", ["Nowhere/City", "../etc/passwd", "/etc/localtime", "\0", "Europe", "a" * 999])
async def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    """With a sentence; an empty one is the asker's own."""
    with pytest.raises(ToolFailed):
        await CLOCK.call({"zone": zone}, context())
    assert "Kathmandu" in (await CLOCK.call({"zone": ""}, context())).text


async def test_slack_tells_where_the_asker_is(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nobody has to set it."""
    async with running(sandbox, tmp_path / "c.db", Setup(tools=ToolSetup(built_in_tools))):
        thread = await ask(sandbox, "what time is it?")
        await sandbox.workspace.until(lambda: "Europe/London" in answers(sandbox, thread)[-1])


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store in which something was said in several places."""
    store = Store(tmp_path / "confab.db")
    for place, message_id, text in (
        (HERE, "1", "we meet in the RED room"),
        (ConversationKey("discord", "G1", "C1", "9"), "9", "the red light was mended"),
        (ConversationKey("discord", "G1", "C1", ""), "11", "a red hat was lost"),
        (ConversationKey("discord", "G1", "C1", "PRIVATE"), "12", "red alert, tell nobody"),
        (ConversationKey("discord", "G1", "C2", "13"), "13", "red in another channel"),
        (ConversationKey("discord", "G2", "C1", "14"), "14", "red in another server"),
        (ConversationKey("slack", "G1", "C1", "15"), "15", "red elsewhere"),
    ):
        await store.save_earlier(place, [Entry("user", text, ADA, message_id, 1_700_000_000.0)], 1.0)
    yield store
    await store.close()


async def test_what_was_said_in_the_channel_is_found_and_nothing_else(store: Store) -> None:
    """Of threads those that a message of the channel began, whatever the case of the words."""
    found = (await ChannelSearch(store).search_channel({"query": "Red"}, context())).text
    assert re.findall(r"room|light|hat|alert|another|elsewhere", found) == ["room", "light", "hat"]
    assert "(2023-11-14 22:13 UTC) Ada: we meet in the RED room" in found
    both = (await ChannelSearch(store).search_channel({"query": "red light"}, context())).text
    assert re.findall(r"room|light|hat", both) == ["light"]
    assert (await ChannelSearch(store).search_channel({"query": "blue"}, context())).text == "Nothing was found."


async def test_people_of_whom_nothing_is_read_are_not_found(store: Store) -> None:
    """Also where they spoke before they were denied or paused."""
    search = ChannelSearch(store, lambda key, author: (key.channel, author.id) == ("C1", ADA.id))
    assert (await search.search_channel({"query": "red"}, context())).text == "Nothing was found."


async def test_in_a_private_thread_its_own_words_are_found(store: Store) -> None:
    """With what all who see it can read."""
    private = context(ConversationKey("discord", "G1", "C1", "PRIVATE"))
    found = (await ChannelSearch(store).search_channel({"query": "red"}, private)).text
    assert re.findall(r"room|light|hat|alert", found) == ["light", "hat", "alert"]


def test_tools_are_named_for_all_and_for_a_channel() -> None:
    """With commas, as a list, or none at all."""
    assert ChannelSettings.model_validate({"CONFAB_TOOLS": "time, calculator"}).tools == ("time", "calculator")
    assert ChannelSettings.model_validate({"tools": ["time"]}).tools == ("time",)
    assert ChannelSettings.model_validate({"CONFAB_TOOLS": "none"}).tools == ()
    assert ChannelSettings().tools == ("time", "calculator", "read_link", "search_here", "reminders", "web_search")


def test_a_message_without_a_zone_is_as_before() -> None:
    """Rows of an earlier version have none."""
    assert Message("1", HERE, ADA, "hi", 1.0, addressed=True).zone == ""
