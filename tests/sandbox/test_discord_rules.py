"""Each rule that the pretend Discord holds a bot to, broken by the real discord.py, which is refused."""

import ast
import asyncio
import io
import re
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import discord
import pytest
from discord.http import Route

from deploy.sandbox.discord import cdn
from deploy.sandbox.discord import refused as refusals
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.roster import ADA, BOT_USER, ENGINEERING, GENERAL, LOUNGE, OTHER_BOT_USER, RANDOM
from deploy.sandbox.discord.rules import RULES
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.sandbox_discord import (
    Ear,
    Event,
    code_of,
    connected,
    identify,
    intents,
    logged_in,
    pointed_at,
    raw,
    refused,
)

FOLDER = Path(refusals.__file__).parent
NOTHING = "0"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of its own for each test, in which a client may identify as often as it likes."""
    async with serve() as running:
        running.guild.gateway.identify_interval = 0.0
        yield running


@pytest.fixture
def guild(sandbox: Sandbox) -> Guild:
    """The guild of that sandbox."""
    return sandbox.guild


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Ear]:
    """A client that can call that guild's API."""
    async with logged_in(sandbox) as ear:
        yield ear


MESSAGES = f"/channels/{GENERAL}/messages"


def post(client: Ear, path: str, body: Any) -> Awaitable[Any]:
    """Post a body that the SDK itself would not let through."""
    return client.http.request(Route("POST", path), json=body)


def thread(client: Ear, message: int, name: str = "plans", channel: str = GENERAL) -> Awaitable[Any]:
    """Start a thread from a message; the SDK's own message would first look for its guild."""
    return client.http.start_thread_with_message(int(channel), message, name=name, auto_archive_duration=1440)


async def problem(call: Any) -> str:
    """Return the fields that a call of the SDK is refused for, with their problems, as the SDK tells them."""
    refusal = await refused(call)
    assert refusal.code == 50035
    return refusal.text


# The table


def test_the_table_names_the_tests_that_there_are() -> None:
    """Every rule has its test, and every test here breaks a rule."""
    functions = [node for node in ast.parse(Path(__file__).read_text()).body if isinstance(node, ast.AsyncFunctionDef)]
    tests = {node.name for node in functions if node.name.startswith("test_")}
    assert {rule.test for rule in RULES} == tests


def test_the_table_holds_every_code_that_can_be_answered() -> None:
    """Error codes, and the gateway's close codes."""
    source = "\n".join(path.read_text() for path in FOLDER.glob("*.py"))
    given = {*re.findall(r"(?:Refused|Closed)\((\d{4,})", source), *map(str, refusals.SENTENCES), "50035"}
    assert given == {rule.code for rule in RULES if re.fullmatch(r"\d{4,}", rule.code)}


# Who calls


async def test_a_wrong_token_is_refused(sandbox: Sandbox) -> None:
    """401."""
    with pointed_at(sandbox):
        async with discord.Client(intents=intents()) as client:
            with pytest.raises(discord.LoginFailure):
                await client.login("wrong")
    assert sandbox.guild.limits.invalid == 1


async def test_an_unknown_route_is_refused(client: Ear) -> None:
    """404, with no code."""
    refusal = await refused(client.http.request(Route("GET", "/nowhere")))
    assert (refusal.status, refusal.code, refusal.text) == (404, 0, "404: Not Found")


async def test_a_body_that_is_not_json_is_refused(client: Ear) -> None:
    """Whatever the route."""
    assert await code_of(client.http.request(Route("POST", MESSAGES), data="{")) == 50109


async def test_a_body_that_is_no_object_is_refused(client: Ear) -> None:
    """A list is none."""
    assert await code_of(post(client, MESSAGES, [])) == 50035


async def test_a_request_too_large_is_refused(client: Ear) -> None:
    """Three files of 9 MiB."""
    files = [discord.File(io.BytesIO(bytes(9 * 1024 * 1024)), f"{number}.bin") for number in range(3)]
    assert await code_of(client.place().send(files=files)) == 40005


