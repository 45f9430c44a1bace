"""What stands in front of a person on Discord when they ask stands in front of the model: replies, forwards, embeds."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from core.commands import DONE
from core.policy import ChannelSettings, Policies
from deploy.sandbox.discord.mentions import ANYBODY
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.roster import ADA, BOT_USER, GENERAL, GRACE, OTHER_BOT_USER, RANDOM
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.raw import RawFields
from deploy.sandbox.wire.server import Sandbox
from tests.support.discord_bot import DiscordSetup, running
from tests.support.discord_room import (
    answered,
    answers,
    ask,
    begun,
    calls,
    mention,
    nothing_happens,
    posts,
    prompt,
    shows,
)
from tests.support.moderated import Moderated

in_discord = pytest.mark.usefixtures("discord_bot")

POLL = {
    "question": {"text": "Where do we meet?"},
    "answers": [{"answer_id": 1, "poll_media": {"text": "Here"}}, {"answer_id": 2, "poll_media": {"text": "There"}}],
    "expiry": "2026-12-24T00:00:00+00:00",
    "allow_multiselect": False,
    "layout_type": 1,
}
ALERT: dict[str, Any] = {
    "type": "rich",
    "author": {"name": "Grafana"},
    "title": "Disk full",
    "description": "db-1 at 97 %",
    "fields": [{"name": "Region", "value": "eu-1", "inline": True}],
    "footer": {"text": "since 9:41"},
}
CARD: list[dict[str, Any]] = [
    {"type": 17, "components": [{"type": 10, "content": "**Build 512** failed"}, {"type": 14}]},
    {
        "type": 9,
        "components": [{"type": 10, "content": "step: lint"}],
        "accessory": {"type": 2, "style": 5, "label": "Open", "url": "https://ci.example"},
    },
    {
        "type": 9,
        "components": [{"type": 10, "content": "see"}],
        "accessory": {"type": 11, "media": {"url": "https://ci.example/a.png"}, "description": "a red build"},
    },
    {"type": 12, "items": [{"media": {"url": "https://ci.example/b.png"}, "description": "load of db-1"}]},
]
STICKER = {"id": "9", "name": "Party Parrot", "format_type": 1}
BUTTONS: list[dict[str, Any]] = [
    {"type": 2, "style": 1, "label": "Ship it", "custom_id": "x"},
    {"type": 3, "custom_id": "y", "placeholder": "Which one?", "options": [{"label": "This", "value": "1"}]},
]
BARE_APP = {"id": "1", "description": "", "icon": None}
SHAPES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "text": ({"content": "we ship on Friday"}, ("we ship on Friday",)),
    "embed": (
        {"content": "", "embeds": [ALERT]},
        ("Grafana", "Disk full", "db-1 at 97 %", "Region: eu-1", "since 9:41"),
    ),
    "components": (
        {"content": "", "components": CARD, "flags": 1 << 15},
        ("**Build 512** failed", "a red build", "load of db-1", "step: lint"),
    ),
    "poll": ({"content": "", "poll": POLL}, ("Poll: Where do we meet?", "- Here", "- There")),
    "poll that never ends": ({"content": "", "poll": {**POLL, "expiry": None}}, ("Where do we meet?", "- There")),
    "sticker": ({"content": "", "sticker_items": [STICKER]}, ("[sticker Party Parrot]",)),
    "buttons": ({"content": "", "components": [{"type": 1, "components": BUTTONS}]}, ("Ship it", "Which one?")),
    "picture alone": ({"content": "", "embeds": [{"type": "rich", "image": {"url": "https://x/y"}}]}, ("[picture]",)),
    "a moment and a command": (
        {"content": "at <t:1720711800:R> use </ask:123>"},
        ("at 2024-07-11 15:30 UTC use /ask",),
    ),
    "invitation": (
        {"content": "", "activity": {"type": 1}, "application": {**BARE_APP, "name": "Chess"}},
        ("[invitation to Chess]",),
    ),
}
SHAPED = pytest.mark.parametrize(("shape", "texts"), SHAPES.values(), ids=SHAPES)


async def asked(sandbox: Sandbox, number: int = 1) -> str:
    """Wait until the model was asked so often, and return the last thing that it was told."""
    await sandbox.model.until(lambda: len(sandbox.model.requests) >= number)
    return prompt(sandbox.model.requests[number - 1])[-1]


@SHAPED
@in_discord
async def test_what_a_mention_replies_to_is_read(
    sandbox: Sandbox, shape: dict[str, Any], texts: tuple[str, ...]
) -> None:
    """With who wrote it, below the question, which takes no call more."""
    said = await sandbox.guild.say_raw(GENERAL, shape, user=OTHER_BOT_USER)
    await sandbox.guild.say(GENERAL, mention("what is this?"), reference=said)
    told = await asked(sandbox)
    assert told.startswith("what is this?")
    assert "In reply to deploybot:" in told
    assert all(text in told for text in texts)
    assert calls(sandbox, "get_channel_message") == []


@SHAPED
@in_discord
async def test_what_a_reply_in_a_direct_message_is_to_is_read(
    sandbox: Sandbox, shape: dict[str, Any], texts: tuple[str, ...]
) -> None:
    """Also where it is one's own message."""
    direct = sandbox.guild.direct(ADA)
    sandbox.model.script.append(Reply("noted"))
    said = await sandbox.guild.say_raw(direct, shape)
    await sandbox.guild.say(direct, "what is this?", reference=said)
    await sandbox.model.until(lambda: "what is this?" in str(sandbox.model.requests[-1:]))
    told = prompt(sandbox.model.requests[-1])[-1]
    assert "In reply to Ada Lovelace:" in told
    assert all(text in told for text in texts)


