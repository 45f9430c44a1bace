"""Confab and Discord's gateway: what arrives twice, what was missed, what may be heard, and who is not let in."""

import asyncio
import threading
from pathlib import Path

import pytest
from discord.gateway import KeepAliveHandler

from bots.discord.calls import IntentNotEnabled, WrongToken
from bots.discord.client import intents_for
from core.errors import StartRefused
from deploy.sandbox.discord.intents import Intent
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.roster import ADA, ENGINEERING, GENERAL, GRACE, RANDOM
from deploy.sandbox.wire.server import Sandbox
from tests.support.database import column
from tests.support.discord_bot import DiscordBot, DiscordSetup, running
from tests.support.discord_room import answered, answers, ask, begun, mention, nothing_happens, posts, prompt, shows

in_discord = pytest.mark.usefixtures("discord_bot")


def session_intents(sandbox: Sandbox) -> Intent:
    """Return what the bot asked to hear."""
    return next(iter(sandbox.guild.gateway.sessions.values())).intents


@in_discord
async def test_an_event_that_arrives_twice_is_answered_once(sandbox: Sandbox) -> None:
    """In one session."""
    sandbox.guild.faults.deliveries = 3
    thread = await ask(sandbox, "once?")
    await nothing_happens(sandbox, calls=1)
    assert len(answers(sandbox, thread)) == 1


@in_discord
async def test_what_a_resumed_session_replays_is_answered_once(sandbox: Sandbox) -> None:
    """What was missed comes in order, and what had come before does not begin anew."""
    first = await ask(sandbox, "before")
    sandbox.guild.gateway.drop()
    await sandbox.guild.until(lambda: not sandbox.guild.connected)
    sandbox.guild.faults.deliveries = 2
    second = await sandbox.guild.say(GENERAL, mention("meanwhile"))
    assert len(await answered(sandbox, second)) == 1
    await nothing_happens(sandbox, calls=2)
    assert sandbox.guild.gateway.resumed == 1
    assert (len(answers(sandbox, first)), len(answers(sandbox, second))) == (1, 1)


async def missed(sandbox: Sandbox, thread: str) -> tuple[str, ...]:
    """Say something in two channels, a thread and a direct message; return where each is to be answered."""
    general = await sandbox.guild.say(GENERAL, mention("in general"))
    await sandbox.guild.say(RANDOM, "not for the bot")
    engineering = await sandbox.guild.say(ENGINEERING, mention("in engineering"), user=GRACE)
    await sandbox.guild.say(thread, "in the thread")
    direct = sandbox.guild.direct(ADA)
    await sandbox.guild.say(direct, "directly")
    return general, engineering, thread, direct


async def test_what_was_said_while_the_bot_was_down_is_answered_once(sandbox: Sandbox, tmp_path: Path) -> None:
    """Mentions, follow-ups, and direct messages of those whom it knows; a further start answers nothing again."""
    direct = sandbox.guild.direct(ADA)
    async with running(sandbox, tmp_path / "d.db"):
        thread = await ask(sandbox, "hi")
        await sandbox.guild.say(direct, "hi")
        await answered(sandbox, direct)
    places = await missed(sandbox, thread)
    async with running(sandbox, tmp_path / "d.db"):
        for place, number in zip(places, (1, 1, 2, 2), strict=True):
            await answered(sandbox, place, number)
        await nothing_happens(sandbox, calls=6)
    async with running(sandbox, tmp_path / "d.db"):
        await nothing_happens(sandbox, calls=7)
    assert [len(answers(sandbox, place)) for place in places] == [1, 1, 2, 2]


async def test_nothing_older_than_the_first_start_is_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    """Who invites the bot does not want last week's mentions answered."""
    await sandbox.guild.say(GENERAL, mention("before you came"))
    for number in range(2):
        async with running(sandbox, tmp_path / "d.db"):
            await nothing_happens(sandbox, calls=number)


@in_discord
async def test_what_was_missed_between_two_sessions_is_answered_once(sandbox: Sandbox) -> None:
    """A session that cannot be resumed replays nothing."""
    thread = await ask(sandbox, "hi")
    sandbox.guild.faults.refuse_sockets = True
    sandbox.guild.gateway.drop(resumable=False)
    await sandbox.guild.until(lambda: not sandbox.guild.connected)
    general = await sandbox.guild.say(GENERAL, mention("meanwhile"))
    await sandbox.guild.say(thread, "and?")
    sandbox.guild.faults.refuse_sockets = False
    await answered(sandbox, general)
    await answered(sandbox, thread, 2)
    await nothing_happens(sandbox, calls=3)


async def test_a_catch_up_that_breaks_off_begins_again_where_it_was(sandbox: Sandbox, tmp_path: Path) -> None:
    """The mark moves only when all of it was read: a bot that is stopped before reads it after its next start."""
    async with running(sandbox, tmp_path / "d.db"):
        await ask(sandbox, "hi")
    thread = await sandbox.guild.say(GENERAL, mention("meanwhile"))
    sandbox.guild.faults.server_error["get_channel_messages"] = 1_000
    async with running(sandbox, tmp_path / "d.db") as bot:
        await sandbox.guild.until(lambda: sandbox.guild.faults.server_error["get_channel_messages"] < 1_000)
        assert await bot.discord.is_ready()
    sandbox.guild.faults.clear()
    async with running(sandbox, tmp_path / "d.db"):
        await answered(sandbox, thread)
        await nothing_happens(sandbox, calls=2)