async def test_a_file_too_large_is_refused(client: Ear, guild: Guild) -> None:
    """One byte over the guild's limit."""
    guild.file_limit = 1024
    assert await code_of(client.place().send(file=discord.File(io.BytesIO(bytes(1025)), "a.bin"))) == 40005


async def test_a_caller_with_too_many_invalid_calls_is_shut_out(client: Ear, guild: Guild) -> None:
    """By Cloudflare, as the missing Via tells; 401, 403 and 429 count."""
    guild.limits.most_invalid = 2
    for _ in range(2):
        await refused(client.place(LOUNGE).send("hello"))
    refusal = await refused(client.place().send("hello"))
    assert (refusal.status, refusal.response.headers.get("Via")) == (429, None)


# How often


async def test_a_sixth_message_in_five_seconds_is_slowed_down(client: Ear, sandbox: Sandbox, guild: Guild) -> None:
    """In one channel, and with editing counted by itself. The SDK waits by itself; a second one does not know."""
    messages = [await client.place().send(str(number)) for number in range(4)]
    await messages[0].edit(content="still going")
    await client.place(ENGINEERING).send("another channel")
    async with logged_in(sandbox) as second, logged_in(sandbox) as third:
        fifth = asyncio.create_task(second.place().send("fifth"))
        await guild.until(lambda: len(guild.posts(GENERAL)) == 5)
        sixth = asyncio.create_task(third.place().send("sixth"))
        await guild.until(lambda: guild.calls[-1].status == 429)
        fifth.cancel()
        sixth.cancel()
    assert len(guild.posts(GENERAL)) == 5


async def test_a_fifty_first_call_in_a_second_is_slowed_down_everywhere(client: Ear, guild: Guild) -> None:
    """Whatever the routes; the SDK then holds back all calls, and goes on."""
    await asyncio.gather(*(client.fetch_channel(number) for number in range(60)), return_exceptions=True)
    assert 429 in [call.status for call in guild.calls]


# Where


async def test_an_unknown_channel_is_refused(client: Ear) -> None:
    """Also to write into."""
    assert await code_of(client.fetch_channel(1)) == 10003
    assert await code_of(client.place("1").send("hello")) == 10003


async def test_an_unknown_guild_is_refused(client: Ear) -> None:
    """Any but the one."""
    assert await code_of(client.fetch_guild(1)) == 10004


async def test_an_unknown_user_is_refused(client: Ear) -> None:
    """Of users, and to write to."""
    assert await code_of(client.fetch_user(1)) == 10013


async def test_an_unknown_member_is_refused(client: Ear, guild: Guild) -> None:
    """Of the guild."""
    found = await client.fetch_guild(int(guild.id))
    assert await code_of(found.fetch_member(1)) == 10007


async def test_an_unknown_message_is_refused(client: Ear) -> None:
    """To read, to edit, to delete."""
    gone = client.place().get_partial_message(1)
    assert [await code_of(call) for call in (gone.fetch(), gone.edit(content="x"), gone.delete())] == [10008] * 3


async def test_a_channel_that_is_not_seen_is_refused(client: Ear) -> None:
    """#lounge is denied to the bot."""
    assert await code_of(client.place(LOUNGE).send("hello")) == 50001
    assert await code_of(client.fetch_channel(int(LOUNGE))) == 50001


@pytest.mark.parametrize("missing", [Permission.SEND_MESSAGES, Permission.ATTACH_FILES])
async def test_writing_without_the_right_is_refused(client: Ear, guild: Guild, missing: Permission) -> None:
    """Sending needs one right, and files one more."""
    await guild.permit(GENERAL, deny=missing)
    assert await code_of(client.place().send(file=discord.File(io.BytesIO(b"a"), "a"))) == 50013


async def test_writing_in_a_thread_needs_a_right_of_its_own(client: Ear, guild: Guild) -> None:
    """And not the one for the channel."""
    place = await guild.open_thread(GENERAL, "plans")
    await guild.permit(GENERAL, deny=Permission.SEND_MESSAGES)
    await client.place(place).send("allowed")
    await guild.permit(GENERAL, deny=Permission.SEND_MESSAGES_IN_THREADS)
    assert await code_of(client.place(place).send("hello")) == 50013


