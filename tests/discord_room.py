"""A person's view of the pretend Discord."""

from deploy.sandbox.discord.posts import Post
from deploy.sandbox.discord.roster import BOT_USER, GENERAL
from deploy.sandbox.server import Sandbox


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


async def ask(sandbox: Sandbox, text: str, channel: str = GENERAL) -> str:
    """Mention the bot in a channel and wait for its answer; return the thread."""
    thread = await sandbox.guild.say(channel, mention(text))
    await answered(sandbox, thread)
    return thread
