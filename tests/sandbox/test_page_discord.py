"""The page's own API on the pretend Discord: what it tells, and what it lets a person do there."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse
from discord.http import Route

from deploy.sandbox.discord.posts import Flag, Post
from deploy.sandbox.discord.roster import ADA, BOT_USER, ENGINEERING, GENERAL, GRACE
from deploy.sandbox.wire.server import Sandbox
from tests.support.sandbox_discord import connected

Json = dict[str, Any]
IN_GENERAL = {"platform": "discord", "channel": GENERAL, "user": ADA}
VOICE = {
    "platform": "discord",
    "user": ADA,
    "name": "voice-message.webm",
    "voice_seconds": "2.5",
    "waveform": "AAECAw==",
}


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[ClientSession]:
    """Return a client of the page's API."""
    async with ClientSession(base_url=sandbox.url) as session:
        yield session


@pytest.fixture
async def live(http: ClientSession) -> AsyncIterator[ClientWebSocketResponse]:
    """Return the page's websocket, after the state that it begins with."""
    async with http.ws_connect("/api/live") as socket:
        await socket.receive_json(timeout=60)
        yield socket


async def call(http: ClientSession, name: str, asked: Json, status: int = 200) -> Json:
    """Make a call and return its answer, which has this status."""
    async with http.post(f"/api/{name}", json=asked) as response:
        answer: Json = await response.json()
        assert response.status == status, answer
        return answer


async def heard(live: ClientWebSocketResponse, kind: str) -> Json:
    """Return the next change of this kind."""
    while (change := await live.receive_json(timeout=60))["kind"] != kind:
        pass
    found: Json = change
    return found


async def discord(http: ClientSession) -> Json:
    """Return what the page is told of the guild at first."""
    async with http.get("/api/state") as response:
        (found,) = [each for each in (await response.json())["platforms"] if each["platform"] == "discord"]
        return dict(found)


def speak(sandbox: Sandbox, text: str, channel: str = GENERAL, **more: Any) -> Post:
    """Post as the bot."""
    post = Post(sandbox.guild.snowflakes.next(), channel, BOT_USER, text, **more)
    sandbox.guild.board.publish(post, {})
    return post


async def test_what_a_person_writes_is_said_in_the_guild(
    sandbox: Sandbox, http: ClientSession, live: ClientWebSocketResponse
) -> None:
    """It stands in the channel as it was written, and every open page hears of it."""
    said = await call(http, "say", {**IN_GENERAL, "text": f"<@{BOT_USER}> a < b"})
    (post,) = sandbox.guild.posts(GENERAL)
    assert (post.id, post.user, post.content) == (said["id"], ADA, f"<@{BOT_USER}> a < b")
    change = await heard(live, "posted")
    assert (change["platform"], change["post"]["id"], change["post"]["thread"]) == ("discord", post.id, None)
    assert change["post"]["dialect"] == "discord"


async def test_a_message_has_at_most_two_thousand_characters(sandbox: Sandbox, http: ClientSession) -> None:
    """When it is written and when it is edited; the person is told how long it was."""
    refused = await call(http, "say", {**IN_GENERAL, "text": "x" * 2001}, 400)
    assert "2,000" in refused["error"]
    assert "2,001" in refused["error"]
    said = await call(http, "say", {**IN_GENERAL, "text": "🙂" * 2000})
    await call(http, "edit", {**IN_GENERAL, **said, "text": "x" * 2001}, 400)
    assert sandbox.guild.posts(GENERAL)[0].content == "🙂" * 2000


async def test_a_reply_names_the_message_that_it_answers(sandbox: Sandbox, http: ClientSession) -> None:
    """As a reference; one to nothing is refused."""
    first = await call(http, "say", {**IN_GENERAL, "text": "Who is in?"})
    await call(http, "say", {**IN_GENERAL, "user": GRACE, "text": "I am", "reply_to": first["id"]})
    reply = sandbox.guild.posts(GENERAL)[1]
    assert reply.reference is not None
    assert reply.reference.post == first["id"]
    assert [post["reply_to"] for post in (await discord(http))["posts"]] == [None, first["id"]]
    await call(http, "say", {**IN_GENERAL, "text": "To whom?", "reply_to": "1"}, 404)