async def test_starting_a_thread_without_the_right_is_refused(client: Ear, guild: Guild) -> None:
    """Public and private ones have a right each."""
    message = await client.place().send("hello")
    await guild.permit(GENERAL, deny=Permission.CREATE_PUBLIC_THREADS)
    assert await code_of(thread(client, message.id)) == 50013


async def test_another_s_message_is_not_deleted_without_the_right(client: Ear, guild: Guild) -> None:
    """One's own needs none."""
    number = await guild.say(GENERAL, "hello")
    await (await client.place().send("mine")).delete()
    assert await code_of(client.place().get_partial_message(int(number)).delete()) == 50013


async def test_a_closed_direct_message_is_refused(client: Ear, guild: Guild) -> None:
    """As when somebody takes nothing from members of the guild; a bot takes nothing at all."""
    guild.channels[guild.direct(ADA)].closed = True
    assert await code_of((await client.fetch_user(int(ADA))).send("hello")) == 50007
    assert await code_of((await client.fetch_user(int(OTHER_BOT_USER))).send("hello")) == 50007


async def test_a_thread_in_a_direct_message_is_refused(client: Ear, guild: Guild) -> None:
    """Nor in a thread."""
    message = await client.place(guild.direct(ADA)).send("hello")
    assert await code_of(thread(client, message.id, channel=guild.direct(ADA))) == 50024


async def test_a_message_in_a_forum_itself_is_refused(client: Ear, guild: Guild) -> None:
    """One in a thread of it is not, and the thread's first message has its id."""
    forum = await guild.open_channel("help", "forum")
    post = await guild.open_post(forum, "printing", "It smells")
    assert await code_of(client.place(forum).send("hello")) == 50008
    await client.place(post).send("hello")
    assert (await client.place(post).fetch_message(int(post))).content == "It smells"
    assert isinstance(await client.fetch_channel(int(forum)), discord.ForumChannel)


# What


@pytest.mark.parametrize("text", ["x" * 2001, "🦉" * 2001])
async def test_a_text_too_long_is_refused(client: Ear, text: str) -> None:
    """2,000 code points, on create and on edit; 2,000 owls are fine."""
    message = await client.place().send(text[:2000])
    assert "content: Must be 2000 or fewer" in await problem(client.place().send(text))
    assert "content: Must be 2000 or fewer" in await problem(message.edit(content=text))


async def test_a_content_that_is_no_text_is_refused(client: Ear) -> None:
    """Such as a number."""
    assert "content" in await problem(post(client, MESSAGES, {"content": 5}))


@pytest.mark.parametrize("text", ["", "  \n "])
async def test_an_empty_message_is_refused(client: Ear, text: str) -> None:
    """Blanks are nothing; an edit cannot empty a message either."""
    message = await client.place().send("hello")
    assert await code_of(client.place().send(text)) == 50006
    assert await code_of(message.edit(content=text)) == 50006


async def test_a_nonce_too_long_is_refused(client: Ear) -> None:
    """25 characters are fine."""
    await client.place().send("hello", nonce="n" * 25)
    assert "nonce" in await problem(client.place().send("hello", nonce="n" * 26))


async def test_a_nonce_of_a_deleted_message_is_refused(client: Ear) -> None:
    """It is not written again."""
    await (await client.place().send("hello", nonce="n")).delete()
    assert await code_of(client.place().send("hello", nonce="n")) == 10008


@pytest.mark.parametrize(
    ("embed", "field"),
    [
        (discord.Embed(title="x" * 257), "embeds.0.title"),
        (discord.Embed(description="x" * 4097), "embeds.0.description"),
        (discord.Embed().set_footer(text="x" * 2049), "embeds.0.footer.text"),
        (discord.Embed().set_author(name="x" * 257), "embeds.0.author.name"),
        (discord.Embed().add_field(name="x", value="x" * 1025), "embeds.0.fields.0.value"),
    ],
)
async def test_an_embed_too_long_is_refused(client: Ear, embed: discord.Embed, field: str) -> None:
    """In each of its parts."""
    assert f"{field}: Must be" in await problem(client.place().send(embed=embed))


