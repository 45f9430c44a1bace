"""Confab in Discord where discord.py cannot parse what comes: that is left out, alone, and all else goes on."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from deploy.sandbox.discord.mentions import ANYBODY
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.roster import ADA, APP, BOT_USER, ENGINEERING, GENERAL, GRACE, GUILD, LOUNGE
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import running as running_in_slack
from tests.support.database import change, column, wait_for_column
from tests.support.discord_bot import running
from tests.support.discord_room import answered, answers, ask, mention, nothing_happens, prompt
from tests.support.room import ask as ask_in_slack

in_discord = pytest.mark.usefixtures("discord_bot")
MARK = "SELECT value FROM marks WHERE name LIKE 'discord/%' AND name NOT LIKE 'discord/%/%'"

POLL = {
    "question": {"text": "Where?"},
    "answers": [{"answer_id": 1, "poll_media": {"text": "Here"}}],
    "expiry": None,
    "allow_multiselect": False,
    "layout_type": 1,
}
ATTACHMENT = {"id": "5", "filename": "a.bin", "size": 3, "url": "http://x/a", "proxy_url": "http://x/a"}
UNSTORABLE = {"size": 2**70, "duration_secs": math.nan, "filename": "a\0\ud83d.bin", "content_type": "\0"}
ADA_HERSELF = {"id": ADA, "username": "ada", "global_name": "Ada Lovelace", "discriminator": "0", "avatar": None}


def without(whole: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return an object without some of its fields."""
    return {name: value for name, value in whole.items() if name not in names}


ODD: dict[str, dict[str, Any]] = {
    "poll that never expires": {"poll": POLL},
    "poll without answers": {"poll": without(POLL, "answers")},
    "embed of an unknown type with null colour": {"embeds": [{"type": "hologram", "title": "x", "color": None}]},
    "embed with a colour that is a word": {"embeds": [{"type": "rich", "color": "red"}]},
    "embed with a bad timestamp": {"embeds": [{"type": "rich", "title": "x", "timestamp": "yesterday"}]},
    "embeds that are null": {"embeds": None},
    "attachment without size": {"attachments": [without(ATTACHMENT, "size")]},
    "attachment without proxy_url": {"attachments": [without(ATTACHMENT, "proxy_url")]},
    "attachment without filename": {"attachments": [without(ATTACHMENT, "filename")]},
    "attachment that is a number": {"attachments": [7, ATTACHMENT]},
    "partial application": {"application": {"id": "1"}},
    "application that is null": {"application": None},
    "author without discriminator": {"author": without(ADA_HERSELF, "discriminator")},
    "author without avatar": {"author": without(ADA_HERSELF, "avatar")},
    "flags that are a word": {"flags": "many"},
    "unknown kind of component": {"components": [{"type": 99}, {"type": 1}]},
    "sticker without format": {"sticker_items": [{"id": "1", "name": "Wave"}]},
    "reaction without emoji": {"reactions": [{"count": 1}]},
    "attachment of a size and length that no row holds": {"attachments": [{**ATTACHMENT, **UNSTORABLE}]},
    "half a surrogate pair in a name": {"author": {**ADA_HERSELF, "global_name": "Ada \ud83d\0"}},
    "an embed's NaN": {"embeds": [{"type": "rich", "title": "\0\ud83d", "color": math.nan, "timestamp": 2**70}]},
    "two faults at once": {"poll": POLL, "embeds": [{"timestamp": "?"}, {"title": "sound"}]},
}


@pytest.mark.parametrize("replaced", ODD.values(), ids=ODD)
@in_discord
async def test_an_odd_part_of_a_message_costs_that_part_alone(sandbox: Sandbox, replaced: dict[str, Any]) -> None:
    """The question is answered, what comes after it too, and an edit of it as well."""
    odd = {"content": mention("does this hold?"), "mentions": [{**ADA_HERSELF, "id": BOT_USER, "bot": True}]}
    thread = await sandbox.guild.say_raw(GENERAL, {**odd, **replaced})
    assert len(await answered(sandbox, thread)) == 1
    assert prompt(sandbox.model.requests[0])[0].startswith("does this hold?")
    assert await ask(sandbox, "and this?")


HOPELESS: dict[str, tuple[dict[str, Any], Iterable[str]]] = {
    "no author": ({}, ["author"]),
    "author that is null": ({"author": None}, []),
    "author without an id": ({"author": without(ADA_HERSELF, "id")}, []),
    "no id": ({}, ["id"]),
    "id that is a word": ({"id": "newest"}, []),
    "no channel": ({}, ["channel_id"]),
    "webhook_id that is a word": ({"webhook_id": "hook"}, []),
    "no type": ({}, ["type"]),
}


