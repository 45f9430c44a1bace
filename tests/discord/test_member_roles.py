"""Roles decide who is read and served, also where a message that was asked for does not tell them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bots.discord import member_roles
from core.moderation.access import AccessLists
from core.policy import ChannelSettings, Policies
from deploy.sandbox.discord.roster import ADA, BOT_ROLE, ENGINEERS, GENERAL, GRACE, RANDOM
from deploy.sandbox.wire.server import Sandbox
from tests.support.discord_bot import DiscordSetup, running
from tests.support.discord_room import answered, ask, mention, prompt
from tests.support.moderated import Moderated

SECRET = "the code is 4711"
DENIED = AccessLists(deny=frozenset({f"role:{BOT_ROLE}"}))


@asynccontextmanager
async def served(sandbox: Sandbox, tmp_path: Path, lists: AccessLists) -> AsyncIterator[None]:
    """Run a bot that reads channels and serves by lists; Grace has a role of her own."""
    sandbox.guild.limits_on = False
    grace = sandbox.guild.users[GRACE]
    sandbox.guild.users[GRACE] = replace(grace, roles=(*grace.roles, BOT_ROLE))
    setup = DiscordSetup(
        policies=Policies(ChannelSettings(channel_context=20)),
        moderation=Moderated(lists=lists, endpoint=False),
        needs_roles=any(each.startswith("role:") for each in (*lists.allow, *lists.deny)),
    )
    async with running(sandbox, tmp_path / "d.db", setup):
        yield


async def asked_beside(sandbox: Sandbox) -> str:
    """Let Grace tell a secret in each place that a question brings along; return all that the model was told."""
    guild = sandbox.guild
    for place in (GENERAL, RANDOM):
        await guild.say(place, SECRET, user=GRACE)
        await guild.say(place, "we ship on Friday", user=ADA)
    await ask(sandbox, "what is it?")
    thread = await guild.say(RANDOM, SECRET, user=GRACE)
    await guild.open_thread(RANDOM, "plan", ADA, thread)
    await guild.say(thread, SECRET, user=GRACE)
    await guild.say(thread, "we ship on Monday", user=ADA)
    await guild.say(thread, mention("what is it?"))
    await answered(sandbox, thread)
    said = await guild.say(GENERAL, SECRET, user=GRACE)
    await answered(sandbox, await guild.say(GENERAL, mention("true?"), reference=said))
    reference = {"type": 0, "message_id": said, "channel_id": GENERAL, "guild_id": guild.id}
    odd = {"content": mention("true?"), "type": 19, "message_reference": reference}
    await answered(sandbox, await guild.say_raw(GENERAL, odd, missing=["referenced_message"]))
    before = len(sandbox.model.requests)
    await guild.interact("Ask Confab about this", GENERAL, ADA, target=said)
    await sandbox.model.until(lambda: len(sandbox.model.requests) > before)
    return "\n".join(line for request in sandbox.model.requests for line in prompt(request))


async def test_nothing_is_read_of_whom_a_role_keeps_out(sandbox: Sandbox, tmp_path: Path) -> None:
    """In a channel, a thread, as what is replied to, and from a message's menu; nobody is asked about twice."""
    async with served(sandbox, tmp_path, DENIED):
        told = await asked_beside(sandbox)
    assert "4711" not in told
    assert "we ship on Friday" in told
    assert "we ship on Monday" in told
    assert sandbox.guild.gateway.member_requests <= 3  # the two, and the bot


async def test_whoever_may_be_kept_out_is_not_read(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Discord does not tell of roles in time; who asks is known by the question itself."""
    monkeypatch.setattr(member_roles, "PATIENCE", 0.05)
    sandbox.guild.faults.untold_members = True
    async with served(sandbox, tmp_path, DENIED):
        told = await asked_beside(sandbox)
    assert "4711" not in told


async def test_roles_are_asked_for_where_they_decide(sandbox: Sandbox, tmp_path: Path) -> None:
    """A list of people needs none."""
    async with served(sandbox, tmp_path, AccessLists(deny=frozenset({"user:1"}))):
        told = await asked_beside(sandbox)
    assert told.count("4711") >= 5
    assert sandbox.guild.gateway.member_requests == 0


@pytest.mark.parametrize(
    ("lists", "is_served"),
    [
        (AccessLists(allow=frozenset({f"role:{ENGINEERS}"})), True),
        (AccessLists(allow=frozenset({"role:1"})), False),
        (DENIED, False),
    ],
)
async def test_what_was_missed_is_answered_by_the_roles_of_who_asked(
    sandbox: Sandbox, tmp_path: Path, lists: AccessLists, *, is_served: bool
) -> None:
    """A channel's history tells none; who is not served reads so."""
    async with served(sandbox, tmp_path, lists):
        pass
    thread = await sandbox.guild.say(GENERAL, mention("are you there?"), user=GRACE)
    async with served(sandbox, tmp_path, lists):
        await answered(sandbox, thread)
    assert bool(sandbox.model.requests) == is_served