async def test_embeds_too_long_together_are_refused(client: Ear) -> None:
    """6,000 characters in all of them."""
    embeds = [discord.Embed(description="x" * 4000), discord.Embed(description="x" * 2001)]
    assert "embeds: Embed size exceeds" in await problem(client.place().send(embeds=embeds))


async def test_too_many_embeds_or_fields_are_refused(client: Ear) -> None:
    """Ten embeds, and twenty-five fields in one."""
    assert "embeds: " in await problem(post(client, MESSAGES, {"embeds": [{"title": "x"}] * 11}))
    fields = [{"name": "x", "value": "x"}] * 26
    assert "embeds.0.fields" in await problem(post(client, MESSAGES, {"embeds": [{"fields": fields}]}))


async def test_too_many_files_are_refused(client: Ear) -> None:
    """Ten are fine."""
    files = [discord.File(io.BytesIO(b"a"), f"{number}.txt") for number in range(11)]
    assert "attachments" in await problem(client.place().send(files=files))


async def test_components_of_the_second_version_need_their_flag(client: Ear) -> None:
    """And so do not go with what has none; nor more than five rows of the first."""
    display = {"components": [{"type": 10, "content": "hello"}]}
    assert "components" in await problem(post(client, MESSAGES, display))
    assert "components" in await problem(post(client, MESSAGES, {"components": [{"type": 1}] * 6}))


async def test_components_of_the_second_version_keep_to_their_limits(client: Ear) -> None:
    """No content or embeds beside them, forty of them, 4,000 characters."""

    async def sent(count: int, text: str, **more: str) -> str:
        body = {"flags": 1 << 15, "components": [{"type": 10, "content": text}] * count, **more}
        return await problem(post(client, MESSAGES, body))

    assert "content" in await sent(1, "hello", content="hello")
    assert "components" in await sent(41, "x")
    assert "components" in await sent(1, "x" * 4001)


async def test_a_select_menu_keeps_to_its_limits(client: Ear) -> None:
    """No option, more than 25, or one whose label or value is too long."""
    good = {"label": "yes", "value": "1"}
    odd: tuple[list[dict[str, str]], ...] = (
        [],
        [good] * 26,
        [good | {"label": "x" * 101}],
        [good | {"value": "x" * 101}],
    )
    for options in odd:
        row = {"type": 1, "components": [{"type": 3, "custom_id": "menu", "options": options}]}
        assert "components" in await problem(post(client, MESSAGES, {"components": [row]}))


async def test_a_button_keeps_to_its_limits(client: Ear) -> None:
    """One without a name, or with one that is too long or stands twice; a label too long, and a row of six."""
    good = {"type": 2, "style": 2, "label": "yes", "custom_id": "yes"}
    odd: tuple[list[dict[str, object]], ...] = (
        [good | {"custom_id": ""}],
        [good | {"custom_id": "x" * 101}],
        [good, good],
        [good | {"label": "x" * 81}],
        [good | {"custom_id": str(number)} for number in range(6)],
    )
    for buttons in odd:
        row = {"type": 1, "components": buttons}
        assert "components" in await problem(post(client, MESSAGES, {"components": [row]}))


async def test_a_flag_for_components_stays_on_its_message(client: Ear) -> None:
    """So an edit cannot bring content."""

    class Shown(discord.ui.LayoutView):
        text: discord.ui.TextDisplay["Shown"] = discord.ui.TextDisplay("hello")

    message = await client.place().send(view=Shown())
    assert "content" in await problem(
        client.http.request(
            Route(
                "PATCH", "/channels/{channel_id}/messages/{message_id}", channel_id=int(GENERAL), message_id=message.id
            ),
            json={"content": "hello"},
        )
    )