@pytest.mark.parametrize(("replaced", "missing"), HOPELESS.values(), ids=HOPELESS)
@in_discord
async def test_a_message_of_which_nothing_is_sure_is_skipped(
    sandbox: Sandbox, tmp_path: Path, replaced: dict[str, Any], missing: Iterable[str]
) -> None:
    """Nobody is answered whose words they may not be; it is listed where it can be found again."""
    odd = {"content": mention("who am I?"), "mentions": [{**ADA_HERSELF, "id": BOT_USER, "bot": True}]}
    said = await sandbox.guild.say_raw(GENERAL, {**odd, **replaced}, missing=missing)
    await nothing_happens(sandbox)
    is_found_again = "id" not in {*replaced, *missing}
    failed = column(tmp_path / "discord.db", "SELECT message_id FROM turns WHERE state = 'failed'")
    assert failed == ([said] if is_found_again else [])


EVENTS: dict[str, dict[str, Any]] = {
    "MESSAGE_UPDATE": {"id": "1", "channel_id": GENERAL, "guild_id": GUILD, "embeds": []},
    "MESSAGE_DELETE": {"channel_id": GENERAL},
    "MESSAGE_DELETE_BULK": {"ids": None, "channel_id": GENERAL},
    "GUILD_CREATE": {"id": "77", "channels": 3},
    "GUILD_UPDATE": {"id": GUILD, "roles": [{}]},
    "CHANNEL_CREATE": {"id": "1", "type": 2},
    "CHANNEL_UPDATE": {"id": GENERAL},
    "CHANNEL_DELETE": {},
    "THREAD_CREATE": {"id": "1", "guild_id": GUILD},
    "THREAD_LIST_SYNC": {"guild_id": GUILD, "threads": [{}]},
    "INTERACTION_CREATE": {"id": "1", "type": 2, "token": "t", "application_id": APP},
    "GUILD_ROLE_UPDATE": {"guild_id": GUILD, "role": None},
}


@pytest.mark.parametrize(("event", "data"), EVENTS.items(), ids=EVENTS)
@in_discord
async def test_an_event_that_cannot_be_parsed_is_skipped(sandbox: Sandbox, event: str, data: dict[str, Any]) -> None:
    """The connection stays as it is, and what comes next is answered."""
    await sandbox.guild.send_event(event, data)
    assert await ask(sandbox, "still there?")
    assert len(sandbox.guild.gateway.sessions) == 1


@in_discord
async def test_a_text_that_no_row_holds_is_made_valid_and_answered(sandbox: Sandbox) -> None:
    """Half a surrogate pair becomes U+FFFD, and what cannot be seen is left out."""
    assert await ask(sandbox, "half \ud83d and\0 none")
    assert prompt(sandbox.model.requests[-1])[-1] == "half \ufffd and none"


async def test_catch_up_reads_past_what_cannot_be_parsed(sandbox: Sandbox, tmp_path: Path) -> None:
    """What was asked before and behind it while the bot was down is answered; it is listed, and the mark goes on."""
    async with running(sandbox, tmp_path / "d.db"):
        await ask(sandbox, "before")
    change(tmp_path / "d.db", "UPDATE marks SET value = value - 1000 WHERE name = ?", f"discord/{APP}")
    (mark,) = column(tmp_path / "d.db", MARK)
    odd = []
    first = await sandbox.guild.say(GENERAL, mention("first"))
    for replaced, missing in HOPELESS.values():
        if not {"id", "channel_id"} & {*replaced, *missing}:  # REST lists what stands in a channel
            odd.append(await sandbox.guild.say_raw(GENERAL, {"content": mention("odd"), **replaced}, missing=missing))
    for replaced in ODD.values():
        await sandbox.guild.say_raw(GENERAL, {"content": "odd", **replaced}, user=GRACE)
    second = await sandbox.guild.say(GENERAL, mention("second"))
    async with running(sandbox, tmp_path / "d.db"):
        assert len(await answered(sandbox, first)) == 1
        assert len(await answered(sandbox, second)) == 1
        await nothing_happens(sandbox, calls=3)
        await wait_for_column(tmp_path / "d.db", MARK, lambda marks: marks != [mark])
    assert column(tmp_path / "d.db", "SELECT message_id FROM turns WHERE error = 'Unreadable' ORDER BY seq") == odd


