"""Confab in Discord, seen from a channel: what wakes it, what it leaves alone, and where it answers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.sandbox.discord.roster import ADA, GENERAL
from deploy.sandbox.model import Reply
from deploy.sandbox.server import Sandbox, serve
from tests.discord_bot import DiscordBot, running
from tests.discord_room import answered, mention


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Return a sandbox whose model answers at once, and in which a client may identify as often as it likes."""
    async with serve() as sandbox:
        sandbox.model.delay_first = 0.0
        sandbox.model.tokens_per_second = None
        sandbox.guild.gateway.identify_interval = 0.0
        yield sandbox


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[DiscordBot]:
    """Return a bot that runs against the sandbox, on its defaults."""
    async with running(sandbox, tmp_path / "confab.db") as bot:
        yield bot


@pytest.mark.usefixtures("bot")
async def test_a_mention_is_answered_in_a_thread_that_it_opens(sandbox: Sandbox) -> None:
    """The answer stands under the question, and the channel has nothing but the question."""
    sandbox.model.script.append(Reply("To ship on **Friday**."))
    thread = await sandbox.guild.say(GENERAL, mention("what did we decide?"))
    assert await answered(sandbox, thread) == ["To ship on **Friday**."]
    assert len(sandbox.guild.posts(GENERAL)) == 1


@pytest.mark.usefixtures("bot")
async def test_a_direct_message_is_answered_in_place(sandbox: Sandbox) -> None:
    """It needs no mention."""
    sandbox.model.script.append(Reply("hello"))
    direct = sandbox.guild.direct(ADA)
    await sandbox.guild.say(direct, "hi")
    assert await answered(sandbox, direct) == ["hello"]
