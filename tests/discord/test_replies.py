"""How an answer is written in Discord: in parts, at a pace, without pinging anybody, whatever Discord does."""

import asyncio
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bots.discord.adapter import EDITS, EDITS_PER_SECOND
from bots.discord.outgoing import LONGEST
from bots.discord.places import ReplyHandle, handle_of
from bots.discord.reply import BLOCKED_NOTICE
from core.messages import Author, ConversationKey, Message
from deploy.sandbox.discord.nonces import Nonces
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.roster import ADA, ENGINEERS, GENERAL, GRACE
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.faults import Fault
from deploy.sandbox.wire.server import Sandbox
from tests.support.discord_bot import DiscordSetup, running
from tests.support.discord_room import answered, answers, ask, begun, calls, mention, nothing_happens, posts, shows

in_discord = pytest.mark.usefixtures("discord_bot")

PINGS = f"@everyone @here <@{GRACE}> <@!{ADA}> <@&{ENGINEERS}> wake up"
PARAGRAPHS = [f"Paragraph {n}: " + "word " * 60 for n in range(16)]
LONG = "\n\n".join(
    [*PARAGRAPHS[:8], "```python\n" + "\n".join(f"x{n} = {n}" for n in range(150)) + "\n```", *PARAGRAPHS[8:]]
)


@in_discord
async def test_nobody_is_pinged_when_it_is_posted(sandbox: Sandbox) -> None:
    """The bot may mention everyone here, and its text tries to."""
    sandbox.model.script.append(Reply(PINGS))
    thread = await ask(sandbox, "wake them")
    assert answers(sandbox, thread) == [PINGS]
    assert sandbox.guild.pings(posts(sandbox, thread)[0].id) == []


@in_discord
async def test_nobody_is_pinged_when_it_is_edited_or_split_over_two_pieces(sandbox: Sandbox) -> None:
    """An edit without allowed_mentions is read anew by Discord, with all defaults."""
    hold = asyncio.Event()
    half = PINGS.index("ryone")
    sandbox.model.script.append(Reply(pieces=(PINGS[:half], PINGS[half:]), hold=hold))
    thread = await ask(sandbox, "wake them")
    hold.set()
    await shows(sandbox, thread, PINGS)
    assert sandbox.guild.pings(posts(sandbox, thread)[0].id) == []
    assert calls(sandbox, "edit_message")[0]["allowed_mentions"] == {"parse": []}


@in_discord
async def test_a_reply_in_place_does_not_ping_who_asked(sandbox: Sandbox) -> None:
    """The sign above the answer is enough."""
    await sandbox.guild.permit(GENERAL, deny=Permission.CREATE_PUBLIC_THREADS)
    await sandbox.guild.say(GENERAL, mention("hi"))
    await answered(sandbox, GENERAL)
    assert sandbox.guild.pings(posts(sandbox, GENERAL)[0].id) == []


@in_discord
async def test_a_long_answer_arrives_whole_in_parts(sandbox: Sandbox) -> None:
    """Each has at most 2,000 characters; the code is closed and opened again, and no word is lost."""
    assert len(LONG) > 6_000
    sandbox.model.script.append(Reply(LONG))
    thread = await ask(sandbox, "write a lot")
    await sandbox.guild.until(lambda: "Paragraph 15" in "".join(answers(sandbox, thread)))
    parts = answers(sandbox, thread)
    assert all(len(part) <= LONGEST for part in parts)
    assert all(part.count("```") % 2 == 0 for part in parts)
    fences = re.compile(r"```(?:python)?\s*")
    assert fences.sub("", " ".join(parts)).split() == fences.sub("", LONG).split()


