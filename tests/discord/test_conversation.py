"""Confab in Discord, seen from a channel: what wakes it, what it leaves alone, and where it answers."""

import asyncio
from pathlib import Path

import pytest

from core.policy import ChannelSettings, Policies
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.posts import Kind, Post
from deploy.sandbox.discord.roster import ADA, BOT_ROLE, BOT_USER, ENGINEERS, GENERAL, GRACE, OTHER_BOT_USER, RANDOM
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.discord_bot import DiscordBot, DiscordSetup, running
from tests.support.discord_room import answered, answers, ask, mention, nothing_happens, posts, prompt

in_discord = pytest.mark.usefixtures("discord_bot")


@in_discord
async def test_a_mention_is_answered_in_a_thread_that_it_opens(sandbox: Sandbox) -> None:
    """The channel has nothing but the question, whose first words are the thread's name."""
    sandbox.model.script.append(Reply("To ship on **Friday**."))
    thread = await sandbox.guild.say(GENERAL, mention("what did we decide?"))
    assert await answered(sandbox, thread) == ["To ship on **Friday**."]
    assert [post.content for post in sandbox.guild.posts(GENERAL)] == [mention("what did we decide?")]
    assert sandbox.guild.channels[thread].name == "what did we decide?"
    assert prompt(sandbox.model.requests[0]) == ["what did we decide?"]


@in_discord
async def test_a_thread_goes_on_without_a_new_mention(sandbox: Sandbox) -> None:
    """Once the bot takes part, what is said there is said to it, and it remembers."""
    sandbox.model.script.extend([Reply("one"), Reply("two")])
    thread = await ask(sandbox, "first")
    await sandbox.guild.say(thread, "second", user=GRACE)
    assert await answered(sandbox, thread, 2) == ["one", "two"]
    assert prompt(sandbox.model.requests[1]) == ["Ada Lovelace: first", "one", "Grace Hopper: second"]


@in_discord
async def test_a_direct_message_is_one_conversation(sandbox: Sandbox) -> None:
    """It needs no mention, and everything said there is remembered."""
    sandbox.model.script.extend([Reply("hello"), Reply("again")])
    direct = sandbox.guild.direct(ADA)
    await sandbox.guild.say(direct, "hi")
    assert await answered(sandbox, direct) == ["hello"]
    await sandbox.guild.say(direct, "and?")
    assert await answered(sandbox, direct, 2) == ["hello", "again"]
    assert prompt(sandbox.model.requests[1]) == ["hi", "hello", "and?"]


async def test_a_setting_answers_in_place_and_goes_on_by_reply(sandbox: Sandbox, tmp_path: Path) -> None:
    """No thread is opened; whoever replies to any part of an answer, in the channel, goes on with it."""
    async with running(
        sandbox, tmp_path / "d.db", DiscordSetup(policies=Policies(ChannelSettings(threads=False, channel_context=0)))
    ):
        sandbox.model.script.extend([Reply("one"), Reply("two"), Reply("three")])
        question = await sandbox.guild.say(GENERAL, mention("first"))
        assert await answered(sandbox, GENERAL) == ["one"]
        first = posts(sandbox, GENERAL)[0]
        assert first.reference is not None
        assert first.reference.post == question
        await sandbox.guild.say(GENERAL, "second", user=GRACE, reference=first.id, ping_replied=False)
        assert await answered(sandbox, GENERAL, 2) == ["one", "two"]
        await sandbox.guild.say(GENERAL, "third", reference=posts(sandbox, GENERAL)[1].id)
        assert await answered(sandbox, GENERAL, 3) == ["one", "two", "three"]
        assert prompt(sandbox.model.requests[2])[-3:] == ["Grace Hopper: second", "two", "Ada Lovelace: third"]
        assert not sandbox.guild.thread_of(question)


async def test_a_second_mention_in_place_begins_anew(sandbox: Sandbox, tmp_path: Path) -> None:
    """It is another conversation."""
    async with running(
        sandbox, tmp_path / "d.db", DiscordSetup(policies=Policies(ChannelSettings(threads=False, channel_context=0)))
    ):
        for number, text in enumerate(("first", "second"), 1):
            await sandbox.guild.say(GENERAL, mention(text))
            await answered(sandbox, GENERAL, number)
        assert prompt(sandbox.model.requests[1]) == ["second"]


async def test_a_channel_can_differ_from_the_setting(sandbox: Sandbox, tmp_path: Path) -> None:
    """One channel has threads, the others have not."""
    setup = DiscordSetup(
        policies=Policies(ChannelSettings(threads=False, channel_context=0), {RANDOM: ChannelSettings(threads=True)})
    )
    async with running(sandbox, tmp_path / "d.db", setup):
        assert await ask(sandbox, "hi", RANDOM)
        await sandbox.guild.say(GENERAL, mention("hi"))
        await answered(sandbox, GENERAL)