@SHAPED
@in_discord
async def test_a_bare_mention_as_a_reply_asks_about_that_message(
    sandbox: Sandbox, shape: dict[str, Any], texts: tuple[str, ...]
) -> None:
    """As from the message's menu."""
    said = await sandbox.guild.say_raw(GENERAL, shape, user=GRACE)
    await sandbox.guild.say(GENERAL, f"<@{BOT_USER}>", reference=said)
    told = await asked(sandbox)
    assert told.startswith("What do you say to this message by Grace Hopper?")
    assert all(text in told for text in texts)


async def test_discords_own_words_are_nobodys_lines_and_an_apps_answer_is(sandbox: Sandbox, tmp_path: Path) -> None:
    """A thread's opening stands in its channel under the name of who opened it; an app answers commands as well."""
    await sandbox.guild.say_raw(GENERAL, {"type": 18, "content": "secret plans"})
    await sandbox.guild.say_raw(GENERAL, {"type": 20, "content": "deployed api-7"}, user=OTHER_BOT_USER)
    setup = DiscordSetup(policies=Policies(ChannelSettings(channel_context=9)))
    async with running(sandbox, tmp_path / "confab.db", setup):
        await sandbox.guild.say(GENERAL, mention("what is new?"))
        await sandbox.model.until(lambda: sandbox.model.requests)
    told = str(sandbox.model.requests[0].body)
    assert "deployed api-7" in told
    assert "secret plans" not in told


@in_discord
async def test_what_a_menu_is_opened_on_is_read(sandbox: Sandbox) -> None:
    """An app's message of any shape; one of Discord's own is told as what it is."""
    shapes = {**SHAPES, "a pin": ({"type": 6, "content": ""}, ("(Discord's own message: pins add)",))}
    for number, (fields, texts) in enumerate(shapes.values(), 1):
        said = await sandbox.guild.say_raw(RANDOM, fields, user=OTHER_BOT_USER)
        await sandbox.guild.interact("Ask Confab about this", RANDOM, target=said)
        told = await asked(sandbox, number)
        assert told.startswith("What do you say to this message by deploybot?")
        assert all(text in told for text in texts)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"type": 46, "embeds": [{"type": "poll_result", "fields": [{"name": "winner", "value": "Here"}]}]}, "Here"),
        ({"type": 20, "content": ""}, "deployed api-7"),
    ],
    ids=["a poll that ended", "an app's answer that comes late"],
)
@in_discord
async def test_what_is_told_in_a_thread_without_a_word_to_the_bot_is_read(
    sandbox: Sandbox, fields: dict[str, Any], text: str
) -> None:
    """With the next question there; nobody is answered for it."""
    thread = await ask(sandbox, "hi")
    said = await sandbox.guild.say_raw(thread, {"content": "", **fields}, user=OTHER_BOT_USER)
    if fields["type"] == 20:
        post = sandbox.guild.channels[thread].posts[said]
        late = RawFields({"type": 20, "content": "deployed api-7"})
        sandbox.guild.board.revise(post, {"raw": late}, ANYBODY, edited=False)
    await sandbox.guild.say(thread, mention("well?"))
    await answered(sandbox, thread, 2)
    assert text in prompt(sandbox.model.requests[1])[-2]
    assert len(sandbox.model.requests) == 2