async def test_a_thread_is_started_from_a_message(
    sandbox: Sandbox, http: ClientSession, live: ClientWebSocketResponse
) -> None:
    """It has the message's id and is named after it, and what is said in it is told under its channel."""
    root = await call(http, "say", {**IN_GENERAL, "text": "Where do we\nmeet?"})
    reply = await call(http, "say", {**IN_GENERAL, "user": GRACE, "text": "In the garden", "thread": root["id"]})
    thread = sandbox.guild.thread_of(root["id"])
    assert thread is not None
    assert (thread.name, thread.parent) == ("Where do we meet?", GENERAL)
    assert (await heard(live, "thread"))["thread"]["name"] == "Where do we meet?"
    told = (await discord(http))["posts"]
    assert [(post["id"], post["channel"], post["thread"]) for post in told] == [
        (root["id"], GENERAL, None),
        (reply["id"], GENERAL, root["id"]),
    ]


async def test_a_thread_that_is_deleted_is_told_as_gone(
    sandbox: Sandbox, http: ClientSession, live: ClientWebSocketResponse
) -> None:
    """With all that stood in it."""
    thread = await sandbox.guild.open_thread(GENERAL, "Soon over")
    await sandbox.guild.say(thread, "Hello?")
    await sandbox.guild.delete_channel(thread)
    assert (await heard(live, "no_thread"))["thread"] == thread
    assert [post["opened"] for post in (await discord(http))["posts"]] == [thread]


async def test_direct_messages_have_no_threads(sandbox: Sandbox, http: ClientSession) -> None:
    """Nothing is said where one is asked for."""
    direct = {**IN_GENERAL, "channel": sandbox.guild.direct(ADA)}
    root = await call(http, "say", {**direct, "text": "Hello"})
    await call(http, "say", {**direct, "text": "Further down", "thread": root["id"]}, 404)
    assert len(sandbox.guild.posts(direct["channel"])) == 1


async def test_only_ones_own_messages_can_be_changed_in_a_thread_too(sandbox: Sandbox, http: ClientSession) -> None:
    """The author edits and deletes; anybody else is refused."""
    thread = await sandbox.guild.open_thread(ENGINEERING, "Spelling")
    place = {**IN_GENERAL, "channel": ENGINEERING, "thread": thread}
    mine = {**place, **await call(http, "say", {**place, "text": "Wensday"})}
    await call(http, "edit", {**mine, "user": GRACE, "text": "Never"}, 403)
    await call(http, "delete", {**mine, "user": GRACE}, 403)
    await call(http, "edit", {**mine, "text": "Wednesday"})
    (post,) = sandbox.guild.posts(thread)
    assert (post.content, post.edits) == ("Wednesday", 1)
    assert [each["edited"] for each in (await discord(http))["posts"] if each["thread"]] == [True]
    await call(http, "delete", mine)
    assert sandbox.guild.posts(thread) == []


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"text": ""}, 400),
        ({"text": "Hi", "channel": "1"}, 404),
        ({"text": "Hi", "user": BOT_USER}, 403),
        ({"text": "Hi", "thread": "1"}, 404),
        ({"text": "Hi", "files": ["1"]}, 404),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_sentence(http: ClientSession, asked: Json, status: int) -> None:
    """The page shows the sentence to the person."""
    assert (await call(http, "say", {**IN_GENERAL, **asked}, status))["error"].endswith(".")


async def test_a_recording_arrives_as_a_voice_note(sandbox: Sandbox, http: ClientSession) -> None:
    """With Discord's flag, its length and a waveform; it carries nothing else, and it is served again."""
    async with http.post(
        "/api/upload", params=VOICE, data=b"sound", headers={"Content-Type": "audio/webm"}
    ) as response:
        file = (await response.json())["id"]
    await call(http, "say", {**IN_GENERAL, "text": "Listen", "files": [file]}, 400)
    await call(http, "say", {**IN_GENERAL, "text": "", "files": [file]})
    (post,) = sandbox.guild.posts(GENERAL)
    (note,) = post.attachments
    assert Flag.VOICE in post.flags
    assert (note.duration_secs, note.waveform, note.media_type) == (2.5, "AAECAw==", "audio/webm")
    (told,) = (await discord(http))["posts"][0]["files"]
    assert (told["voice"], told["seconds"], told["waveform"]) == (True, 2.5, "AAECAw==")
    async with http.get(told["url"]) as response:
        assert (await response.read(), response.content_type) == (b"sound", "audio/webm")