async def test_allowed_mentions_that_contradict_themselves_are_refused(client: Ear) -> None:
    """A kind is allowed whole or by name; up to a hundred by name; of three kinds."""

    async def sent(allowed: Event) -> str:
        return await problem(post(client, MESSAGES, {"content": "hello", "allowed_mentions": allowed}))

    assert "mutually exclusive" in await sent({"parse": ["users"], "users": [ADA]})
    assert "allowed_mentions.users" in await sent({"users": [str(number) for number in range(101)]})
    assert "allowed_mentions.parse" in await sent({"parse": ["here"]})


async def test_a_reply_to_nothing_is_refused(client: Ear) -> None:
    """Unless it says that it may stand alone."""
    gone = discord.MessageReference(message_id=1, channel_id=int(GENERAL))
    alone = discord.MessageReference(message_id=1, channel_id=int(GENERAL), fail_if_not_exists=False)
    assert "message_reference: Unknown message" in await problem(client.place().send("hello", reference=gone))
    assert (await client.place().send("hello", reference=alone)).reference is None


async def test_a_reply_to_a_system_message_is_refused(client: Ear, guild: Guild) -> None:
    """Such as the one with which a thread begins, from which no thread can be started either."""
    await guild.open_thread(GENERAL, "plans")
    told = guild.posts(GENERAL)[0].id
    reference = discord.MessageReference(message_id=int(told), channel_id=int(GENERAL))
    assert "system message" in await problem(client.place().send("hello", reference=reference))


async def test_a_thread_from_a_system_message_is_refused(client: Ear, guild: Guild) -> None:
    """It is nobody's words."""
    await guild.open_thread(GENERAL, "plans")
    told = int(guild.posts(GENERAL)[0].id)
    assert await code_of(thread(client, told)) == 50021


async def test_another_s_message_is_not_edited(client: Ear, guild: Guild) -> None:
    """Not by anybody."""
    number = await guild.say(GENERAL, "hello")
    assert await code_of(client.place().get_partial_message(int(number)).edit(content="bye")) == 50005


async def test_a_history_of_too_many_is_refused(client: Ear) -> None:
    """A hundred at once, which the SDK keeps to by itself."""
    assert "limit" in await problem(client.http.logs_from(int(GENERAL), 101))


async def test_bulk_deleting_takes_two_to_a_hundred(client: Ear, guild: Guild) -> None:
    """With the right to."""
    await guild.permit(GENERAL, allow=Permission.MANAGE_MESSAGES)
    assert "messages" in await problem(client.http.delete_messages(int(GENERAL), [1]))


# Threads


@pytest.mark.parametrize("name", ["", "x" * 101])
async def test_a_thread_s_name_keeps_to_its_length(client: Ear, name: str) -> None:
    """One to a hundred characters."""
    message = await client.place().send("hello")
    assert "name: Must be between 1 and 100" in await problem(thread(client, message.id, name))


async def test_a_thread_archives_after_one_of_four_times(client: Ear) -> None:
    """Five minutes is none of them; nor is every type one of a thread."""
    message = await client.place().send("hello")
    five = {"name": "plans", "auto_archive_duration": 5}
    assert "auto_archive_duration" in await problem(post(client, f"{MESSAGES}/{message.id}/threads", five))
    assert "type" in await problem(post(client, f"/channels/{GENERAL}/threads", {"name": "plans", "type": 0}))


async def test_a_second_thread_from_a_message_is_refused(client: Ear, guild: Guild) -> None:
    """Whoever started the first."""
    number = await guild.say(GENERAL, "hello")
    await guild.open_thread(GENERAL, "mine", post=number)
    assert await code_of(thread(client, int(number))) == 160004


async def test_an_archived_thread_is_not_changed(client: Ear, guild: Guild) -> None:
    """Neither its messages nor who is in it; and if it is locked, nothing opens it."""
    place = await guild.open_thread(GENERAL, "plans")
    message = await client.place(place).send("hello")
    await guild.archive(place)
    assert await code_of(message.edit(content="bye")) == 50083
    assert await code_of(message.add_reaction("👍")) == 50083
    assert await code_of(client.http.join_thread(int(place))) == 50083
    await guild.archive(place, locked=True)
    assert await code_of(client.place(place).send("hello")) == 50083