@pytest.mark.parametrize("shape", ["text", "embed", "components", "sticker", "poll", "buttons"])
@in_discord
async def test_what_is_forwarded_is_read_with_who_wrote_it(sandbox: Sandbox, shape: str) -> None:
    """Its author stands in the message that was forwarded, which takes one call."""
    fields, texts = SHAPES[shape]
    said = await sandbox.guild.say_raw(GENERAL, fields, user=GRACE)
    await sandbox.guild.forward(sandbox.guild.direct(ADA), GENERAL, said)
    told = await asked(sandbox)
    assert all(text in told for text in ("Forwarded:", "The forwarded message is by Grace Hopper.", *texts))
    assert len([call for call in sandbox.guild.calls if call.route == "get_channel_message"]) == 1


@in_discord
async def test_a_forward_from_where_the_bot_may_not_read_has_no_author(sandbox: Sandbox) -> None:
    """Its text is there all the same."""
    said = await sandbox.guild.say(RANDOM, "we ship on Friday", user=GRACE)
    await sandbox.guild.permit(RANDOM, deny=Permission.READ_MESSAGE_HISTORY)
    await sandbox.guild.forward(sandbox.guild.direct(ADA), RANDOM, said)
    assert await asked(sandbox) == "Ada Lovelace: Forwarded:\n> we ship on Friday"


@in_discord
async def test_a_forward_that_is_replied_to_is_read(sandbox: Sandbox) -> None:
    """One inside the other."""
    said = await sandbox.guild.say(RANDOM, "we ship on Friday", user=GRACE)
    forward = await sandbox.guild.forward(GENERAL, RANDOM, said)
    await sandbox.guild.say(GENERAL, mention("true?"), reference=forward)
    told = await asked(sandbox)
    assert "> Forwarded:" in told
    assert "> > we ship on Friday" in told


@pytest.mark.parametrize("text", ["what does it say?", ""])
@in_discord
async def test_a_file_of_the_message_that_is_replied_to_is_read(sandbox: Sandbox, text: str) -> None:
    """As if it came with the question; in a direct message, where it was a question itself, too."""
    sandbox.model.script.append(Reply("noted"))
    for number, room in enumerate((GENERAL, sandbox.guild.direct(ADA))):
        file = sandbox.guild.attach("notes.txt", b"beta on Thursday", "text/plain")
        said = await sandbox.guild.say(room, "", user=ADA if number else GRACE, attachments=[file])
        await sandbox.model.until(lambda number=number: len(sandbox.model.requests) == 2 * number)  # type: ignore[misc]
        await sandbox.guild.say(room, mention(text), reference=said)
        assert "beta on Thursday" in await asked(sandbox, 2 * number + 1)


@in_discord
async def test_a_reply_whose_target_did_not_come_along_is_read(sandbox: Sandbox) -> None:
    """Discord may leave it out, and then one call tells it."""
    said = await sandbox.guild.say(GENERAL, "we ship on Friday", user=GRACE)
    reference = {"type": 0, "message_id": said, "channel_id": GENERAL, "guild_id": sandbox.guild.id}
    odd = {"content": mention("true?"), "type": 19, "message_reference": reference}
    await sandbox.guild.say_raw(GENERAL, odd, missing=["referenced_message"])
    assert "> we ship on Friday" in await asked(sandbox)


@in_discord
async def test_a_reply_to_what_is_gone_is_answered(sandbox: Sandbox) -> None:
    """Discord says null for it."""
    said = await sandbox.guild.say(GENERAL, "we ship on Friday", user=GRACE)
    await sandbox.guild.delete(GENERAL, said)
    await sandbox.guild.say(GENERAL, mention("true?"), reference=said)
    assert await asked(sandbox) == "true?"


@in_discord
async def test_a_reply_to_the_bot_goes_on_without_quoting_it(sandbox: Sandbox) -> None:
    """What it answered is remembered anyway."""
    thread = await ask(sandbox, "hi")
    await sandbox.guild.say(thread, "why?", reference=posts(sandbox, thread)[0].id)
    assert await asked(sandbox, 2) == "why?"


@in_discord
async def test_what_was_replied_to_is_forgotten_with_its_deletion(sandbox: Sandbox) -> None:
    """Later prompts hold nothing of it."""
    sandbox.model.script.extend([Reply("noted"), Reply("no")])
    said = await sandbox.guild.say(GENERAL, "the code is 4711", user=GRACE)
    thread = await sandbox.guild.say(GENERAL, mention("which code?"), reference=said)
    await answered(sandbox, thread)
    await sandbox.guild.delete(GENERAL, said)
    await sandbox.guild.say(thread, "and now?")
    await answered(sandbox, thread, 2)
    assert "4711" in str(sandbox.model.requests[0].body)
    assert "4711" not in str(sandbox.model.requests[1].body)


