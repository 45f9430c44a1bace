"""A person's view of the pretend workspace."""

from deploy.sandbox.openai.model import ModelRequest
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL


def mention(text: str) -> str:
    """Return a text that mentions the bot."""
    return f"<@U0CONFAB1> {text}"


def answers(sandbox: Sandbox, thread: str, channel: str = GENERAL) -> list[str]:
    """Return what a person reads of the bot in a thread, oldest first."""
    workspace = sandbox.workspace
    return [post.shown for post in workspace.thread(channel, thread) if post.user == workspace.bot_user]


async def answered(sandbox: Sandbox, thread: str, number: int = 1, channel: str = GENERAL) -> list[str]:
    """Wait until the bot has written `number` messages in a thread and the model is done; return them."""
    await sandbox.workspace.until(lambda: len(answers(sandbox, thread, channel)) >= number)
    return answers(sandbox, thread, channel)


async def ask(sandbox: Sandbox, text: str, channel: str = GENERAL) -> str:
    """Mention the bot in a channel and wait for its answer; return the thread."""
    thread = await sandbox.workspace.say(channel, mention(text))
    await answered(sandbox, thread, channel=channel)
    return thread


def prompt(request: ModelRequest) -> list[str]:
    """Return what a request told the model, without the instructions."""
    return [message["content"] for message in request.body["messages"] if message["role"] != "system"]