async def test_a_file_that_discord_would_not_take_is_refused(sandbox: Sandbox, http: ClientSession) -> None:
    """By its size; nothing is kept."""
    sandbox.guild.file_limit = 3 << 20
    async with http.post(
        "/api/upload", params={**VOICE, "name": "big"}, data=BytesIO(bytes((3 << 20) + 1))
    ) as response:
        assert response.status == 400
        assert "3 MB" in (await response.json())["error"]
    assert not sandbox.guild.attachments


async def test_that_somebody_types_is_told_and_ends_with_their_message(
    sandbox: Sandbox, http: ClientSession, live: ClientWebSocketResponse
) -> None:
    """It says for how many seconds, as Discord shows it for ten."""
    await sandbox.guild.type(GENERAL, BOT_USER)
    told = await heard(live, "status")
    assert (told["user"], told["channel"], told["thread"], told["text"]) == (BOT_USER, GENERAL, None, "is typing…")
    assert 0 < told["seconds"] <= 10
    assert len((await discord(http))["statuses"]) == 1
    speak(sandbox, "Done")
    assert (await discord(http))["statuses"] == []


async def register(sandbox: Sandbox, http: ClientSession) -> None:
    """Register a slash command and a message menu as the bot."""
    question = {"type": 3, "name": "question", "description": "What to ask", "required": True}
    commands = [
        {"name": "ask", "description": "Ask Confab", "options": [question]},
        {"name": "Ask Confab about this", "type": 3},
    ]
    headers = {"Authorization": f"Bot {sandbox.guild.token}"}
    path = f"{sandbox.discord_api_url}/applications/{sandbox.guild.app}/commands"
    async with http.put(path, json=commands, headers=headers) as response:
        assert response.status == 200


async def test_the_bots_commands_are_told_once_it_registers_them(
    sandbox: Sandbox, http: ClientSession, live: ClientWebSocketResponse
) -> None:
    """Slash commands with what stands behind them, and message menus."""
    await register(sandbox, http)
    slash, menu = (await heard(live, "surroundings"))["commands"]["discord"]
    assert (slash["name"], slash["kind"], slash["option"]["name"], slash["in_direct"]) == (
        "ask",
        "slash",
        "question",
        True,
    )
    assert (menu["name"], menu["kind"], menu["option"]) == ("Ask Confab about this", "menu", None)


async def test_a_command_is_used_and_its_answer_names_it(sandbox: Sandbox, http: ClientSession) -> None:
    """The answer is for the asker alone if the bot says so; while it is promised, it is thinking."""
    await register(sandbox, http)
    guild = sandbox.guild
    async with connected(sandbox) as client:
        using = asyncio.create_task(call(http, "use", {**IN_GENERAL, "name": "ask", "text": "why?"}))
        (asked,) = await guild.until(lambda: client.events("INTERACTION_CREATE"))
        assert asked["data"]["options"] == [{"name": "question", "type": 3, "value": "why?"}]
        path = f"{sandbox.discord_api_url}/interactions/{asked['id']}/{asked['token']}/callback"
        async with http.post(path, json={"type": 5, "data": {"flags": int(Flag.EPHEMERAL)}}) as response:
            assert response.status == 204
        await using
    (post,) = (await discord(http))["posts"]
    assert (post["only_for"], post["thinking"]) == (ADA, True)
    assert post["command"] == {"user": ADA, "name": "ask", "menu": False}


async def test_a_command_that_nobody_answers_is_said_to_have_failed(sandbox: Sandbox, http: ClientSession) -> None:
    """As Discord says it after three seconds; a command that is not there, or lacks its text, is refused at once."""
    await register(sandbox, http)
    sandbox.guild.interactions.ack_within = 0.05
    failed = await call(http, "use", {**IN_GENERAL, "name": "ask", "text": "why?"}, 504)
    assert failed["error"] == "The application did not respond."
    post = await sandbox.guild.say(GENERAL, "An idea")
    await call(http, "use", {**IN_GENERAL, "name": "Ask Confab about this", "target": post}, 504)
    assert len(sandbox.guild.interactions.by_token) == 2
    await call(http, "use", {**IN_GENERAL, "name": "ask"}, 400)
    await call(http, "use", {**IN_GENERAL, "name": "sing", "text": "x"}, 404)
    await call(http, "use", {**IN_GENERAL, "name": "Ask Confab about this", "target": "1"}, 404)