async def test_those_who_wait_longest_are_heard_first(sandbox: Sandbox, tmp_path: Path) -> None:
    """In whichever channels they wait."""
    async with running(sandbox, tmp_path / "d.db"):
        await ask(sandbox, "hi")
    said = [await sandbox.guild.say(channel, mention("me")) for channel in (GENERAL, RANDOM) * 3]
    async with running(sandbox, tmp_path / "d.db"):
        for each in said:
            await answered(sandbox, each)
    assert column(tmp_path / "d.db", "SELECT message_id FROM turns ORDER BY seq")[1:] == [str(each) for each in said]


async def test_a_channel_that_may_not_be_read_does_not_hold_up_the_others(sandbox: Sandbox, tmp_path: Path) -> None:
    """What is not shown to the bot, nobody expects it to answer."""
    async with running(sandbox, tmp_path / "d.db"):
        await ask(sandbox, "hi")
    await sandbox.guild.permit(GENERAL, deny=Permission.READ_MESSAGE_HISTORY)
    await sandbox.guild.say(GENERAL, mention("unread"))
    other = await sandbox.guild.say(RANDOM, mention("read"))
    async with running(sandbox, tmp_path / "d.db"):
        await answered(sandbox, other)
        await nothing_happens(sandbox, calls=2)


async def test_a_channel_that_discord_refuses_does_not_hold_up_the_others(sandbox: Sandbox, tmp_path: Path) -> None:
    """Whatever the rights in its own list say; and it is not asked for again."""
    async with running(sandbox, tmp_path / "d.db"):
        await ask(sandbox, "hi")
    await sandbox.guild.say(GENERAL, mention("unread"))
    other = await sandbox.guild.say(RANDOM, mention("read"))
    sandbox.guild.faults.error_status = 403
    sandbox.guild.faults.server_error["get_channel_messages"] = 1
    async with running(sandbox, tmp_path / "d.db"):
        await answered(sandbox, other)
        await nothing_happens(sandbox, calls=2)


async def test_a_follow_up_from_before_the_bot_came_is_not_answered_later(sandbox: Sandbox, tmp_path: Path) -> None:
    """In order: what was said in a thread before the mention was not said to it."""
    thread = await sandbox.guild.open_thread(GENERAL, "lunch")
    async with running(sandbox, tmp_path / "d.db"):
        await ask(sandbox, "hi", RANDOM)
    await sandbox.guild.say(thread, "where?", user=GRACE)
    await sandbox.guild.say(thread, mention("do you know?"))
    async with running(sandbox, tmp_path / "d.db"):
        await answered(sandbox, thread)
        await nothing_happens(sandbox, calls=2)


async def test_many_missed_messages_are_read_page_by_page(sandbox: Sandbox, tmp_path: Path) -> None:
    """More than Discord gives in one call, oldest first."""
    async with running(sandbox, tmp_path / "d.db"):
        await ask(sandbox, "hi", RANDOM)
    for number in range(130):
        await sandbox.guild.say(GENERAL, f"talk {number}")
    thread = await sandbox.guild.say(GENERAL, mention("and you?"))
    async with running(sandbox, tmp_path / "d.db"):
        await answered(sandbox, thread)


@pytest.mark.prove  # it takes as long as Confab goes on trying to read
async def test_a_catch_up_that_broke_off_is_made_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without a restart, once Discord answers."""
    async with running(sandbox, tmp_path / "d.db"):
        await ask(sandbox, "hi")
    thread = await sandbox.guild.say(GENERAL, mention("meanwhile"))
    sandbox.guild.faults.server_error["get_channel_messages"] = 6
    async with running(sandbox, tmp_path / "d.db"):
        await sandbox.guild.until(lambda: answers(sandbox, thread), timeout=60)


async def test_what_discord_changes_by_itself_asks_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """A thread or a preview changes a message, and its author has said nothing new."""
    question = await sandbox.guild.say(GENERAL, mention("before you came"))
    async with running(sandbox, tmp_path / "d.db"):
        await sandbox.guild.open_thread(GENERAL, "a thread", post=question)
        await nothing_happens(sandbox)


async def test_without_the_intent_mentions_and_direct_messages_are_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    """No privileged intent is asked for where the application's switch is off; follow-ups arrive empty."""
    sandbox.guild.message_content = False
    async with running(sandbox, tmp_path / "d.db"):
        assert Intent.MESSAGE_CONTENT not in session_intents(sandbox)
        thread = await ask(sandbox, "hi")
        await sandbox.guild.say(thread, "and?")
        await nothing_happens(sandbox, calls=1)
        await sandbox.guild.say(thread, mention("and?"))
        await answered(sandbox, thread, 2)
        await sandbox.guild.say(thread, "why?", reference=posts(sandbox, thread)[0].id)
        await answered(sandbox, thread, 3)
        assert prompt(sandbox.model.requests[-1])[-1] == "why?"


