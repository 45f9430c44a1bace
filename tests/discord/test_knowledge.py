"""What is found of what people shared on Discord, by who reads in the channel."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.knowledge.lookup import NOTHING
from core.policy import ChannelSettings, Policies
from deploy.sandbox.discord import payloads
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.permissions import Overwrite, Permission
from deploy.sandbox.discord.roster import (
    ADA,
    BOT_ROLE,
    BOT_USER,
    ENGINEERING,
    ENGINEERS,
    EVERYONE,
    GENERAL,
    GRACE,
    LINUS,
    RANDOM,
    Role,
)
from deploy.sandbox.wire.server import Sandbox
from tests.support.database import column, rows, wait_for_column
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


SEEING = Permission.VIEW_CHANNEL
QUESTION = "what is the password of the guest wifi?"
WORDS = ("swordfish", "salmon", "herring", "haddock", "tench", "perch")


def close(guild: Guild, channel: str, **overwrites: Overwrite) -> None:
    """Hide a channel from everyone but Confab and those roles that are allowed it, as a person does."""
    room = guild.channels[channel]
    room.overwrites |= {EVERYONE: Overwrite(deny=SEEING), BOT_ROLE: Overwrite(allow=SEEING), **overwrites}
    guild.board.send(room, "CHANNEL_UPDATE", payloads.arrived(guild.roster, room), seen=True)


async def share(guild: Guild, channel: str, word: str, user: str = ADA) -> None:
    """Post a file that holds a password."""
    file = guild.attach(f"{word}.md", f"The password of the guest wifi is {word}.".encode(), "text/markdown")
    await guild.say(channel, "for all of us", user, attachments=[file])


async def found(sandbox: Sandbox, channel: str, user: str = ADA) -> set[str]:
    """Ask in a channel, a thread, or directly; return which passwords the model was told."""
    guild, asked = sandbox.guild, len(sandbox.model.requests)
    is_flow = guild.channels[channel].is_direct or guild.channels[channel].is_thread
    before = len(answers(sandbox, channel))
    thread = await guild.say(channel, f"<@{BOT_USER}> {QUESTION}", user)
    place = channel if is_flow else thread
    await guild.until(lambda: len(answers(sandbox, place)) > (before if is_flow else 0))
    return {word for word in WORDS if word in str(sandbox.model.requests[asked:])}


def across() -> DiscordSetup:
    """Return a bot that looks into other channels as well."""
    settings = {"knowledge": "files", "channel_context": 0, "knowledge_across": True}
    return DiscordSetup(policies=Policies(ChannelSettings.model_validate(settings)))


async def indexed(database: Path, count: int) -> None:
    """Wait until so many files can be looked up."""
    await wait_for_column(database, "SELECT 1 FROM sources WHERE state = 'indexed'", lambda all_: len(all_) == count)


async def test_an_answer_shows_what_everybody_who_reads_it_there_may_see(sandbox: Sandbox, tmp_path: Path) -> None:
    """Other channels where everyone may read them just now; never closed ones, closed threads, or what is direct."""
    guild, database = sandbox.guild, tmp_path / "confab.db"
    staff = await guild.open_channel("staff")
    async with running(sandbox, database, across()):
        close(guild, staff, **{ENGINEERS: Overwrite(allow=SEEING)})
        closed = await guild.open_thread(GENERAL, "secret", ADA, private=True)
        guild.threads.join(guild.channels[closed], BOT_USER)
        places = {"swordfish": RANDOM, "salmon": staff, "herring": closed, "haddock": guild.direct(LINUS)}
        for word, place in places.items():
            await share(guild, place, word, LINUS if word == "haddock" else ADA)
        await share(guild, GENERAL, "tench")
        await indexed(database, 5)
        cases = {
            (GENERAL, ADA): {"swordfish", "tench"},
            (GENERAL, LINUS): {"swordfish", "tench"},
            (staff, GRACE): {"swordfish", "tench", "salmon"},
            (closed, ADA): {"swordfish", "tench", "herring"},
            (guild.direct(LINUS), LINUS): {"haddock"},
            (guild.direct(ADA), ADA): set[str](),
        }
        assert {case: await found(sandbox, *case) for case in cases} == cases
        room = guild.channels[RANDOM]
        room.overwrites[ENGINEERS] = Overwrite(deny=SEEING)  # some may not see it from now on
        guild.board.send(room, "CHANNEL_UPDATE", payloads.arrived(guild.roster, room), seen=True)
        assert await found(sandbox, GENERAL, LINUS) == {"tench"}


async def test_what_was_posted_goes_with_its_channel_thread_or_server(sandbox: Sandbox, tmp_path: Path) -> None:
    """Deleted, made private, or no longer seen by the bot; nothing of it is left to be found."""
    guild, database = sandbox.guild, tmp_path / "confab.db"
    other = await guild.open_channel("other")
    async with running(sandbox, database, across()):
        thread = await guild.open_thread(GENERAL, "plans", ADA)
        places = {"swordfish": RANDOM, "salmon": other, "herring": thread, "haddock": ENGINEERING, "tench": GENERAL}
        for word, place in places.items():
            await share(guild, place, word)
        await indexed(database, 5)
        close(guild, RANDOM)
        await guild.delete_channel(other)
        await guild.delete_channel(thread)
        await guild.permit(ENGINEERING, deny=SEEING)
        await wait_for_column(database, "SELECT name FROM sources", lambda all_: all_ == ["tench.md"])
        assert await found(sandbox, GENERAL) == {"tench"}
        assert not rows(database, "SELECT 1 FROM passage_words WHERE passage_words MATCH 'swordfish OR salmon'")
        await guild.send_event("GUILD_DELETE", {"id": guild.id})
        await wait_for_column(database, "SELECT name FROM sources", lambda all_: not all_)
    assert column(database, "SELECT count(*) FROM passages") == [0]
