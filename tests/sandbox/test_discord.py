"""The pretend guild: what people do in it, and what the real discord.py hears and does there."""

import io
import re
from collections.abc import AsyncIterator

import discord
import pytest
from discord import app_commands
from discord.http import Route

from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.posts import Flag, Kind
from deploy.sandbox.discord.roster import (
    ADA,
    BOT_USER,
    ENGINEERING,
    ENGINEERS,
    GENERAL,
    GRACE,
    LINUS,
    LOUNGE,
    OTHER_BOT_USER,
)
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.sandbox_discord import Ear, Event, connected, intents, logged_in

MENTION = f"<@{BOT_USER}>"


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
async def ear(sandbox: Sandbox) -> AsyncIterator[Ear]:
    """What a real client, with the intent for message content, hears of that sandbox."""
    async with connected(sandbox) as client:
        yield client


async def heard(guild: Guild, ear: Ear, count: int) -> list[discord.Message]:
    """Wait until so many messages have been heard, and return them."""
    await guild.until(lambda: len(ear.messages) >= count)
    assert len(ear.messages) == count
    return ear.messages


# What arrives


async def test_a_client_finds_the_guild_its_channels_and_itself(ear: Ear) -> None:
    """GUILD_CREATE tells channels, roles and the bot's own member; rights are computed by the SDK as by Discord."""
    guild = ear.guilds[0]
    assert [channel.name for channel in guild.text_channels] == ["general", "engineering", "random", "___hidden___"]
    lounge, general = guild.get_channel(int(LOUNGE)), guild.get_channel(int(GENERAL))
    assert lounge is not None
    assert general is not None
    assert not lounge.permissions_for(guild.me).view_channel
    assert general.permissions_for(guild.me).send_messages_in_threads
    assert [role.name for role in guild.me.roles] == ["@everyone", "Confab"]


async def test_a_mention_arrives_with_its_author_and_whom_it_mentions(guild: Guild, ear: Ear) -> None:
    """A message in a guild carries member and guild."""
    number = await guild.say(GENERAL, f"{MENTION} what did we decide?")
    message = (await heard(guild, ear, 1))[0]
    assert (message.id, message.content) == (int(number), f"{MENTION} what did we decide?")
    assert isinstance(message.author, discord.Member)
    assert ear.user in message.mentions
    assert ear.events("MESSAGE_CREATE")[0]["guild_id"] == guild.id


async def test_a_direct_message_arrives_without_a_guild(guild: Guild, ear: Ear) -> None:
    """Its channel is one of its own."""
    await guild.say(guild.direct(GRACE), "hello", user=GRACE)
    message = (await heard(guild, ear, 1))[0]
    assert isinstance(message.channel, discord.DMChannel)
    assert message.author.name == "grace"
    assert message.guild is None


async def test_nothing_arrives_from_a_channel_that_the_bot_does_not_see(guild: Guild, ear: Ear) -> None:
    """A mention in #lounge is heard by nobody; what follows in #general is."""
    await guild.say(LOUNGE, f"{MENTION} hello?")
    await guild.say(GENERAL, "hello")
    assert [message.content for message in await heard(guild, ear, 1)] == ["hello"]


async def test_a_reply_carries_what_it_answers_and_mentions_its_author(guild: Guild, ear: Ear) -> None:
    """Unless the person switched the mention off."""
    own = await ear.place().send("mine")
    await guild.say(GENERAL, "why?", reference=str(own.id))
    await guild.say(GENERAL, "why not?", reference=str(own.id), ping_replied=False)
    _, loud, quiet = await heard(guild, ear, 3)
    assert loud.type is discord.MessageType.reply
    assert loud.reference is not None
    assert loud.reference.resolved == own
    assert (loud.mentions, quiet.mentions) == ([own.author], [])


async def test_a_reply_to_what_is_gone_says_so(guild: Guild, ear: Ear) -> None:
    """The referenced message is null."""
    gone = await guild.say(GENERAL, "oops")
    await guild.delete(GENERAL, gone)
    await guild.say(GENERAL, "what was that?", reference=gone)
    reply = (await heard(guild, ear, 2))[1]
    assert reply.reference is not None
    assert isinstance(reply.reference.resolved, discord.DeletedReferencedMessage)