@in_discord
async def test_what_was_replied_to_is_known_as_it_was_changed(sandbox: Sandbox) -> None:
    """In a channel where it began no conversation; an edit that mentions the bot asks as well."""
    said = await sandbox.guild.say(GENERAL, "the code is 4711", user=GRACE)
    sandbox.model.script.extend([Reply("noted"), Reply("no"), Reply("yes")])
    thread = await sandbox.guild.say(GENERAL, mention("which code?"), reference=said)
    await answered(sandbox, thread)
    await sandbox.guild.edit(GENERAL, said, mention("the code is gone"))
    await answered(sandbox, said)
    await sandbox.guild.say(thread, "and now?")
    await answered(sandbox, thread, 2)
    told = prompt(sandbox.model.requests[-1])
    assert told[0] == "which code?\n\n  In reply to Grace Hopper:\n  > the code is gone"


@in_discord
async def test_a_question_that_waits_quotes_what_stands_there_now(sandbox: Sandbox) -> None:
    """Whether the quotation came along, or has still to be read, in the channel and in a thread that goes on."""
    thread, hold = await begun(sandbox, "wait")
    code = await sandbox.guild.say(thread, "<@9> the code is 4711", user=GRACE)
    await sandbox.guild.say(thread, mention("which code?"), reference=code)
    reference = {"type": 0, "message_id": code, "channel_id": thread, "guild_id": sandbox.guild.id}
    odd = {"content": mention("which one?"), "type": 19, "message_reference": reference}
    await sandbox.guild.say_raw(thread, odd, missing=["referenced_message"])
    await nothing_happens(sandbox, 1)
    await sandbox.guild.edit(thread, code, "<@9> the code is gone")
    await nothing_happens(sandbox, 2)
    hold.set()
    await answered(sandbox, thread, 3)
    asked = str(sandbox.model.requests[-1].body)
    assert asked.count("Hopper:\\n  > <@9> the code is gone") == 2
    assert "4711" not in asked


@in_discord
async def test_a_quotation_that_was_asked_for_is_followed_while_its_question_is_answered(sandbox: Sandbox) -> None:
    """Later prompts hold what it says now; and once it is gone, the answer is, too."""
    codes = [await sandbox.guild.say(GENERAL, f"the code is 471{number}", user=GRACE) for number in range(2)]
    held, threads = asyncio.Event(), []
    for code in codes:
        reference = {"type": 0, "message_id": code, "channel_id": GENERAL, "guild_id": sandbox.guild.id}
        odd = {"content": mention("which code?"), "type": 19, "message_reference": reference}
        sandbox.model.script.append(Reply(pieces=("so far", " and whole"), hold=held))
        threads.append(await sandbox.guild.say_raw(GENERAL, odd, missing=["referenced_message"]))
        await shows(sandbox, threads[-1], "so far")
    await sandbox.guild.edit(GENERAL, codes[0], "the code is gone")
    await sandbox.guild.delete(GENERAL, codes[1])
    await sandbox.guild.until(lambda: "so far" not in answers(sandbox, threads[1]))
    await nothing_happens(sandbox, 2)
    held.set()
    await shows(sandbox, threads[0], "so far and whole")
    await sandbox.guild.say(threads[0], "and now?")
    await answered(sandbox, threads[0], 2)
    assert "> the code is gone" in (told := str(prompt(sandbox.model.requests[-1])))
    assert "4710" not in told


@in_discord
async def test_a_reply_among_people_is_not_for_the_bot(sandbox: Sandbox) -> None:
    """Nothing of it is read or asked."""
    said = await sandbox.guild.say(GENERAL, "we ship on Friday", user=GRACE)
    await sandbox.guild.say(GENERAL, "fine", reference=said)
    await nothing_happens(sandbox)


@pytest.mark.parametrize("shape", ["sticker", "poll", "poll that never ends"])
@in_discord
async def test_a_sticker_or_a_poll_alone_is_a_question(sandbox: Sandbox, shape: str) -> None:
    """In a direct message, and in a thread that it takes part in."""
    fields, texts = SHAPES[shape]
    thread = await ask(sandbox, "hi")
    for number, room in enumerate((sandbox.guild.direct(ADA), thread), 2):
        await sandbox.guild.say_raw(room, fields)
        told = await asked(sandbox, number)
        assert all(text in told for text in texts)
    assert len(await answered(sandbox, thread, 2)) == 2