async def test_a_locked_thread_takes_nothing(client: Ear, guild: Guild) -> None:
    """Even while it is not archived."""
    place = await guild.open_thread(GENERAL, "plans")
    guild.channels[place].locked = True
    assert await code_of(client.place(place).send("hello")) == 160005


# On request


@pytest.mark.parametrize("code", [240000, 20028, 30046])
async def test_a_message_is_refused_on_request(client: Ear, guild: Guild, code: int) -> None:
    """The link filter, the channel's own write limit, too many edits of an old message; the SDK repeats the latter."""
    message = await client.place().send("hello")
    guild.faults.codes["edit_message"] = [code]
    if code == 240000:
        assert await code_of(message.edit(content="bye")) == code
    else:
        await message.edit(content="bye")
    assert code in [call.code for call in guild.calls]


async def test_a_text_may_be_blocked(client: Ear, guild: Guild) -> None:
    """By automatic moderation, on create and on edit."""
    guild.faults.blocked_words.add("forbidden")
    message = await client.place().send("hello")
    assert await code_of(client.place().send("a forbidden word")) == 200000
    assert await code_of(message.edit(content="a forbidden word")) == 200000


# Reactions and files


async def test_an_unknown_emoji_is_refused(client: Ear) -> None:
    """A name alone is none."""
    message = await client.place().send("hello")
    assert await code_of(message.add_reaction("thumbsup")) == 10014


async def test_a_new_reaction_without_the_right_is_refused(client: Ear, guild: Guild) -> None:
    """One that is there already can be joined."""
    message = await client.place().send("hello")
    await guild.permit(GENERAL, deny=Permission.ADD_REACTIONS)
    await guild.react(GENERAL, str(message.id), "👍")
    await message.add_reaction("👍")
    assert await code_of(message.add_reaction("👎")) == 50013


async def test_an_expired_or_changed_address_is_refused(client: Ear, guild: Guild) -> None:
    """The signature covers the time."""
    message = await client.place().send(file=discord.File(io.BytesIO(b"a"), "a.txt"))
    url = message.attachments[0].url
    assert await client.http.get_from_cdn(url) == b"a"
    later = re.sub(r"ex=\w+", "ex=ffffffff", url)
    assert (await refused(client.http.get_from_cdn(later))).status == 404
    file = guild.posts(GENERAL)[0].attachments[0]
    old = cdn.signed(f"{guild.url}/discord/cdn/attachments", GENERAL, file, time.time() - 25 * 3600)
    assert (await refused(client.http.get_from_cdn(old))).status == 404
    guild.faults.expired_files = True
    assert (await refused(client.http.get_from_cdn(url))).status == 404


# Commands and interactions


def command(name: str = "ask", kind: int = 1, **more: Any) -> Any:
    """The body that registers a command."""
    return {"name": name, "type": kind, "description": "Ask" if kind == 1 else "", **more}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (command("Ask"), "name"),
        (command("x" * 33), "name"),
        (command(description=""), "description"),
        (command("About", 3, description="x"), "description"),
        (command(options=[{"type": 3, "name": "q", "description": ""}]), "options.0.description"),
        (command(options=[{"type": 3, "name": "q", "description": "x"}] * 26), "options"),
        (
            command(options=[{"type": 3, "name": "q", "description": "x", "choices": [{}] * 26}]),
            "options.0.choices",
        ),
    ],
)
async def test_a_command_keeps_to_its_form(client: Ear, guild: Guild, body: Any, field: str) -> None:
    """Name, description, options and choices."""
    assert field in await problem(client.http.upsert_global_command(int(guild.app), body))


async def test_commands_of_one_name_are_refused(client: Ear, guild: Guild) -> None:
    """Of one type."""
    app = int(guild.app)
    await client.http.bulk_upsert_global_commands(app, [command("ask"), command("ask", 3)])
    assert "unique" in await problem(client.http.bulk_upsert_global_commands(app, [command("ask")] * 2))
    assert "_" in await problem(client.http.bulk_upsert_global_commands(app, command()))