async def test_a_command_of_slacks_is_used_there(http: ClientSession) -> None:
    """Without a bot, Slack itself tells the person alone; the same call serves both platforms."""
    ada = {"platform": "slack", "channel": "C0GENERAL", "user": "U0ADA1234"}
    async with http.get("/api/state") as response:
        offered = (await response.json())["commands"]["slack"]
    assert ("confab", "slash") in [(each["name"], each["kind"]) for each in offered]
    await call(http, "use", {**ada, "name": "confab", "text": "hello"})
    async with http.get("/api/state") as response:
        slack, _ = (await response.json())["platforms"]
    (post,) = slack["posts"]
    assert (post["only_for"], post["user"]) == ("U0ADA1234", "USLACKBOT")
    assert "/confab" in post["text"]
    await call(http, "use", {**ada, "name": "confab_ask", "target": "1.0"}, 404)


async def test_a_lost_right_is_a_fault_that_can_be_taken_back(sandbox: Sandbox, http: ClientSession) -> None:
    """No thread can be opened then; the channel that the bot never saw stays unseen."""
    fault = {"platform": "discord", "name": "no_threads"}
    headers = {"Authorization": f"Bot {sandbox.guild.token}"}
    for value, status in ((True, 403), (False, 200)):
        post = await sandbox.guild.say(GENERAL, "An idea")
        await call(http, "faults", {**fault, "value": value})
        path = f"{sandbox.discord_api_url}/channels/{GENERAL}/messages/{post}/threads"
        async with http.post(path, json={"name": "Idea"}, headers=headers) as response:
            assert response.status == status


async def test_sockets_are_dropped_on_request_and_the_bot_resumes(sandbox: Sandbox, http: ClientSession) -> None:
    """The page says that the bot is online, before and after."""
    async with connected(sandbox) as client:
        async with http.get("/api/state") as response:
            assert (await response.json())["online"]["discord"] is True
        await call(http, "faults", {"platform": "discord", "name": "drop"})
        await sandbox.guild.until(lambda: sandbox.guild.gateway.resumed == 1)
        assert not client.is_closed()


async def test_a_bot_is_told_how_to_join(sandbox: Sandbox, http: ClientSession) -> None:
    """The environment names this sandbox alone, and its token opens it."""
    async with http.get("/api/environment") as response:
        environ = await response.json()
    assert environ["DISCORD_API_URL"] == sandbox.discord_api_url
    headers = {"Authorization": f"Bot {environ['DISCORD_TOKEN']}"}
    async with http.get(f"{environ['DISCORD_API_URL']}/users/@me", headers=headers) as response:
        assert (await response.json())["id"] == BOT_USER


async def test_a_button_is_seen_and_pressed(sandbox: Sandbox, http: ClientSession) -> None:
    """What the bot wrote under it is there; a press that nobody answers is said to have failed."""
    async with connected(sandbox) as ear:
        button = {"type": 2, "style": 3, "label": "Allow", "custom_id": "confab:allow:1"}
        row = {"type": 1, "components": [button]}
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=GENERAL)
        sent = await ear.http.request(route, json={"content": "May I?", "components": [row]})
        shown = next(each for each in (await discord(http))["posts"] if each["id"] == sent["id"])
        assert shown["parts"][1]["buttons"] == [{"id": "confab:allow:1", "label": "Allow", "style": "main"}]
        sandbox.guild.interactions.ack_within = 0.2
        pressed = {**IN_GENERAL, "id": sent["id"], "button": "confab:allow:1"}
        await call(http, "press", pressed, 504)
        assert [each.name for each in sandbox.guild.interactions.by_token.values()] == ["confab:allow:1"]
        await call(http, "press", {**pressed, "button": "no such"}, 404)
        await call(http, "press", {**pressed, "id": "1"}, 404)