HIDDEN: dict[str, dict[str, Any]] = {
    "voice channel without bitrate": {"type": 2},
    "voice channel with null bitrate": {"type": 2, "bitrate": None, "user_limit": None},
    "stage channel": {"type": 13},
    "forum": {"type": 15},
    "category": {"type": 4},
    "announcement channel without position": {"type": 5},
    "kind that is not known": {"type": 99},
}


@pytest.mark.parametrize("shape", HIDDEN.values(), ids=HIDDEN)
async def test_a_hidden_channel_costs_no_guild(sandbox: Sandbox, tmp_path: Path, shape: dict[str, Any]) -> None:
    """Discord tells of channels that the bot may not see, and of them hardly anything but the kind."""
    everybody = {"id": GUILD, "type": 0, "allow": "0", "deny": str(1 << 10)}
    hidden = {"id": "1300000000000000001", "name": "___hidden___", "flags": 1 << 17, "guild_id": GUILD}
    sandbox.guild.roster.odd_channels.append({**hidden, **shape, "permission_overwrites": [everybody]})
    async with running(sandbox, tmp_path / "d.db"):
        assert await ask(sandbox, "hi")


async def test_an_odd_channel_costs_itself_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    """Also where no flag says that it is hidden; all others of the guild are known."""
    sandbox.guild.roster.odd_channels += [{"id": "1300000000000000001", "type": 2}, {"type": 0}, {}]
    async with running(sandbox, tmp_path / "d.db"):
        for channel in (GENERAL, ENGINEERING):
            await ask(sandbox, "hi", channel)
        assert [call.route for call in sandbox.guild.calls if call.route == "get_channel"] == []


@in_discord
async def test_a_channel_that_comes_into_sight_is_heard(sandbox: Sandbox) -> None:
    """It was hidden when the bot connected; and once it is hidden again, nothing there concerns the bot."""
    await sandbox.guild.permit(LOUNGE)
    assert await ask(sandbox, "may I?", LOUNGE)
    await sandbox.guild.permit(LOUNGE, deny=Permission.VIEW_CHANNEL)
    await sandbox.guild.say(LOUNGE, mention("and now?"))
    await nothing_happens(sandbox, calls=1)
    assert [call.route for call in sandbox.guild.calls if call.route == "get_channel"] == []


@in_discord
async def test_a_question_asked_about_an_odd_message_is_answered(sandbox: Sandbox) -> None:
    """From its menu: the message that comes with the interaction is read as far as it can be."""
    said = await sandbox.guild.say_raw(GENERAL, {"content": "we ship on Friday", "poll": POLL, "embeds": None})
    await sandbox.guild.interact("Ask Confab about this", GENERAL, target=said)
    await sandbox.model.until(lambda: sandbox.model.requests)
    assert "we ship on Friday" in prompt(sandbox.model.requests[0])[0]
    await sandbox.guild.until(lambda: answers(sandbox, GENERAL))


async def test_an_oddity_of_one_platform_is_logged_once_and_the_other_goes_on(sandbox: Sandbox, tmp_path: Path) -> None:
    """Both in one process: what cannot be parsed ends neither, and is told to the operator a single time."""
    everybody = {"id": GUILD, "type": 0, "allow": "0", "deny": str(1 << 10)}
    hidden = {"id": "1300000000000000001", "name": "___hidden___", "flags": 1 << 17, "guild_id": GUILD, "type": 2}
    sandbox.guild.roster.odd_channels.append({**hidden, "permission_overwrites": [everybody]})
    with capture_logs() as lines:
        async with running(sandbox, tmp_path / "d.db"), running_in_slack(sandbox, tmp_path / "s.db"):
            said = await sandbox.guild.say_raw(GENERAL, {"content": "odd", "poll": POLL, "embeds": None}, user=GRACE)
            for _ in range(3):
                post = sandbox.guild.channels[GENERAL].posts[said]
                sandbox.guild.board.revise(post, {"content": "odd"}, ANYBODY)
                await sandbox.guild.send_event("CHANNEL_UPDATE", {"id": LOUNGE})
                await sandbox.workspace.send_event({"type": "message", "channel": None, "ts": 7, "user": "U0ADA1234"})
            assert await ask(sandbox, "still there?")
            assert await ask_in_slack(sandbox, "and you?")
    told = [line["event"] for line in lines if line.get("payload")]
    assert sorted(told) == ["discord event skipped", "discord payload read in part"]
    assert "message set aside" in [line["event"] for line in lines]
