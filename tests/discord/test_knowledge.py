"""What is found of what people shared on Discord, by who reads in the channel."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.knowledge.lookup import NOTHING
from core.policy import ChannelSettings, Policies
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.roster import ADA, EVERYONE, GENERAL, Role
from deploy.sandbox.wire.server import Sandbox
from tests.support.database import wait_for_column
from tests.support.discord_bot import DiscordSetup, running
from tests.support.discord_room import answers, ask

STAFF = "1200000000000009999"


@pytest.mark.parametrize("others_read", [True, False])
async def test_who_reads_back_is_told_nothing_that_others_there_may_not_read(
    sandbox: Sandbox, tmp_path: Path, *, others_read: bool
) -> None:
    """Also where the right comes by a role for the whole server, and no channel says anything of it."""
    guild, history = sandbox.guild, Permission.READ_MESSAGE_HISTORY
    guild.roles[STAFF] = Role(STAFF, "staff", permissions=history)
    guild.users[ADA] = replace(guild.users[ADA], roles=(*guild.users[ADA].roles, STAFF))
    if not others_read:
        everyone = guild.roles[EVERYONE]
        guild.roles[EVERYONE] = replace(everyone, permissions=everyone.permissions & ~history)
    policies = Policies(ChannelSettings.model_validate({"knowledge": "files", "channel_context": 0}))
    async with running(sandbox, tmp_path / "confab.db", DiscordSetup(policies=policies)):
        file = guild.attach("wifi.md", b"The password of the guest wifi is swordfish.", "text/markdown")
        await guild.say(GENERAL, "for all of us", attachments=[file])
        await wait_for_column(tmp_path / "confab.db", "SELECT state FROM sources", lambda found: found == ["indexed"])
        thread = await ask(sandbox, "what is the password of the guest wifi?")
        said = "".join(answers(sandbox, thread))
    assert (NOTHING in said) is not others_read
    assert ("swordfish" in str(sandbox.model.requests[-1].body)) is others_read