async def test_a_forward_has_its_text_in_a_snapshot_alone(guild: Guild, ear: Ear) -> None:
    """The content of the message itself is empty."""
    first = await guild.say(ENGINEERING, "look at this")
    await guild.forward(GENERAL, ENGINEERING, first)
    message = (await heard(guild, ear, 2))[1]
    assert (message.content, message.message_snapshots[0].content) == ("", "look at this")


async def test_edits_and_deletes_arrive(guild: Guild, ear: Ear) -> None:
    """One by one, or many deleted at once."""
    first, second, third = [await guild.say(GENERAL, text) for text in ("a", "b", "c")]
    await guild.edit(GENERAL, first, f"{MENTION} a")
    await guild.delete(GENERAL, first)
    await guild.delete(GENERAL, second, third)
    await guild.until(lambda: ear.events("MESSAGE_DELETE_BULK"))
    update = ear.events("MESSAGE_UPDATE")[0]
    assert (update["content"], update["mentions"][0]["id"]) == (f"{MENTION} a", BOT_USER)
    assert update["edited_timestamp"]
    assert ear.events("MESSAGE_DELETE")[0]["id"] == first
    assert ear.events("MESSAGE_DELETE_BULK")[0]["ids"] == [second, third]
    assert guild.posts(GENERAL) == []


async def test_a_preview_of_a_link_arrives_as_an_update_that_is_no_edit(guild: Guild, ear: Ear) -> None:
    """The text is the same, and it was edited at no time."""
    number = await guild.say(GENERAL, "https://example.com/")
    await guild.unfurl(GENERAL, number)
    await guild.until(lambda: ear.events("MESSAGE_UPDATE"))
    update = ear.events("MESSAGE_UPDATE")[0]
    assert (update["content"], update["edited_timestamp"]) == ("https://example.com/", None)
    assert update["embeds"][0]["title"] == "Example"


async def test_without_the_intent_only_mentions_own_and_direct_messages_have_content(
    sandbox: Sandbox, guild: Guild
) -> None:
    """That holds for the message that one answers, too."""
    async with connected(sandbox, intents()) as ear:
        first = await guild.say(GENERAL, "between us", attachments=[guild.attach("a.txt", b"a")])
        await guild.say(GENERAL, f"{MENTION} hello", user=GRACE, reference=first)
        await guild.say(guild.direct(ADA), "hello")
        await ear.place().send("mine")
        hidden, mention, direct, own = await heard(guild, ear, 4)
    assert (hidden.content, hidden.attachments) == ("", [])
    assert [mention.content, direct.content, own.content] == [f"{MENTION} hello", "hello", "mine"]
    assert mention.reference is not None
    assert isinstance(mention.reference.resolved, discord.Message)
    assert mention.reference.resolved.content == ""


async def test_history_is_blanked_unless_the_switch_for_message_content_is_on(sandbox: Sandbox, guild: Guild) -> None:
    """What REST shows goes by the application's switch, whatever was asked of the gateway."""
    await guild.say(GENERAL, "between us")
    async with logged_in(sandbox) as client:
        assert [message.content async for message in client.place().history()] == ["between us"]
        guild.message_content = False
        assert [message.content async for message in client.place().history()] == [""]


async def test_only_what_was_asked_for_arrives(sandbox: Sandbox, guild: Guild) -> None:
    """Without the intent for messages there is none, nor reactions or typing without theirs."""
    async with connected(sandbox, intents("guild_typing", without="guild_messages")) as ear:
        number = await guild.say(GENERAL, f"{MENTION} hello")
        await guild.react(GENERAL, number, "👍")
        await guild.type(GENERAL)
        await guild.say(guild.direct(ADA), "hello")
        await heard(guild, ear, 1)
        names = [name for name, _ in ear.heard]
    assert names == ["READY", "GUILD_CREATE", "TYPING_START", "MESSAGE_CREATE"]


async def test_reactions_and_typing_arrive(sandbox: Sandbox, guild: Guild) -> None:
    """With who did it, and where."""
    async with connected(sandbox, intents("guild_reactions", "guild_typing")) as ear:
        number = await guild.say(GENERAL, "hello")
        await guild.react(GENERAL, number, "👍", user=LINUS)
        await guild.type(GENERAL, user=GRACE)
        await guild.until(lambda: ear.events("TYPING_START"))
        reaction = ear.events("MESSAGE_REACTION_ADD")[0]
    assert (reaction["user_id"], reaction["emoji"]["name"]) == (LINUS, "👍")
    assert ear.events("TYPING_START")[0]["member"]["user"]["id"] == GRACE
    assert guild.types(GENERAL, GRACE)


