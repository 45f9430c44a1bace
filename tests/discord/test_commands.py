"""Slash commands and the message menu in Discord, answered where Discord promises an answer."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bots.discord.commands import MENU
from core.commands import DONE
from deploy.sandbox.discord.posts import Flag, Post
from deploy.sandbox.discord.roster import ADA, GENERAL, GRACE
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.discord_bot import DiscordSetup, running
from tests.support.discord_room import answered, answers, ask, begun, nothing_happens, posts, prompt, shows

in_discord = pytest.mark.usefixtures("discord_bot")


async def test_commands_are_registered_once_and_again_only_when_they_change(sandbox: Sandbox, tmp_path: Path) -> None:
    """Discord takes two hundred creates a day, and a restart is none of them."""
    for _ in range(2):
        async with running(sandbox, tmp_path / "d.db"):
            pass
    assert (
        len([call for call in sandbox.guild.calls if call.route == "bulk_overwrite_global_application_commands"]) == 1
    )
    names = {command["name"] for command in sandbox.guild.interactions.global_commands.values()}
    assert names == {"ask", "stop", "reset", "memory", "persona", "forget-this", "help", "confab", MENU}


async def test_a_start_goes_on_where_commands_cannot_be_registered(sandbox: Sandbox, tmp_path: Path) -> None:
    """They are registered at the next one."""
    sandbox.guild.faults.codes["bulk_overwrite_global_application_commands"] = [30034]
    async with running(sandbox, tmp_path / "d.db"):
        await ask(sandbox, "hi")
    async with running(sandbox, tmp_path / "d.db"):
        assert sandbox.guild.interactions.global_commands


@in_discord
async def test_ask_is_answered_in_place_of_the_promise_and_goes_on_by_reply(sandbox: Sandbox) -> None:
    """The promise is made at once, and the answer stands where it stood."""
    sandbox.model.script.extend([Reply("one"), Reply("two")])
    used = await sandbox.guild.interact("ask", GENERAL, options={"question": "what did we decide?"})
    await shows(sandbox, GENERAL, "one")
    assert posts(sandbox, GENERAL)[0].id == used.original
    assert Flag.LOADING not in posts(sandbox, GENERAL)[0].flags
    await sandbox.guild.say(GENERAL, "and?", user=GRACE, reference=used.original)
    await shows(sandbox, GENERAL, "one", "two")
    assert prompt(sandbox.model.requests[1]) == ["Ada Lovelace: what did we decide?", "one", "Grace Hopper: and?"]


@in_discord
async def test_a_long_answer_to_a_command_goes_on_in_the_channel(sandbox: Sandbox) -> None:
    """The promise holds the first part, and grows like any message."""
    text = "\n\n".join(f"Paragraph {n}: " + "word " * 100 for n in range(8))
    sandbox.model.script.append(Reply(text, tokens_per_second=2000.0))
    used = await sandbox.guild.interact("ask", GENERAL, options={"question": "write"})
    await sandbox.guild.until(lambda: "".join(" ".join(answers(sandbox, GENERAL)).split()) == "".join(text.split()))
    assert posts(sandbox, GENERAL)[0].id == used.original
    assert len(posts(sandbox, GENERAL)) > 1


@in_discord
async def test_an_answer_that_takes_longer_than_its_token_lives_goes_to_the_channel(sandbox: Sandbox) -> None:
    """Discord forgets an interaction after a quarter of an hour."""
    sandbox.guild.interactions.token_life = 0.0
    sandbox.model.script.append(Reply("late"))
    used = await sandbox.guild.interact("ask", GENERAL, options={"question": "think long"})
    await sandbox.guild.until(lambda: answers(sandbox, GENERAL)[1:] == ["late"])
    assert posts(sandbox, GENERAL)[1].id != used.original


@in_discord
async def test_commands_pings_nobody(sandbox: Sandbox) -> None:
    """An interaction's answer is read for mentions of people unless it says otherwise."""
    sandbox.model.script.append(Reply(f"<@{GRACE}> @everyone"))
    used = await sandbox.guild.interact("ask", GENERAL, options={"question": "wake them"})
    await shows(sandbox, GENERAL, f"<@{GRACE}> @everyone")
    assert sandbox.guild.pings(used.original) == []


