"""A person's view of the pretend Discord."""

import asyncio

from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.posts import Post
from deploy.sandbox.discord.roster import BOT_USER, GENERAL
from deploy.sandbox.openai.model import ModelRequest, Reply
from deploy.sandbox.wire.server import Sandbox


def mention(text: str) -> str:
    """Return a text that mentions the bot."""
    return f"<@{BOT_USER}> {text}"


def posts(sandbox: Sandbox, room: str) -> list[Post]:
    """Return what the bot has written in a channel or thread, oldest first; nothing where there is no such thread."""
    place = sandbox.guild.channels.get(room)
    return [post for post in place.posts.values() if post.user == BOT_USER] if place else []


def answers(sandbox: Sandbox, room: str) -> list[str]:
    """Return what a person reads of the bot in a channel or thread, oldest first."""
    return [post.shown for post in posts(sandbox, room)]


async def answered(sandbox: Sandbox, room: str, number: int = 1) -> list[str]:
    """Wait until the bot has written `number` messages in a channel or thread; return them."""
    await sandbox.guild.until(lambda: len(answers(sandbox, room)) >= number)
    return answers(sandbox, room)


async def shows(sandbox: Sandbox, room: str, *texts: str) -> None:
    """Wait until exactly these texts of the bot stand in a channel or thread."""
    await sandbox.guild.until(lambda: answers(sandbox, room) == list(texts))


async def ask(sandbox: Sandbox, text: str, channel: str = GENERAL) -> str:
    """Mention the bot in a channel and wait for its answer; return the thread."""
    thread = await sandbox.guild.say(channel, mention(text))
    await answered(sandbox, thread)
    return thread


async def begun(sandbox: Sandbox, text: str, channel: str = GENERAL) -> tuple[str, asyncio.Event]:
    """Ask something whose answer stops after its first words until the event is set; return the thread."""
    hold = asyncio.Event()
    sandbox.model.script.append(Reply(pieces=("so far", " and whole"), hold=hold))
    thread = await sandbox.guild.say(channel, mention(text))
    await shows(sandbox, thread, "so far")
    return thread, hold


async def nothing_happens(sandbox: Sandbox, calls: int = 0) -> None:
    """Let every event be delivered and dealt with, and see that the model was not asked.

    A direct message that is said last is answered when everything before it has been heard.
    """
    direct = sandbox.guild.direct("1200000000000000003")
    before = len(posts(sandbox, direct))
    sandbox.model.script.append(Reply("heard"))
    await sandbox.guild.say(direct, "are you there?", user="1200000000000000003")
    await answered(sandbox, direct, before + 1)
    assert len(sandbox.model.requests) == calls + 1


async def chosen(guild: Guild, channel: str, post: str, menu: str, value: str, user: str) -> None:
    """Choose a value in a menu, and wait until that was answered."""
    used = await guild.choose(channel, post, menu, value, user)
    await guild.until(lambda: used.answered)


def chosen_in_menus(post: Post) -> dict[str, str]:
    """Return what is chosen in each menu of the settings on a post, by the setting's id."""
    menus = [each for row in post.components for each in row.get("components", [])]
    return {
        menu["custom_id"].removeprefix("confab/settings/"): option["value"]
        for menu in menus
        for option in menu["options"]
        if option.get("default")
    }


def prompt(request: ModelRequest) -> list[str]:
    """Return what a request told the model, without the instructions."""
    return [message["content"] for message in request.body["messages"] if message["role"] != "system"]


def calls(sandbox: Sandbox, route: str) -> list[dict[str, object]]:
    """Return the bodies of the calls of a route that succeeded, in order."""
    return [call.body for call in sandbox.guild.calls if call.route == route and call.status == 200]