async def test_another_bot_and_a_voice_note_arrive_as_what_they_are(guild: Guild, ear: Ear) -> None:
    """A voice note has no content, one attachment with its length, and a flag."""
    note = guild.attach("voice-message.ogg", b"OggS", "audio/ogg", duration_secs=1.5)
    await guild.say(GENERAL, "deployed", user=OTHER_BOT_USER)
    await guild.say(GENERAL, "", attachments=[note], flags=Flag.VOICE)
    bot, voice = await heard(guild, ear, 2)
    assert bot.author.bot
    assert voice.flags.voice
    assert (voice.content, voice.attachments[0].duration) == ("", 1.5)
    assert await voice.attachments[0].read() == b"OggS"


async def test_members_are_sent_on_request(sandbox: Sandbox, guild: Guild) -> None:
    """All of them only with the intent for members, and its switch."""
    guild.gateway.flags |= discord.ApplicationFlags(gateway_guild_members=True).value
    async with connected(sandbox, intents("members")) as ear:
        await ear.guilds[0].chunk()
        assert {member.name for member in ear.guilds[0].members} == {user.name for user in guild.users.values()}
        found = await ear.guilds[0].query_members("gra")
        assert [member.id for member in found] == [int(GRACE)]


# The bot's doing


# The bot's doing


async def test_a_sent_edited_and_deleted_message_stands_so_in_the_channel(guild: Guild, ear: Ear) -> None:
    """The bot hears of its own doing, with the nonce that it gave."""
    message = await ear.place().send("  first  ", nonce="turn-1")
    assert message.content == "first"
    await message.edit(content="second", embed=discord.Embed(title="a title"))
    post = guild.posts(GENERAL)[0]
    assert (post.user, post.content, post.edits) == (BOT_USER, "second", 1)
    await message.delete()
    assert guild.posts(GENERAL) == []
    await guild.until(lambda: ear.events("MESSAGE_DELETE"))
    assert ear.events("MESSAGE_CREATE")[0]["nonce"] == "turn-1"
    assert ear.events("MESSAGE_UPDATE")[0]["embeds"][0]["title"] == "a title"


async def test_a_repeated_nonce_gives_the_first_message_again(guild: Guild, ear: Ear) -> None:
    """Nothing new is written, even in another channel."""
    first = await ear.place().send("once", nonce="n")
    again = await ear.place(ENGINEERING).send("twice", nonce="n")
    assert (again.id, again.content) == (first.id, "once")
    assert len(guild.posts(GENERAL) + guild.posts(ENGINEERING)) == 1


@pytest.mark.parametrize("text", ["@everyone", "@here", f"<@{ADA}>", f"<@&{ENGINEERS}>"])
async def test_a_mention_notifies_unless_it_is_held_back(guild: Guild, ear: Ear, text: str) -> None:
    """An edit that says nothing of allowed mentions is read with none held back, whatever the creation said."""
    loud = await ear.place().send(text)
    quiet = await ear.place().send(text, allowed_mentions=discord.AllowedMentions.none())
    assert (guild.pings(str(loud.id)), guild.pings(str(quiet.id))) == ([text], [])
    await quiet.edit(content=f"{text}!", allowed_mentions=discord.AllowedMentions.none())
    assert guild.pings(str(quiet.id)) == []
    await quiet.edit(content=f"{text}!!")
    assert guild.pings(str(quiet.id)) == [text]


async def test_nothing_in_code_notifies(guild: Guild, ear: Ear) -> None:
    """Neither in a span nor in a fence, nor a role that nobody may mention in a message of a person."""
    sent = await ear.place().send(f"`@everyone` ```\n<@{ADA}>\n```")
    said = await guild.say(GENERAL, "@everyone <@&" + guild.id + ">", user=LINUS)
    assert guild.pings(str(sent.id)) == guild.pings(said) == []


async def test_a_reply_notifies_whom_it_answers(guild: Guild, ear: Ear) -> None:
    """Unless it is told not to."""
    number = await guild.say(GENERAL, "hello")
    message = (await heard(guild, ear, 1))[0]
    loud = await message.reply("hello")
    quiet = await message.reply("hello", mention_author=False)
    assert (guild.pings(str(loud.id)), guild.pings(str(quiet.id))) == ([f"<@{ADA}>"], [])
    assert guild.posts(GENERAL)[1].reference is not None
    assert guild.channels[GENERAL].posts[str(quiet.id)].kind is Kind.REPLY
    assert number