@in_discord
@pytest.mark.parametrize("question", [("ask", {"question": "where?"}), ("help", None), ("stop", None)])
async def test_no_answer_to_a_command_shows_a_preview(sandbox: Sandbox, question: tuple[str, dict[str, str]]) -> None:
    """Discord would fetch what a link names, and show its pictures under the bot's name."""
    sandbox.model.script.append(Reply("https://example.com/ " * 150))
    await sandbox.guild.interact(question[0], GENERAL, options=question[1])
    await sandbox.guild.until(lambda: all(answers(sandbox, GENERAL)) and bool(posts(sandbox, GENERAL)))
    assert all(Flag.SUPPRESS_EMBEDS in post.flags for post in posts(sandbox, GENERAL))


@in_discord
async def test_the_menu_asks_about_a_message(sandbox: Sandbox) -> None:
    """In a thread the conversation goes on with it."""
    thread = await ask(sandbox, "hi")
    said = await sandbox.guild.say(thread, f"<@{GRACE}> we ship on Friday", user=ADA)
    sandbox.model.script.append(Reply("good"))
    await sandbox.guild.interact(MENU, thread, user=GRACE, target=said)
    await sandbox.guild.until(lambda: answers(sandbox, thread)[1:] == ["good"])
    asked = "What do you say to this message by Ada Lovelace?\n> @Grace Hopper we ship on Friday"
    assert prompt(sandbox.model.requests[1])[-1] == f"Grace Hopper: {asked}"


@in_discord
async def test_stop_in_a_thread_ends_the_answer_there(sandbox: Sandbox) -> None:
    """What was visible stays, with a word that it was stopped."""
    thread, _ = await begun(sandbox, "hi")
    await sandbox.guild.interact("stop", thread)
    await sandbox.guild.until(lambda: DONE["stop"] in answers(sandbox, thread))
    assert answers(sandbox, thread)[0].startswith("so far")
    await sandbox.model.until(lambda: sandbox.model.requests[0].aborted)


@in_discord
async def test_reset_in_a_direct_message_forgets_it(sandbox: Sandbox) -> None:
    """The next question begins anew."""
    direct = sandbox.guild.direct(ADA)
    await sandbox.guild.say(direct, "the password is swordfish")
    await answered(sandbox, direct)
    await sandbox.guild.interact("reset", direct)
    await sandbox.guild.until(lambda: DONE["reset"] in answers(sandbox, direct))
    await sandbox.guild.say(direct, "go on")
    await answered(sandbox, direct, 3)
    assert prompt(sandbox.model.requests[1]) == ["go on"]


@pytest.mark.parametrize("command", ["stop", "reset", "help"])
@in_discord
async def test_a_command_that_has_no_conversation_says_so_to_one_person(sandbox: Sandbox, command: str) -> None:
    """In a channel there is nothing to stop or to forget; help is always there."""
    used = await sandbox.guild.interact(command, GENERAL)
    await sandbox.guild.until(lambda: used.original)
    assert posts(sandbox, GENERAL)[0].seen_by == ADA
    await nothing_happens(sandbox)


async def test_an_answer_to_a_command_is_finished_after_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its token waits with the question."""
    async with running(sandbox, tmp_path / "d.db", DiscordSetup(grace=0.0)):
        sandbox.model.script.append(Reply(pieces=("so far", " and more"), tokens_per_second=1.0))
        used = await sandbox.guild.interact("ask", GENERAL, options={"question": "hi"})
        await shows(sandbox, GENERAL, "so far")
    async with running(sandbox, tmp_path / "d.db"):
        await sandbox.guild.until(lambda: len(sandbox.model.requests) == 2)
        await sandbox.guild.until(lambda: answers(sandbox, GENERAL) != ["so far"])
    assert [post.id for post in posts(sandbox, GENERAL)] == [used.original]


@in_discord
async def test_what_is_longer_than_a_message_is_told_in_a_file(sandbox: Sandbox) -> None:
    """All of what is kept of somebody, shown to them alone."""
    for number in range(3):
        sandbox.model.script.append(Reply(f"answer {number} " + "word " * 300))
        await ask(sandbox, f"question {number}")
    used = await sandbox.guild.interact("confab export-me", GENERAL)
    await sandbox.guild.until(lambda: used.original in said(sandbox) and said(sandbox)[used.original].attachments)
    post = said(sandbox)[used.original]
    told = post.attachments[0].content.decode()
    assert all(f"answer {number} " in told for number in range(2))  # the last may not be kept yet
    assert (post.attachments[0].name, post.seen_by) == ("export-me.md", ADA)


def said(sandbox: Sandbox) -> Mapping[str, Post]:
    """Return every post in the channel by its id, those that one person alone sees among them."""
    return sandbox.guild.channels[GENERAL].posts
