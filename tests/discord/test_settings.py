"""Settings in Discord: menus that one person sees, and who may."""

from dataclasses import replace
from pathlib import Path

from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.posts import Flag
from deploy.sandbox.discord.roster import EVERYONE, GENERAL, GRACE
from deploy.sandbox.wire.server import Sandbox
from tests.support.discord_bot import DiscordBot, running
from tests.support.discord_room import chosen, chosen_in_menus

OWN = {"person.follow_ups", "person.language", "person.streaming"}


async def opened(sandbox: Sandbox, channel: str = GENERAL, user: str = GRACE) -> str:
    """Use `/confab settings`; return the id of the post with the menus."""
    used = await sandbox.guild.interact("confab settings", channel, user)
    await sandbox.guild.until(lambda: used.answered)
    return used.original


def permit(sandbox: Sandbox, granted: Permission) -> None:
    """Let everybody have these rights as well, in the whole server."""
    role = sandbox.guild.roles[EVERYONE]
    sandbox.guild.roles[EVERYONE] = replace(role, permissions=role.permissions | granted)


async def test_the_menus_are_for_one_person_s_eyes(sandbox: Sandbox, discord_bot: DiscordBot) -> None:
    """Who administers nothing sets their own."""
    post = sandbox.guild.channels[GENERAL].posts[await opened(sandbox)]
    assert Flag.EPHEMERAL in post.flags
    assert (post.seen_by, set(chosen_in_menus(post))) == (GRACE, OWN)
    assert discord_bot.store is not None


async def test_who_manages_channels_or_the_server_sets_what_holds_there(
    sandbox: Sandbox, discord_bot: DiscordBot
) -> None:
    """At the moment at which they choose: a right that was taken away meanwhile changes nothing."""
    everyone = sandbox.guild.roles[EVERYONE]
    for right in (Permission.MANAGE_CHANNELS, Permission.MANAGE_GUILD):
        permit(sandbox, right)
        number = await opened(sandbox)
        post = sandbox.guild.channels[GENERAL].posts[number]
        assert "channel.language" in chosen_in_menus(post)
        sandbox.guild.roles[EVERYONE] = everyone
        await chosen(sandbox.guild, GENERAL, number, "confab/settings/channel.language", "French", GRACE)
        assert "not, or no longer, yours" in post.shown
    assert await discord_bot.store.read_choices() == {}


async def test_menus_from_before_a_restart_go_on_to_work(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nothing of them is kept in memory."""
    async with running(sandbox, tmp_path / "d.db"):
        number = await opened(sandbox)
    async with running(sandbox, tmp_path / "d.db") as bot:
        await chosen(sandbox.guild, GENERAL, number, "confab/settings/person.language", "French", GRACE)
        assert chosen_in_menus(sandbox.guild.channels[GENERAL].posts[number])["person.language"] == "French"
        [values] = (await bot.store.read_choices()).values()
        assert values == {"language": "French"}


async def test_in_a_direct_message_there_is_no_channel_to_set(sandbox: Sandbox, discord_bot: DiscordBot) -> None:
    """Nor a word of one."""
    direct = sandbox.guild.direct(GRACE)
    post = sandbox.guild.channels[direct].posts[await opened(sandbox, direct)]
    assert set(chosen_in_menus(post)) == OWN
    assert "channel" not in post.shown
    assert discord_bot.store is not None