@pytest.mark.parametrize("right", [Permission.CREATE_PUBLIC_THREADS, Permission.SEND_MESSAGES_IN_THREADS])
@in_discord
async def test_without_the_right_to_open_threads_it_answers_in_place(sandbox: Sandbox, right: Permission) -> None:
    """The answer is worth more than its place."""
    await sandbox.guild.permit(GENERAL, deny=right)
    await sandbox.guild.say(GENERAL, mention("hi"))
    assert len(await answered(sandbox, GENERAL)) == 1


@in_discord
async def test_a_refusal_to_open_a_thread_leads_to_an_answer_in_place(sandbox: Sandbox) -> None:
    """Discord knows of rights that the bot does not."""
    sandbox.guild.faults.codes["start_thread_from_message"] = [50013]
    await sandbox.guild.say(GENERAL, mention("hi"))
    assert len(await answered(sandbox, GENERAL)) == 1


@in_discord
async def test_a_thread_that_somebody_opened_from_the_question_is_the_one(sandbox: Sandbox) -> None:
    """The second opening is refused (160004), and the answer stands in the first."""
    sandbox.guild.faults.slow["start_thread_from_message"] = 0.2
    thread = await sandbox.guild.say(GENERAL, mention("hi"))
    await sandbox.guild.open_thread(GENERAL, "mine", post=thread)
    assert len(await answered(sandbox, thread)) == 1
    await nothing_happens(sandbox, calls=1)
    assert sandbox.guild.channels[thread].name == "mine"


@in_discord
async def test_a_mention_in_a_thread_of_others_is_answered_there(sandbox: Sandbox) -> None:
    """Only a mention brings it in."""
    thread = await sandbox.guild.open_thread(GENERAL, "lunch")
    await sandbox.guild.say(thread, "where?", user=GRACE)
    await nothing_happens(sandbox)
    await sandbox.guild.say(thread, mention("where?"))
    assert len(await answered(sandbox, thread)) == 1
    await sandbox.guild.say(thread, "and when?", user=GRACE)
    assert len(await answered(sandbox, thread, 2)) == 2


@pytest.mark.parametrize(
    "text", ["@everyone look", "@here look", "hello", "Confab?", f"<@{GRACE}> hi", f"<@&{BOT_ROLE}> hi", "`<@1>`"]
)
@in_discord
async def test_what_does_not_mention_the_bot_does_not_wake_it(sandbox: Sandbox, text: str) -> None:
    """Channels are for people."""
    await sandbox.guild.say(GENERAL, text)
    await nothing_happens(sandbox)


async def test_a_setting_lets_a_mention_of_its_role_wake_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its own role alone, and never everyone's."""
    async with running(sandbox, tmp_path / "d.db", DiscordSetup(roles=True)):
        await sandbox.guild.say(GENERAL, "@everyone hi")
        await sandbox.guild.say(GENERAL, f"<@&{ENGINEERS}> hi")
        await nothing_happens(sandbox)
        thread = await sandbox.guild.say(GENERAL, f"<@&{BOT_ROLE}> hi")
        assert len(await answered(sandbox, thread)) == 1


@in_discord
async def test_other_bots_and_itself_do_not_wake_it(sandbox: Sandbox) -> None:
    """Two bots in a thread would never stop."""
    await sandbox.guild.say(GENERAL, mention("from a bot"), user=OTHER_BOT_USER)
    sandbox.model.script.append(Reply(f"I am <@{BOT_USER}>"))
    thread = await ask(sandbox, "who are you?")
    await sandbox.guild.say(thread, "build failed", user=OTHER_BOT_USER)
    await nothing_happens(sandbox, calls=1)


@in_discord
async def test_discords_own_words_do_not_wake_it(sandbox: Sandbox) -> None:
    """A system message has a person for its author, and says what they did."""
    thread = await ask(sandbox, "hi")
    told = Post(sandbox.guild.snowflakes.next(), thread, ADA, "a new name", Kind.THREAD_CREATED)
    sandbox.guild.board.publish(told, {})
    await nothing_happens(sandbox, calls=1)


@in_discord
async def test_a_follow_up_for_somebody_else_is_not_for_the_bot(sandbox: Sandbox) -> None:
    """People may talk to each other in its threads, by mention or by reply."""
    thread = await ask(sandbox, "hi")
    await sandbox.guild.say(thread, f"<@{GRACE}> what do you think?")
    await nothing_happens(sandbox, calls=1)
    said = await sandbox.guild.say(thread, f"<@{GRACE}> and <@{BOT_USER}>, you?")
    await answered(sandbox, thread, 2)
    await sandbox.guild.say(thread, "I think so too", user=GRACE, reference=said)
    await nothing_happens(sandbox, calls=3)
    assert prompt(sandbox.model.requests[2])[-1] == "@Grace Hopper and, you?"