async def test_the_intent_is_asked_for_where_its_switch_is_on(sandbox: Sandbox, discord_bot: DiscordBot) -> None:
    """The application's flags say so beforehand."""
    assert Intent.MESSAGE_CONTENT in session_intents(sandbox)
    assert await discord_bot.discord.is_ready()


async def test_a_setting_can_leave_the_intent_out(sandbox: Sandbox, tmp_path: Path) -> None:
    """Whatever the switch says."""
    async with running(sandbox, tmp_path / "d.db", DiscordSetup(message_content="off")):
        assert Intent.MESSAGE_CONTENT not in session_intents(sandbox)


async def test_a_missing_intent_ends_with_a_sentence_that_names_the_switch(sandbox: Sandbox, tmp_path: Path) -> None:
    """Where the setting insists on it."""
    sandbox.guild.message_content = False
    with pytest.raises(IntentNotEnabled, match="Message Content Intent"):
        async with running(sandbox, tmp_path / "d.db", DiscordSetup(message_content="on")):
            pass


async def test_a_wrong_token_ends_with_a_sentence_that_says_where_to_get_one(sandbox: Sandbox, tmp_path: Path) -> None:
    """And does not repeat the token."""
    with pytest.raises(WrongToken, match="Reset Token") as refusal:
        async with running(sandbox, tmp_path / "d.db", DiscordSetup(token="no.such.token")):
            pass
    assert "no.such.token" not in str(refusal.value)
    assert {IntentNotEnabled.status, WrongToken.status} == {76, 77}


async def test_a_switch_that_is_turned_off_while_the_bot_runs_ends_it(
    sandbox: Sandbox, discord_bot: DiscordBot
) -> None:
    """At the next session Discord refuses the intent; a restart would ask for less."""
    sandbox.guild.message_content = False
    sandbox.guild.gateway.drop(resumable=False)
    with pytest.raises(StartRefused):
        await discord_bot.discord.wait_until_lost()


async def test_several_shards_are_used_where_discord_recommends_them(sandbox: Sandbox, tmp_path: Path) -> None:
    """Ready means that all of them hear, and an answer is given once."""
    sandbox.guild.gateway.shards = 2
    async with running(sandbox, tmp_path / "d.db") as bot:
        assert await bot.discord.is_ready()
        assert sandbox.guild.connected == 2
        await ask(sandbox, "hi")
        await nothing_happens(sandbox, calls=1)


@in_discord
async def test_an_answer_under_way_survives_a_lost_session(sandbox: Sandbox) -> None:
    """Answers go by REST, whatever becomes of the gateway."""
    thread, hold = await begun(sandbox, "hi")
    sandbox.guild.gateway.invalidate()
    await sandbox.guild.until(lambda: sandbox.guild.gateway.sessions)
    hold.set()
    await shows(sandbox, thread, "so far and whole")
    await nothing_happens(sandbox, calls=1)


async def test_a_bot_that_cannot_connect_can_be_stopped(sandbox: Sandbox, tmp_path: Path) -> None:
    """However long discord.py means to wait before it tries again."""
    async with asyncio.timeout(60):
        async with running(sandbox, tmp_path / "d.db"):
            sandbox.guild.faults.refuse_sockets = True
            for _ in range(3):
                sandbox.guild.gateway.drop()
            await sandbox.guild.until(lambda: not sandbox.guild.connected)
            await asyncio.sleep(1)  # it tries, and fails, and waits


async def test_what_is_being_answered_when_the_bot_stops_is_finished(sandbox: Sandbox, tmp_path: Path) -> None:
    """It hears nothing new, and answers that after its next start."""
    async with running(sandbox, tmp_path / "d.db") as bot:
        thread, hold = await begun(sandbox, "hi")
        await bot.discord.stop()
        await sandbox.guild.say(thread, "and?")
        hold.set()
        await bot.worker.stop(5.0)
        assert answers(sandbox, thread) == ["so far and whole"]
    async with running(sandbox, tmp_path / "d.db"):
        await answered(sandbox, thread, 2)


def test_no_privileged_intent_is_asked_for_unless_it_is_said() -> None:
    """Mentions and direct messages need none."""
    asked = intents_for(message_content=False)
    assert (asked.message_content, asked.members, asked.presences) == (False, False, False)


async def test_a_stop_in_the_midst_of_the_start_leaves_neither_a_connection_nor_a_thread(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """As soon as the gateway knows of it, before it hears anything."""
    starting = asyncio.create_task(running(sandbox, tmp_path / "confab.db").__aenter__())
    await sandbox.guild.until(lambda: sandbox.guild.connected)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await sandbox.guild.until(lambda: not sandbox.guild.connected)
    assert not [each for each in threading.enumerate() if isinstance(each, KeepAliveHandler)]
