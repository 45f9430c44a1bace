"""Voice notes that Discord hides: without the message-content intent a note in a server arrives without its sound."""

from pathlib import Path

from core.policy import ChannelSettings, Policies
from deploy.sandbox.discord.posts import Flag
from deploy.sandbox.discord.roster import BOT_USER, GENERAL, RANDOM
from deploy.sandbox.wire.server import Sandbox
from tests.support.discord_bot import DiscordSetup, running
from tests.support.sound_files import sound

HIDDEN = DiscordSetup(message_content="off")


async def noted(sandbox: Sandbox, room: str) -> None:
    """Send a voice note as Ada."""
    file = sandbox.guild.attach("voice-message.ogg", sound("weather.ogg"), "audio/ogg", 2.3)
    await sandbox.guild.say(room, "", attachments=[file], flags=Flag.VOICE)


def said(sandbox: Sandbox, room: str) -> list[str]:
    """Return what the bot wrote in a room."""
    found = sandbox.guild.channels.get(room)
    return [post.content for post in found.posts.values() if post.user == BOT_USER] if found else []


async def test_a_hidden_note_is_answered_once_with_what_helps(sandbox: Sandbox, tmp_path: Path) -> None:
    """The menu, and the switch; a second note in the thread is left alone, also after a restart."""
    async with running(sandbox, tmp_path / "d.db", HIDDEN):
        thread = await sandbox.guild.say(GENERAL, f"<@{BOT_USER}> hi")
        await sandbox.guild.until(lambda: len(said(sandbox, thread)) == 1)
        await noted(sandbox, thread)
        await sandbox.guild.until(lambda: len(said(sandbox, thread)) == 2)
        await noted(sandbox, thread)
    async with running(sandbox, tmp_path / "d.db", HIDDEN):
        await noted(sandbox, thread)
        last = await sandbox.guild.say(thread, f"<@{BOT_USER}> and?")
        await sandbox.guild.until(lambda: len(said(sandbox, thread)) == 3)
        assert last
    assert "Message Content Intent" in said(sandbox, thread)[1]
    assert "Ask Confab about this" in said(sandbox, thread)[1]
    assert len(sandbox.model.requests) == 2


async def test_a_hidden_note_that_is_not_for_the_bot_is_left_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    """A channel's notes are for others."""
    async with running(sandbox, tmp_path / "d.db", HIDDEN):
        await noted(sandbox, RANDOM)
        await sandbox.guild.say(RANDOM, f"<@{BOT_USER}> hi")
        await sandbox.guild.until(lambda: sandbox.model.requests)
    assert said(sandbox, RANDOM) == []


async def test_in_a_channel_whose_notes_are_all_for_the_bot_it_says_so_too(sandbox: Sandbox, tmp_path: Path) -> None:
    """Otherwise nobody would know why it is silent."""
    setup = DiscordSetup(message_content="off", policies=Policies(ChannelSettings(voice_notes=True, threads=False)))
    async with running(sandbox, tmp_path / "d.db", setup):
        await noted(sandbox, RANDOM)
        await sandbox.guild.until(lambda: said(sandbox, RANDOM))
    assert "Message Content Intent" in said(sandbox, RANDOM)[0]