async def test_a_channel_can_be_set_to_need_a_mention_every_time(sandbox: Sandbox, tmp_path: Path) -> None:
    """Follow-ups are a setting, also for one channel alone."""
    setup = DiscordSetup(policies=Policies(ChannelSettings(), {GENERAL: ChannelSettings(follow_ups=False)}))
    async with running(sandbox, tmp_path / "d.db", setup):
        thread = await ask(sandbox, "hi")
        await sandbox.guild.say(thread, "and?")
        await nothing_happens(sandbox, calls=1)
        other = await ask(sandbox, "hi", RANDOM)
        await sandbox.guild.say(other, "and?")
        await answered(sandbox, other, 2)


@in_discord
async def test_a_reply_to_the_bot_is_for_the_bot(sandbox: Sandbox) -> None:
    """Also where its author switched the mention off."""
    own = await ask(sandbox, "hi")
    await sandbox.guild.say(own, "why?", reference=posts(sandbox, own)[0].id, ping_replied=False)
    assert len(await answered(sandbox, own, 2)) == 2


@in_discord
async def test_what_is_forwarded_is_read(sandbox: Sandbox) -> None:
    """A forward has its text in a snapshot, and none of its own."""
    said = await sandbox.guild.say(GENERAL, "we ship on Friday\nat noon", user=GRACE)
    direct = sandbox.guild.direct(ADA)
    await sandbox.guild.forward(direct, GENERAL, said)
    await answered(sandbox, direct)
    assert prompt(sandbox.model.requests[0]) == [
        "Ada Lovelace: Forwarded:\n> we ship on Friday\n> at noon\n\nThe forwarded message is by Grace Hopper."
    ]


@in_discord
async def test_names_stand_in_place_of_ids(sandbox: Sandbox) -> None:
    """People, roles and channels are read as they are shown, and the bot's own mention is left out."""
    await ask(sandbox, f"did <@!{GRACE}> tell <@&{ENGINEERS}> in <#{RANDOM}>? <a:wave:123>")
    told = prompt(sandbox.model.requests[0])
    assert told == ["Ada Lovelace: did @Grace Hopper tell @engineers in #random? :wave:"]


@in_discord
async def test_a_text_file_is_read(sandbox: Sandbox) -> None:
    """Files come from Discord's CDN, which is here the sandbox's own."""
    notes = sandbox.guild.attach("notes.txt", b"beta on Thursday", "text/plain")
    await sandbox.guild.say(GENERAL, mention("what do the notes say?"), attachments=[notes])
    await sandbox.model.until(lambda: sandbox.model.requests)
    assert "beta on Thursday" in prompt(sandbox.model.requests[0])[0]


@in_discord
async def test_five_messages_at_once_in_one_thread_are_answered_in_order(sandbox: Sandbox) -> None:
    """Nobody is overlooked, and nobody overtakes."""
    sandbox.guild.limits_on = False
    sandbox.model.script.append(Reply("ready"))
    thread = await ask(sandbox, "listen")
    sandbox.model.script.extend(Reply(f"answer {n}", delay_first=0.05) for n in range(5))
    for number in range(5):
        await sandbox.guild.say(thread, f"question {number}")
    assert await answered(sandbox, thread, 6) == ["ready", *(f"answer {n}" for n in range(5))]
    assert prompt(sandbox.model.requests[5])[-1] == "question 4"


@in_discord
async def test_two_threads_do_not_wait_for_each_other(sandbox: Sandbox) -> None:
    """While one answer hangs, another is given."""
    hold = asyncio.Event()
    sandbox.model.script.extend([Reply("slow", pieces=("slow", " one"), hold=hold), Reply("quick")])
    slow = await sandbox.guild.say(GENERAL, mention("think long"))
    await sandbox.model.until(lambda: len(sandbox.model.requests) == 1)
    quick = await ask(sandbox, "be quick")
    assert answers(sandbox, quick) == ["quick"]
    hold.set()
    await sandbox.guild.until(lambda: answers(sandbox, slow) == ["slow one"])


async def test_health_says_ready_when_events_can_arrive(sandbox: Sandbox, discord_bot: DiscordBot) -> None:
    """And not while the connection is lost."""
    assert await discord_bot.discord.is_ready()
    sandbox.guild.faults.refuse_sockets = True
    sandbox.guild.gateway.drop()
    await sandbox.guild.until(lambda: not sandbox.guild.connected)
    async with asyncio.timeout(30):
        while await discord_bot.discord.is_ready():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    sandbox.guild.faults.refuse_sockets = False