@SHAPED
@in_discord
async def test_what_stands_above_in_a_thread_is_read(
    sandbox: Sandbox, shape: dict[str, Any], texts: tuple[str, ...]
) -> None:
    """The message that the thread was opened from, and a line in it, whoever wrote them."""
    starter = await sandbox.guild.say_raw(GENERAL, shape, user=OTHER_BOT_USER)
    thread = await sandbox.guild.open_thread(GENERAL, "what is this", GRACE, starter)
    await sandbox.guild.say_raw(thread, shape, user=GRACE)
    await sandbox.guild.say(thread, mention("well?"))
    await asked(sandbox)
    told = "\n".join(prompt(sandbox.model.requests[0]))
    assert told.count(texts[-1]) == 2
    assert all(name in told for name in ("deploybot: ", "Grace Hopper: "))


@pytest.mark.parametrize("text", ["stop", "Stop.", "/stop", " STOP! "])
@in_discord
async def test_a_bare_stop_ends_the_answer_in_a_thread_that_it_takes_part_in(sandbox: Sandbox, text: str) -> None:
    """Nobody has to mention it for that, and `stop` is not asked as a question."""
    thread, hold = await begun(sandbox, "tell me all")
    await sandbox.guild.say(thread, text, user=GRACE)
    await sandbox.guild.until(lambda: DONE["stop"] in answers(sandbox, thread))
    assert answers(sandbox, thread)[0].startswith("so far")
    hold.set()
    assert len(sandbox.model.requests) == 1


@in_discord
async def test_a_bare_stop_among_people_is_nothing(sandbox: Sandbox) -> None:
    """In a thread that it takes no part in, and where somebody else is meant."""
    thread = await sandbox.guild.open_thread(GENERAL, "lunch", GRACE)
    await sandbox.guild.say(thread, "stop", user=GRACE)
    await nothing_happens(sandbox)


NAMED = {
    "a question": ("when do we ship?", "when do we ship?"),
    "one with a name": (f"is <@{GRACE}> here?", "is @Grace Hopper here?"),
    "markup": ("**bold** and `code`", "bold and code"),
    "several lines": ("first\nsecond", "first"),
}


@pytest.mark.parametrize(("text", "name"), NAMED.values(), ids=NAMED)
@in_discord
async def test_a_thread_is_called_by_what_it_is_about(sandbox: Sandbox, text: str, name: str) -> None:
    """So that a server's list of threads can be read."""
    thread = await ask(sandbox, text)
    assert sandbox.guild.channels[thread].name == name


async def test_only_a_question_that_was_checked_names_a_thread(sandbox: Sandbox, tmp_path: Path) -> None:
    """It opens with the first words of the reply, and nothing of a refused question stands in its name."""
    async with running(sandbox, tmp_path / "m.db", DiscordSetup(moderation=Moderated())):
        refused = await ask(sandbox, "please flag me", RANDOM)
        passed = await ask(sandbox, "when do we ship?", RANDOM)
    assert sandbox.guild.channels[refused].name == f"Confab {refused[-4:]}"
    assert sandbox.guild.channels[passed].name == "when do we ship?"


@in_discord
async def test_a_threads_name_tells_nothing_of_a_question_that_is_gone_or_changed(sandbox: Sandbox) -> None:
    """It stays where the question still begins so, and where the bot did not open the thread."""
    gone, changed, kept = [await ask(sandbox, f"the code is 471{number}", RANDOM) for number in range(3)]
    other = await sandbox.guild.say(RANDOM, "lunch at 12", user=GRACE)
    await sandbox.guild.open_thread(RANDOM, "lunch at 12", GRACE, other)
    await sandbox.guild.edit(RANDOM, kept, mention("the code is 4712\nand more"))
    await sandbox.guild.edit(RANDOM, changed, mention("which code?"))
    await sandbox.guild.delete(RANDOM, other)
    await sandbox.guild.delete(RANDOM, gone)
    names = sandbox.guild.channels
    plain = [f"Confab {thread[-4:]}" for thread in (gone, changed)]
    await sandbox.guild.until(lambda: [names[thread].name for thread in (gone, changed)] == plain)
    assert [names[thread].name for thread in (kept, other)] == ["the code is 4712", "lunch at 12"]