async def test_a_file_is_sent_and_can_be_fetched_while_its_address_is_good(guild: Guild, ear: Ear) -> None:
    """An address expires; the message, fetched again, has a new one."""
    message = await ear.place().send(file=discord.File(io.BytesIO(b"all of it"), "answer.md", description="an answer"))
    assert (message.attachments[0].filename, message.attachments[0].description) == ("answer.md", "an answer")
    fetched = await ear.place().fetch_message(message.id)
    assert await fetched.attachments[0].read() == b"all of it"
    assert guild.posts(GENERAL)[0].attachments[0].content == b"all of it"


async def test_an_address_is_made_new(guild: Guild, ear: Ear) -> None:
    """For as long as the file is there."""
    message = await ear.place().send(file=discord.File(io.BytesIO(b"all of it"), "answer.md"))
    old = re.sub("ex=[0-9a-f]+", "ex=0", message.attachments[0].url)
    route = Route("POST", "/attachments/refresh-urls")
    answer = await ear.http.request(route, json={"attachment_urls": [old]})
    assert answer["refreshed_urls"][0]["original"] == old
    assert await ear.http.get_from_cdn(answer["refreshed_urls"][0]["refreshed"]) == b"all of it"
    assert guild.calls[-1].route == "refresh_attachment_urls"


async def test_typing_shows_until_the_bot_writes(guild: Guild, ear: Ear) -> None:
    """In one channel, as long as ten seconds."""
    await ear.place().typing()
    assert guild.types(GENERAL)
    assert not guild.types(ENGINEERING)
    await ear.place().send("here it is")
    assert not guild.types(GENERAL)


async def test_reactions_are_put_and_taken(guild: Guild, ear: Ear) -> None:
    """The bot's own."""
    message = await ear.place().send("hello")
    await message.add_reaction("👀")
    assert guild.posts(GENERAL)[0].reactions == {"👀": [BOT_USER]}
    assert ear.user is not None
    await message.remove_reaction("👀", ear.user)
    assert guild.posts(GENERAL)[0].reactions == {}


async def test_history_is_read_in_pages(guild: Guild, ear: Ear) -> None:
    """Before, after and around a message, oldest or newest first."""
    numbers = [int(await guild.say(GENERAL, str(number))) for number in range(7)]
    place = ear.place()
    middle = discord.Object(numbers[3])
    assert [m.content async for m in place.history(limit=2)] == ["6", "5"]
    assert [m.content async for m in place.history(limit=2, before=middle)] == ["2", "1"]
    assert [m.content async for m in place.history(limit=None, after=middle)] == ["4", "5", "6"]
    assert [m.content async for m in place.history(limit=3, around=middle)] == ["4", "3", "2"]


async def test_a_direct_message_is_opened_once(guild: Guild, ear: Ear) -> None:
    """The one that is there is given again."""
    user = await ear.fetch_user(int(LINUS))
    await user.send("hello")
    assert [post.content for post in guild.posts(guild.direct(LINUS))] == ["hello"]


# Threads


async def test_a_thread_from_a_message_has_its_id_and_begins_with_a_system_message(guild: Guild, ear: Ear) -> None:
    """The starter is told once more inside, as a message of its own kind."""
    await guild.say(GENERAL, f"{MENTION} hello")
    message = (await heard(guild, ear, 1))[0]
    thread = await message.create_thread(name="A question")
    await thread.send("an answer")
    starter = (await heard(guild, ear, 3))[1]
    assert thread.id == message.id
    assert starter.type is discord.MessageType.thread_starter_message
    assert (starter.content, starter.channel.id) == ("", thread.id)
    assert starter.reference is not None
    assert isinstance(starter.reference.resolved, discord.Message)
    assert starter.reference.resolved.content == f"{MENTION} hello"
    assert ear.events("THREAD_CREATE")[0]["newly_created"]
    assert [post.content for post in guild.posts(str(thread.id))] == ["", "an answer"]
    started = guild.thread_of(str(message.id))
    assert started is not None
    assert started.name == "A question"


async def test_a_follow_up_in_a_thread_arrives_with_the_thread_as_its_channel(guild: Guild, ear: Ear) -> None:
    """Its parent is the channel."""
    thread = await guild.open_thread(GENERAL, "plans")
    await guild.say(thread, "and then?", user=GRACE)
    told, message = await heard(guild, ear, 2)
    assert told.type is discord.MessageType.thread_created
    assert isinstance(message.channel, discord.Thread)
    assert (message.channel.parent_id, message.channel.name) == (int(GENERAL), "plans")
    assert guild.channels[thread].members == {ADA, GRACE}