async def test_above_so_many_parts_the_rest_is_one_file(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nobody scrolls through twenty messages; the file holds what they would have said."""
    text = "\n\n".join(f"Paragraph {n}: " + "word " * 200 for n in range(12))
    async with running(sandbox, tmp_path / "d.db", DiscordSetup(parts=2)):
        sandbox.model.script.append(Reply(text))
        thread = await ask(sandbox, "write a lot")
        await sandbox.guild.until(lambda: len(posts(sandbox, thread)) == 3)
        first, second, file = posts(sandbox, thread)
        rest = file.attachments[0].content.decode()
        assert f"{first.content} {second.content} {rest}".split() == text.split()
        assert file.attachments[0].name == "answer.md"


async def test_a_file_that_grows_is_whole_in_the_end(sandbox: Sandbox, tmp_path: Path) -> None:
    """It is not sent anew for every word, but once more at the end."""
    pieces = ("\n\n".join(PARAGRAPHS), "\n\nlast words")
    hold = asyncio.Event()
    async with running(sandbox, tmp_path / "d.db", DiscordSetup(parts=1)):
        sandbox.model.script.append(Reply(pieces=pieces, hold=hold))
        thread = await ask(sandbox, "write a lot")
        await sandbox.guild.until(lambda: len(posts(sandbox, thread)) == 2)
        hold.set()
        await sandbox.guild.until(lambda: b"last words" in posts(sandbox, thread)[1].attachments[0].content)
        assert len(posts(sandbox, thread)) == 2


@in_discord
async def test_an_answer_grows_at_a_pace_within_the_limits_and_ends_right(sandbox: Sandbox) -> None:
    """No call is refused for its speed, and no edit repeats what stands there."""
    words = [f"word{n} " for n in range(40)]
    sandbox.model.script.append(Reply(pieces=tuple(words), tokens_per_second=20.0))
    thread = await ask(sandbox, "count")
    await shows(sandbox, thread, "".join(words).strip())
    contents = [str(body["content"]).strip() for body in calls(sandbox, "edit_message")]
    assert len(contents) == len(set(contents)) > 0
    assert [call for call in sandbox.guild.calls if call.status == 429] == []


@in_discord
async def test_what_looks_the_same_is_not_edited(sandbox: Sandbox) -> None:
    """Discord trims: white space at the end shows nothing new."""
    hold = asyncio.Event()
    sandbox.model.script.append(Reply(pieces=("all of it.", " \n"), hold=hold))
    thread = await ask(sandbox, "hi")
    hold.set()
    await sandbox.guild.say(thread, "and?")
    await answered(sandbox, thread, 2)
    assert calls(sandbox, "edit_message") == []


@in_discord
async def test_a_rate_limit_delays_and_loses_nothing(sandbox: Sandbox) -> None:
    """Posts and edits wait as long as Discord asks."""
    thread, hold = await begun(sandbox, "hi")
    sandbox.guild.faults.rate_limited["edit_message"] = time.monotonic() + 0.5
    hold.set()
    await shows(sandbox, thread, "so far and whole")
    sandbox.guild.faults.rate_limited["create_message"] = time.monotonic() + 0.5
    await sandbox.guild.say(thread, "and?")
    assert len(await answered(sandbox, thread, 2)) == 2


@pytest.mark.parametrize("fault", ["server_error", "dropped_reply", "reset"])
@in_discord
async def test_a_post_that_breaks_is_made_once(sandbox: Sandbox, fault: Fault) -> None:
    """A repetition under the same nonce finds what the first one did, if it did anything."""
    getattr(sandbox.guild.faults, fault)["create_message"] = 2
    sandbox.model.script.append(Reply("once"))
    thread = await ask(sandbox, "hi")
    await nobody_types()
    assert answers(sandbox, thread) == ["once"]


@pytest.mark.parametrize("fault", ["server_error", "dropped_reply", "reset"])
@pytest.mark.parametrize("route", ["edit_message", "start_thread_from_message", "trigger_typing_indicator"])
@in_discord
async def test_any_call_that_breaks_is_made_again(sandbox: Sandbox, fault: Fault, route: str) -> None:
    """discord.py repeats neither a 503 nor a connection that was lost."""
    getattr(sandbox.guild.faults, fault)[route] = 1
    thread, hold = await begun(sandbox, "hi")
    hold.set()
    await shows(sandbox, thread, "so far and whole")


@pytest.mark.prove  # it takes as long as Confab goes on trying
@in_discord
async def test_a_post_that_nobody_answers_for_long_is_looked_for_in_the_channel(sandbox: Sandbox) -> None:
    """By then Discord may have forgotten the nonce."""
    faults = sandbox.guild.faults
    faults.dropped_reply["create_message"] = 1
    sandbox.model.script.append(Reply("once"))
    thread = await ask(sandbox, "hi")
    faults.server_error["create_message"] = 5
    sandbox.guild.nonces = Nonces()
    await sandbox.guild.until(lambda: not faults.server_error["create_message"], timeout=60)
    await nothing_happens(sandbox, calls=1)
    assert answers(sandbox, thread) == ["once"]


@in_discord
async def test_a_text_that_the_server_blocks_is_answered_with_a_sentence(sandbox: Sandbox) -> None:
    """Automatic moderation blocks a post and an edit alike; the person learns of it, and the next turn goes on."""
    sandbox.guild.faults.blocked_words.add("darn")
    sandbox.model.script.extend([Reply("darn it"), Reply("sorry")])
    thread = await ask(sandbox, "swear")
    assert answers(sandbox, thread) == [BLOCKED_NOTICE]
    await sandbox.guild.say(thread, "and?")
    assert await answered(sandbox, thread, 2) == [BLOCKED_NOTICE, "sorry"]


@in_discord
async def test_an_edit_that_the_server_blocks_takes_the_part_back(sandbox: Sandbox) -> None:
    """What was shown before must not stand there as if it were all."""
    sandbox.guild.faults.blocked_words.add("darn")
    hold = asyncio.Event()
    sandbox.model.script.append(Reply(pieces=("well,", " darn it"), hold=hold))
    thread = await ask(sandbox, "swear")
    hold.set()
    await shows(sandbox, thread, BLOCKED_NOTICE)


@in_discord
async def test_a_thread_that_is_archived_meanwhile_is_opened_for_the_rest(sandbox: Sandbox) -> None:
    """An edit does not open it, as a message would."""
    thread, hold = await begun(sandbox, "hi")
    await sandbox.guild.archive(thread)
    hold.set()
    await shows(sandbox, thread, "so far and whole")


@in_discord
async def test_an_answer_that_somebody_deletes_is_not_put_back(sandbox: Sandbox) -> None:
    """Its other parts, and the next turn, go on."""
    thread, hold = await begun(sandbox, "hi")
    await sandbox.guild.delete(thread, posts(sandbox, thread)[0].id)
    hold.set()
    await sandbox.guild.say(thread, "and?")
    await sandbox.guild.until(lambda: len(sandbox.model.requests) == 2)
    assert len(await answered(sandbox, thread, 1)) == 1


@pytest.mark.parametrize("code", [50001, 50013, 50007, 160005])
@in_discord
async def test_a_refusal_ends_the_turn_and_the_next_goes_on(sandbox: Sandbox, code: int) -> None:
    """The log has the code; nothing can be shown where nothing may be written."""
    direct = sandbox.guild.direct(ADA)
    sandbox.guild.faults.codes["create_message"] = [code]
    await sandbox.guild.say(direct, "hi")
    await sandbox.guild.until(lambda: any(call.code == code for call in sandbox.guild.calls))
    await sandbox.guild.say(direct, "and now?")
    assert len(await answered(sandbox, direct)) == 1


@in_discord
async def test_it_types_until_the_answer_stands_and_no_longer(sandbox: Sandbox) -> None:
    """From the admission of the question, where it is asked and then where it is answered."""
    hold = asyncio.Event()
    sandbox.model.script.append(Reply("done", hold=hold, delay_first=0.0, pieces=("", "done")))
    direct = sandbox.guild.direct(ADA)
    await sandbox.guild.say(direct, "hi")
    await sandbox.guild.until(lambda: sandbox.guild.types(direct))
    hold.set()
    await shows(sandbox, direct, "done")
    assert not sandbox.guild.types(direct)


@in_discord
async def test_an_answer_waits_for_the_sign_that_it_takes_away(sandbox: Sandbox) -> None:
    """A slow call would else arrive after it, and show for ten seconds that somebody types who has finished."""
    sandbox.guild.faults.slow["trigger_typing_indicator"] = 0.4
    sandbox.model.script.append(Reply("There.", delay_first=0.4))  # while the call is under way
    direct = sandbox.guild.direct(ADA)
    await sandbox.guild.say(direct, "hi")
    await answered(sandbox, direct)
    await sandbox.guild.until(lambda: calls(sandbox, "trigger_typing_indicator"))
    assert not sandbox.guild.types(direct)


@in_discord
async def test_nobody_goes_on_typing(sandbox: Sandbox) -> None:
    """Neither for a question that was deleted while it waited, nor after a reply, nor after one that was refused."""
    thread, hold = await begun(sandbox, "first")
    assert typing() == [1]
    second = await sandbox.guild.say(thread, "second")
    await sandbox.guild.delete(thread, second)
    hold.set()
    await shows(sandbox, thread, "so far and whole")
    sandbox.guild.faults.codes["create_message"] = [50013]
    await sandbox.guild.say(thread, "third")
    await sandbox.guild.until(lambda: any(call.code == 50013 for call in sandbox.guild.calls))
    await nobody_types()


async def nobody_types() -> None:
    """Wait until every reply has ended."""
    async with asyncio.timeout(60):
        while typing():  # noqa: ASYNC110 - nothing tells of its end
            await asyncio.sleep(0.01)


def typing() -> list[int]:
    """Return one entry for each question for which somebody types."""
    shows = "TypingIndicator._show_typing"
    return [1 for task in asyncio.all_tasks() if getattr(task.get_coro(), "__qualname__", "") == shows]


async def test_an_answer_that_grows_fast_spends_no_more_edits_than_there_are(sandbox: Sandbox, tmp_path: Path) -> None:
    """However short the time between two of them is set."""
    sandbox.model.script.append(Reply("word " * 60, tokens_per_second=40.0))
    async with running(sandbox, tmp_path / "d.db", DiscordSetup(edit_interval=0.01)):
        thread = await ask(sandbox, "write")
        await sandbox.guild.until(lambda: answers(sandbox, thread) == [("word " * 60).strip()])
    edits = [call.at for call in sandbox.guild.calls if call.route == "edit_message"]
    assert 1 < len(edits) <= EDITS + 1 + EDITS_PER_SECOND * (edits[-1] - edits[0])


@pytest.mark.parametrize(("thread", "room"), [("7", "1"), ("", "1"), ("5", "5")])
def test_a_question_without_a_handle_is_answered_where_it_stands(thread: str, room: str) -> None:
    """Under itself in its channel, or in the thread that it goes on in; a copy put back without its keys has none."""
    asked = Message("7", ConversationKey("discord", "9", "1", thread), Author("2", "Ada"), "hello", 1.0, addressed=True)
    assert handle_of(asked) == ReplyHandle(room)
    assert handle_of(replace(asked, handle=str(ReplyHandle("3", "token")))) == ReplyHandle("3", "token")