async def rename(sandbox: Sandbox, thread: str, name: str) -> None:
    """Give a thread another name, as a person."""
    sandbox.guild.channels[thread].name = name
    sandbox.guild.threads.changed(sandbox.guild.channels[thread])
    await asyncio.sleep(0)


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_name_that_a_person_gave_a_thread_stays(sandbox: Sandbox, tmp_path: Path, *, restarts: bool) -> None:
    """However its question changes; one that is the question's once more is none of theirs."""
    names = sandbox.guild.channels

    async def name_threads() -> list[str]:
        threads = [await ask(sandbox, f"the code is 471{number}", RANDOM) for number in range(4)]
        for thread, name in zip(threads, ("Release 5", "Confab 1", "Release 6", "the code is 4713"), strict=True):
            await rename(sandbox, thread, name)
        await rename(sandbox, threads[2], "the code is 4712")
        return threads

    async def change_questions(threads: list[str]) -> None:
        await sandbox.guild.edit(RANDOM, threads[0], mention("which code?"))
        for thread in threads[1:]:
            await sandbox.guild.delete(RANDOM, thread)
        plain = [f"Confab {thread[-4:]}" for thread in threads[2:]]
        await sandbox.guild.until(lambda: [names[thread].name for thread in threads[2:]] == plain)
        assert [names[thread].name for thread in threads[:2]] == ["Release 5", "Confab 1"]

    async with running(sandbox, tmp_path / "n.db"):
        threads = await name_threads()
        if not restarts:
            await change_questions(threads)
    if restarts:
        async with running(sandbox, tmp_path / "n.db"):
            await change_questions(threads)


async def test_a_setting_keeps_the_question_out_of_the_threads_name(sandbox: Sandbox, tmp_path: Path) -> None:
    """For those whose threads are listed where not everybody may read."""
    async with running(sandbox, tmp_path / "m.db", DiscordSetup(thread_names="plain")):
        thread = await ask(sandbox, "when do we ship?", RANDOM)
    assert sandbox.guild.channels[thread].name == f"Confab {thread[-4:]}"


async def test_a_plain_mention_makes_no_call_but_those_of_its_answer(sandbox: Sandbox, tmp_path: Path) -> None:
    """With a channel's last messages one more, once; that somebody types, and catching up, is apart."""
    apart = {RANDOM: ChannelSettings(channel_context=9)}
    setup = DiscordSetup(policies=Policies(ChannelSettings(channel_context=0, streaming=False), apart))

    async def calls_of_question(channel: str) -> list[str]:
        begun = time.monotonic()

        def made() -> list[str]:
            found = [call for call in sandbox.guild.calls if call.at > begun and "after" not in call.query]
            return [call.route for call in found if call.route != "trigger_typing_indicator"]

        await sandbox.guild.say(channel, mention("and now?"))
        await sandbox.guild.until(lambda: "create_message" in made())
        return made()

    answer = ["start_thread_from_message", "create_message"]
    async with running(sandbox, tmp_path / "m.db", setup):
        assert await calls_of_question(GENERAL) == answer
        thread = await ask(sandbox, "and in a thread?")
        for place in (thread, sandbox.guild.direct(ADA)):
            assert await calls_of_question(place) == answer[1:]
        assert await calls_of_question(RANDOM) == ["get_channel_messages", *answer]
        assert await calls_of_question(RANDOM) == answer


async def test_what_a_forum_post_began_with_is_read_behind_130_replies(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its first message has the thread's own id and stands in no channel; the newest replies are read beside it."""
    forum = await sandbox.guild.open_channel("help", "forum")
    post = await sandbox.guild.open_post(forum, "printing", "The printer on floor 3 smells", GRACE)
    for number in range(130):
        await sandbox.guild.say(post, f"reply {number}", user=GRACE)
    async with running(sandbox, tmp_path / "m.db"):
        await sandbox.guild.say(post, mention("what is it about?"))
        await answered(sandbox, post)
        await sandbox.guild.say(post, mention("and since?"))
        await answered(sandbox, post, 2)
    told = prompt(sandbox.model.requests[0])
    assert told[0] == "Grace Hopper: The printer on floor 3 smells"
    assert told[-2:] == ["Grace Hopper: reply 129", "Ada Lovelace: what is it about?"]
    assert len(told) < 130
    assert prompt(sandbox.model.requests[1])[0] == told[0]
    asked = {
        call.path.partition("/channels/")[2] for call in sandbox.guild.calls if call.route == "get_channel_message"
    }
    assert asked == {f"{post}/messages/{post}"}  # never in the forum itself, where nothing stands