async def test_a_private_thread_is_heard_once_the_bot_is_mentioned_in_it(guild: Guild, ear: Ear) -> None:
    """A mention adds it."""
    thread = await guild.open_thread(GENERAL, "secret", private=True)
    await guild.say(thread, "not for you")
    await guild.say(thread, f"{MENTION} come in")
    assert [message.content for message in await heard(guild, ear, 1)] == [f"{MENTION} come in"]
    assert ear.events("THREAD_CREATE")[0]["id"] == thread


async def test_writing_opens_an_archived_thread(guild: Guild, ear: Ear) -> None:
    """The bot's own words do so, too."""
    thread = await guild.open_thread(GENERAL, "old plans")
    await guild.archive(thread)
    await guild.until(lambda: ear.events("THREAD_UPDATE"))
    await ear.place(thread).send("a late answer")
    assert not guild.channels[thread].archived
    await guild.until(lambda: len(ear.events("THREAD_UPDATE")) == 2)


async def test_threads_are_listed_joined_renamed_and_left(guild: Guild, ear: Ear) -> None:
    """Active ones for the guild, archived ones by channel."""
    old, new = await guild.open_thread(GENERAL, "old"), await guild.open_thread(GENERAL, "new")
    await guild.archive(old)
    general = ear.guilds[0].get_channel(int(GENERAL))
    assert isinstance(general, discord.TextChannel)
    assert [thread.id for thread in await ear.guilds[0].active_threads()] == [int(new)]
    assert [thread.id async for thread in general.archived_threads()] == [int(old)]
    own = await general.create_thread(name="mine", type=discord.ChannelType.public_thread)
    await own.edit(name="ours")
    await own.add_user(discord.Object(int(ADA)))
    assert (guild.channels[str(own.id)].name, guild.channels[str(own.id)].members) == ("ours", {BOT_USER, ADA})
    await own.leave()
    assert guild.channels[str(own.id)].members == {ADA}


async def test_a_channel_that_comes_into_sight_brings_its_threads(guild: Guild, ear: Ear) -> None:
    """As THREAD_LIST_SYNC."""
    thread = await guild.open_thread(LOUNGE, "in the lounge")
    await guild.permit(LOUNGE)
    await guild.until(lambda: ear.events("THREAD_LIST_SYNC"))
    assert ear.get_channel(int(thread)) is not None


async def test_channels_come_and_go(guild: Guild, ear: Ear) -> None:
    """With their threads."""
    channel = await guild.open_channel("plans")
    thread = await guild.open_thread(channel, "first")
    await guild.until(lambda: ear.get_channel(int(thread)))
    await guild.delete_channel(channel)
    await guild.until(lambda: ear.get_channel(int(channel)) is None)
    assert [event["id"] for event in ear.events("THREAD_DELETE")] == [thread]


# Commands and menus


@pytest.fixture
async def commands(guild: Guild, ear: Ear) -> app_commands.CommandTree[Ear]:
    """A command and a message menu of the client, registered."""
    tree = app_commands.CommandTree(ear)

    @tree.command(description="Ask Confab")
    async def ask(interaction: discord.Interaction[Ear], question: str) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.edit_original_response(content=f"{question}? @everyone {interaction.user.mention}")
        await interaction.followup.send("and more", ephemeral=True)

    @tree.context_menu(name="Ask Confab about this")
    async def about(interaction: discord.Interaction[Ear], message: discord.Message) -> None:
        await interaction.response.send_message(message.content)

    await tree.sync()
    assert guild.interactions.global_commands
    return tree


@pytest.mark.usefixtures("commands")
async def test_a_slash_command_is_deferred_answered_and_followed_up(guild: Guild) -> None:
    """The promise becomes the answer; of its mentions only users notify. A private follow-up is seen by one."""
    interaction = await guild.interact("ask", GENERAL, user=GRACE, options={"question": "why"})
    await guild.until(lambda: interaction.follow_ups)
    answer, private = guild.posts(GENERAL)
    assert (answer.id, answer.content, answer.kind) == (
        interaction.original,
        f"why? @everyone <@{GRACE}>",
        Kind.CHAT_INPUT_COMMAND,
    )
    assert Flag.LOADING not in answer.flags
    assert answer.edited is None
    assert guild.pings(answer.id) == [f"<@{GRACE}>"]
    assert (private.content, private.seen_by) == ("and more", GRACE)


