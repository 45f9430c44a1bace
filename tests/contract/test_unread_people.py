"""The contract of every platform: nothing that a denied or paused person said stands in a prompt, whichever way."""

from collections.abc import Awaitable, Callable

import pytest

from core.moderation.access import AccessLists
from core.policy import ChannelSettings, Policies
from deploy.sandbox.discord.roster import GRACE
from deploy.sandbox.wire.server import Sandbox
from tests.contract.platform_room import Room, Said, answered, ask
from tests.support.moderated import Moderated

SECRET = "the code is 4711"
DENIED = Moderated(lists=AccessLists(deny=frozenset({"user:U0GRACE12", f"user:{GRACE}"})))
PAUSED = Moderated(violations=1)
Way = Callable[[Room], Awaitable[object]]


async def go_on(room: Room, said: Said) -> None:
    """Ask, as Ada, in the thread of a message, and wait for the answer."""
    before = len(room.answers(said))
    await room.go_on(said, f"{room.mention('the bot')} and now?")
    await answered(room, said, before + 1)


async def by_line_since(room: Room) -> None:
    """Between two questions in a thread."""
    said = await ask(room, "hello")
    await room.go_on(said, SECRET, by="grace")
    await go_on(room, said)


async def by_joined_thread(room: Room) -> None:
    """Before the first question in a thread."""
    said = await room.say("the plan")
    await room.go_on(said, SECRET, by="grace")
    await go_on(room, said)


async def by_thread_root(room: Room) -> None:
    """As what the thread began with."""
    said = await room.say(SECRET, by="grace")
    await go_on(room, said)


async def by_channel_line(room: Room) -> None:
    """Above a question at the top of a channel."""
    await room.say(SECRET, by="grace")
    await ask(room, "what is it?")


async def by_changed_line(room: Room) -> None:
    """By an edit of what stood above."""
    said = await room.say("the code?", by="grace")
    await room.edit(said, SECRET)
    await go_on(room, said)


async def by_file(room: Room) -> None:
    """In a file earlier in a thread, and in its name."""
    said = await room.share("", "4711.txt", SECRET.encode(), "text/plain", by="grace")
    await go_on(room, said)


async def by_menu(room: Room) -> None:
    """As what a question from a message's menu is about."""
    said = await room.say(SECRET, by="grace")
    await room.ask_about(said, "ada")


async def by_menu_on_file(room: Room) -> None:
    """The same with a file."""
    said = await room.share("", "4711.txt", SECRET.encode(), "text/plain", by="grace")
    await room.ask_about(said, "ada")


async def by_forward(room: Room) -> None:
    """Forwarded by another."""
    said = await room.say(SECRET, by="grace")
    await room.forward(said)


async def by_forwarded_file(room: Room) -> None:
    """The same with a file."""
    said = await room.share("", "4711.txt", SECRET.encode(), "text/plain", by="grace")
    await room.forward(said)


async def by_reply_target(room: Room) -> None:
    """As what a question replies to."""
    said = await room.say(SECRET, by="grace")
    await room.reply_to(said, f"{room.mention('the bot')} true?")


async def by_bare_reply(room: Room) -> None:
    """As what a mention without a word replies to."""
    said = await room.share("", "4711.txt", SECRET.encode(), "text/plain", by="grace")
    await room.reply_to(said, room.mention("the bot"))


WAYS: tuple[Way, ...] = (
    *(by_line_since, by_joined_thread, by_thread_root, by_channel_line, by_changed_line, by_file, by_menu),
    *(by_menu_on_file, by_forward, by_forwarded_file),
)
BY_REPLIES: tuple[Way, ...] = (by_reply_target, by_bare_reply)


async def let_in(room: Room, ways: tuple[Way, ...]) -> list[str]:
    """Return by which ways what Grace said comes to the model, where a question of Ada's brings it along."""
    found = []
    for way in ways:
        seen = len(room.model.requests)
        await way(room)
        await room.model.until(lambda seen=seen: len(room.model.requests) > seen)  # type: ignore[misc]
        if any("4711" in str(each.body) for each in room.model.requests):
            found.append(way.__name__)
            room.model.requests.clear()
    return found


@pytest.fixture(autouse=True)
def unlimited(sandbox: Sandbox) -> None:
    """Let people and the bot write as often as they like."""
    sandbox.workspace.limits_on = sandbox.guild.limits_on = False


async def begin(room: Room, moderation: Moderated) -> None:
    """Start the bot with what keeps Grace out; where that is a pause, she sees to it herself."""
    await room.leave()
    await room.join(Policies(ChannelSettings(channel_context=20)), moderation=moderation)
    if moderation is PAUSED:
        await ask(room, "please flag me", by="grace", channel="random")


@pytest.mark.parametrize("moderation", [DENIED, PAUSED], ids=["denied", "paused"])
async def test_what_nobody_reads_of_a_person_comes_to_the_model_by_no_way(room: Room, moderation: Moderated) -> None:
    """Others' questions are answered without it."""
    await begin(room, moderation)
    assert await let_in(room, WAYS) == []


@pytest.mark.needs("replied-to")
@pytest.mark.parametrize("moderation", [DENIED, PAUSED], ids=["denied", "paused"])
async def test_nor_does_it_as_what_a_question_replies_to(room: Room, moderation: Moderated) -> None:
    """With words beside it, and without."""
    await begin(room, moderation)
    assert await let_in(room, BY_REPLIES) == []


async def test_all_of_these_ways_bring_along_what_others_said(room: Room) -> None:
    """So that each of them could have let something in."""
    await room.leave()
    await room.join(Policies(ChannelSettings(channel_context=20)), moderation=Moderated())
    assert await let_in(room, WAYS) == [way.__name__ for way in WAYS]