async def test_too_many_commands_are_refused(client: Ear, guild: Guild) -> None:
    """A hundred slash commands, fifteen message menus."""
    app = int(guild.app)
    await client.http.bulk_upsert_global_commands(app, [command(f"c{number}", 3) for number in range(15)])
    assert await code_of(client.http.upsert_global_command(app, command("one-more", 3))) == 30032


async def test_too_many_new_commands_in_a_day_are_refused(client: Ear, guild: Guild) -> None:
    """Two hundred; those that are registered already count for nothing."""
    app = int(guild.app)
    for first in (0, 100):
        many = [command(f"c{number}") for number in range(first, first + 100)]
        await client.http.bulk_upsert_global_commands(app, many)
    await client.http.bulk_upsert_global_commands(app, many)
    client.http.max_ratelimit_timeout = 30.0
    with pytest.raises(discord.RateLimited) as refusal:
        await client.http.bulk_upsert_global_commands(app, [command("new")])
    assert (refusal.value.retry_after, guild.calls[-1].code) == (3600.0, 30034)


async def test_an_unknown_command_is_refused(client: Ear, guild: Guild) -> None:
    """To read, to change, to delete."""
    assert await code_of(client.http.delete_global_command(int(guild.app), 1)) == 10063


async def test_another_application_s_commands_are_refused(client: Ear) -> None:
    """They are not the bot's."""
    assert await code_of(client.http.get_global_commands(1)) == 20012


@pytest.fixture
async def asked(sandbox: Sandbox, guild: Guild) -> AsyncIterator[discord.Interaction[Ear]]:
    """An interaction as a client heard it, not yet answered."""
    async with connected(sandbox) as ear:
        heard: asyncio.Future[discord.Interaction[Ear]] = asyncio.get_running_loop().create_future()

        async def on_interaction(interaction: discord.Interaction[Ear]) -> None:
            heard.set_result(interaction)

        ear.event(on_interaction)
        await ear.http.upsert_global_command(int(guild.app), command())
        await guild.interact("ask", RANDOM)
        yield await asyncio.wait_for(heard, 60)


async def test_an_answer_after_three_seconds_is_refused(asked: discord.Interaction[Ear], guild: Guild) -> None:
    """Nor is one that was never asked for taken."""
    guild.interactions.ack_within = 0.0
    assert await code_of(asked.response.defer()) == 10062


async def test_a_second_answer_is_refused(asked: discord.Interaction[Ear]) -> None:
    """There is one first answer; what comes later is a follow-up or an edit."""
    await asked.response.defer()
    assert await code_of(post(asked.client, f"/interactions/{asked.id}/{asked.token}/callback", {"type": 5})) == 40060


async def test_an_answer_of_a_kind_that_does_not_fit_is_refused(asked: discord.Interaction[Ear]) -> None:
    """A command has no message to update."""
    assert "type" in await problem(post(asked.client, f"/interactions/{asked.id}/{asked.token}/callback", {"type": 7}))


async def test_a_follow_up_before_the_answer_is_refused(asked: discord.Interaction[Ear]) -> None:
    """The webhook is not there yet."""
    assert await code_of(asked.followup.send("hello")) == 10015
    assert await code_of(asked.edit_original_response(content="hello")) == 10015


async def test_a_token_after_fifteen_minutes_is_refused(asked: discord.Interaction[Ear], guild: Guild) -> None:
    """The answer stands, and is changed no more."""
    await asked.response.defer()
    guild.interactions.token_life = 0.0
    assert await code_of(asked.edit_original_response(content="late")) == 50027


# The gateway


async def closed_with(client: Ear, *payloads: Any, query: str = "v=10&encoding=json") -> int:
    """Return the code with which the gateway closes a connection that sends these payloads."""
    async with raw(client, query) as socket:
        for payload in payloads:
            await (socket.send_str(payload) if isinstance(payload, str) else socket.send_json(payload))
        while not socket.closed:
            message = await asyncio.wait_for(socket.receive(), 60)
            if message.type.name in ("CLOSE", "CLOSED", "CLOSING"):
                return int(socket.close_code or 0)
    return 0


async def test_an_unknown_opcode_closes_the_connection(client: Ear) -> None:
    """There is no 99."""
    assert await closed_with(client, {"op": 99, "d": None}) == 4001