@pytest.mark.usefixtures("commands")
async def test_a_message_menu_carries_the_message_with_its_content(guild: Guild) -> None:
    """Even where the intent for content is missing."""
    guild.message_content = False
    number = await guild.say(ENGINEERING, "explain me")
    interaction = await guild.interact("Ask Confab about this", ENGINEERING, target=number)
    await guild.until(lambda: interaction.original)
    assert guild.posts(ENGINEERING)[1].content == "explain me"


@pytest.mark.usefixtures("commands")
async def test_a_command_works_in_direct_messages(guild: Guild) -> None:
    """There it comes from a user, without a member."""
    interaction = await guild.interact("ask", guild.direct(LINUS), user=LINUS, options={"question": "how"})
    await guild.until(lambda: interaction.follow_ups)
    assert guild.posts(guild.direct(LINUS))[0].content == f"how? @everyone <@{LINUS}>"


async def test_a_command_that_is_not_registered_cannot_be_used(guild: Guild) -> None:
    """As nobody could pick it."""
    with pytest.raises(LookupError):
        await guild.interact("ask", GENERAL)


async def test_a_button_is_pressed(guild: Guild, ear: Ear) -> None:
    """Its message can be changed in answer."""

    class Buttons(discord.ui.View):
        @discord.ui.button(label="Stop", custom_id="stop")
        async def stop_it(self, interaction: discord.Interaction[Ear], _: discord.ui.Button["Buttons"]) -> None:
            await interaction.response.edit_message(content="stopped", view=None)

    message = await ear.place().send("working", view=Buttons())
    await guild.press(GENERAL, str(message.id), "stop")
    await guild.until(lambda: guild.posts(GENERAL)[0].content == "stopped")
    assert guild.posts(GENERAL)[0].components == []


# Odd shapes


async def test_a_raw_message_is_the_same_at_the_gateway_and_in_history(guild: Guild, ear: Ear) -> None:
    """Fields are put in place of the ordinary ones or left out; discord.py cannot even read some of them."""
    poll: Event = {
        "question": {"text": "?"},
        "answers": [],
        "expiry": None,
        "allow_multiselect": False,
        "layout_type": 1,
    }
    sent = await guild.say_raw(GENERAL, {"poll": poll, "mentions": [{"id": ADA}]}, missing=["edited_timestamp"])
    await guild.until(lambda: ear.events("MESSAGE_CREATE"))
    [shown] = await ear.http.logs_from(int(GENERAL), 10)
    for message in (ear.events("MESSAGE_CREATE")[0], shown):
        assert (message["id"], message["poll"], message["mentions"]) == (sent, poll, [{"id": ADA}])
        assert "edited_timestamp" not in message
    assert ear.messages == []


async def test_a_raw_reply_shows_what_it_answers(guild: Guild, ear: Ear) -> None:
    """What surrounds the odd fields is as ever."""
    asked = await guild.say(GENERAL, "Which?")
    await guild.say_raw(GENERAL, {"content": "This", "sticker_items": [{"id": "1", "name": "Wave"}]}, reference=asked)
    await guild.until(lambda: len(ear.events("MESSAGE_CREATE")) == 2)
    reply = ear.events("MESSAGE_CREATE")[1]
    assert reply["referenced_message"]["content"] == "Which?"
    assert reply["sticker_items"][0]["name"] == "Wave"


async def test_a_raw_message_without_an_author_is_blanked_as_any_other(sandbox: Sandbox) -> None:
    """Who may not read content is sent none of it, whatever else is missing."""
    async with connected(sandbox, intents()) as ear:
        await sandbox.guild.say_raw(GENERAL, {"content": "Hidden"}, missing=["author", "mentions"])
        await sandbox.guild.until(lambda: ear.events("MESSAGE_CREATE"))
    assert ear.events("MESSAGE_CREATE")[0]["content"] == ""


async def test_any_event_can_be_sent(guild: Guild, ear: Ear) -> None:
    """As it stands, for an event of its guild."""
    odd = {"guild_id": guild.id, "id": "1", "type": 2}
    await guild.send_event("CHANNEL_UPDATE", odd)
    await guild.until(lambda: ear.events("CHANNEL_UPDATE"))
    assert ear.events("CHANNEL_UPDATE") == [odd]