@pytest.mark.parametrize("payload", ["{", "[]", '{"op": 1, "d": "' + "x" * 4096 + '"}'])
async def test_a_payload_that_cannot_be_read_closes_the_connection(client: Ear, payload: str) -> None:
    """No JSON, no object, or more than 4,096 bytes."""
    assert await closed_with(client, payload) == 4002


async def test_who_has_not_identified_asks_for_nothing(client: Ear, guild: Guild) -> None:
    """Neither presence nor members."""
    assert await closed_with(client, {"op": 3, "d": {}}) == 4003
    assert await closed_with(client, {"op": 8, "d": {"guild_id": guild.id}}) == 4003


async def test_a_wrong_token_closes_the_connection(client: Ear, guild: Guild) -> None:
    """On identify and on resume."""
    assert await closed_with(client, identify(guild, token="wrong")) == 4004
    assert await closed_with(client, {"op": 6, "d": {"token": "wrong", "session_id": "x", "seq": 1}}) == 4004


async def test_identifying_twice_closes_the_connection(client: Ear, guild: Guild) -> None:
    """One connection has one session."""
    assert await closed_with(client, identify(guild), identify(guild)) == 4005


async def test_resuming_from_the_future_closes_the_connection(client: Ear, guild: Guild) -> None:
    """A sequence number that was never sent."""
    async with raw(client) as socket:
        await socket.send_json(identify(guild))
        await guild.until(lambda: guild.connected)
    session = next(iter(guild.gateway.sessions))
    resume = {"op": 6, "d": {"token": guild.token, "session_id": session, "seq": 999}}
    assert await closed_with(client, resume) == 4007


async def test_too_many_payloads_close_the_connection(client: Ear) -> None:
    """A hundred and twenty in a minute, heartbeats too."""
    assert await closed_with(client, *[{"op": 1, "d": None}] * 121) == 4008


async def test_a_shard_that_cannot_be_closes_the_connection(client: Ear, guild: Guild) -> None:
    """They count from zero."""
    assert await closed_with(client, identify(guild, shard=[2, 2])) == 4010


async def test_an_old_version_closes_the_connection(client: Ear) -> None:
    """Nine and ten are spoken."""
    socket = await client.http.ws_connect(f"{client.pretended.gateway.url}?v=6&encoding=json")
    await socket.receive()
    assert socket.close_code == 4012
    await socket.close()


async def test_intents_that_are_none_close_the_connection(client: Ear, guild: Guild) -> None:
    """A bit that has no meaning, or nothing at all."""
    assert await closed_with(client, identify(guild, intents=1 << 30)) == 4013
    assert await closed_with(client, identify(guild, intents=None)) == 4013


async def test_an_intent_that_is_not_switched_on_is_refused(sandbox: Sandbox, guild: Guild) -> None:
    """The SDK says which kind it is and gives up."""
    guild.message_content = False
    with pointed_at(sandbox):
        async with discord.Client(intents=intents("message_content")) as client:
            with pytest.raises(discord.PrivilegedIntentsRequired):
                await client.start(guild.token)


async def test_identifying_too_soon_or_too_often_is_refused(client: Ear, guild: Guild) -> None:
    """One in five seconds, and a thousand a day: the session is invalid."""

    async def answered() -> Event:
        async with raw(client) as socket:
            await socket.send_json(identify(guild))
            answer: Event = await socket.receive_json()
            return answer

    assert (await answered())["t"] == "READY"
    guild.gateway.identify_interval = 5.0
    assert await answered() == {"op": 9, "d": False, "s": None, "t": None}
    guild.gateway.identify_interval, guild.gateway.identifies_left = 0.0, 0
    assert (await answered())["op"] == 9


async def test_resuming_an_unknown_session_is_refused(client: Ear, guild: Guild) -> None:
    """It is to identify instead."""
    async with raw(client) as socket:
        await socket.send_json({"op": 6, "d": {"token": guild.token, "session_id": BOT_USER, "seq": 1}})
        assert (await socket.receive_json())["op"] == 9
