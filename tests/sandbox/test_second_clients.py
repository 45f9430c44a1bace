"""Clients that the bot itself does not use, and that are stricter about what they are sent, work with the sandbox too.

Slack's own synchronous client and its built-in websocket share neither transport nor parser with the one under Bolt.
"""

import asyncio
import io
from collections.abc import AsyncIterator

import aiohttp
import disnake
import pytest
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from deploy.sandbox.discord.roster import BOT_USER, GENERAL, GUILD
from deploy.sandbox.wire.server import Sandbox, serve


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of its own for each test."""
    async with serve() as running:
        yield running


@pytest.fixture
def pointed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let disnake know this Discord alone."""
    monkeypatch.setattr("disnake.http.Route.BASE", sandbox.discord_api_url)


@pytest.mark.usefixtures("pointed")
async def test_disnake_hears_and_answers(sandbox: Sandbox) -> None:
    """It joins, hears a mention, answers with a file and a button, opens a thread, and reads what there is."""
    guild, heard = sandbox.guild, list[disnake.Message]()
    bot = disnake.Client(intents=disnake.Intents(guilds=True, guild_messages=True, message_content=True))

    @bot.event
    async def on_message(message: disnake.Message) -> None:
        heard.append(message)
        guild.changes.wake()

    running = asyncio.create_task(bot.start(guild.token))
    try:
        await guild.until(lambda: running.done() or bot.is_ready() or guild.connected)
        asked = await guild.say(GENERAL, f"<@{BOT_USER}> what is new?")
        await guild.until(lambda: running.done() or heard)
        file, button = (
            disnake.File(io.BytesIO(b"x"), "x.txt"),
            disnake.ui.Button[None](label="Again", custom_id="again"),
        )
        answer = await heard[0].reply("Nothing.", file=file, components=button)
        thread = await answer.create_thread(name="News")
        history = [message.id async for message in heard[0].channel.history()]
        application, place = await bot.application_info(), await bot.fetch_guild(int(GUILD))
        channels = await place.fetch_channels()
    finally:
        await bot.close()
        await asyncio.gather(running, return_exceptions=True)
    assert history == [answer.id, int(asked)]
    assert (heard[0].content, answer.attachments[0].filename) == (f"<@{BOT_USER}> what is new?", "x.txt")
    assert (thread.name, application.id, place.name) == ("News", int(BOT_USER), "Analytical Engines")
    assert [channel.name for channel in channels] == ["general", "engineering", "random"]


async def test_a_form_s_body_may_name_its_content_type(sandbox: Sandbox) -> None:
    """As hikari writes it, for one: `payload_json` is then JSON by its own header."""
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"content": "Nothing."}', content_type="application/json")
    form.add_field("files[0]", b"x", filename="x.txt")
    headers = {"Authorization": f"Bot {sandbox.guild.token}"}
    url = f"{sandbox.discord_api_url}/channels/{GENERAL}/messages"
    async with aiohttp.ClientSession() as session, session.post(url, data=form, headers=headers) as response:
        shown = await response.json()
    assert (shown["content"], shown["attachments"][0]["filename"]) == ("Nothing.", "x.txt")


async def test_slack_s_other_client_hears_and_answers(sandbox: Sandbox) -> None:
    """The synchronous client, with the socket that is built in, hears a mention and answers it in its thread."""
    workspace = sandbox.workspace
    web = WebClient(token=workspace.bot_token, base_url=sandbox.slack_api_url)
    client = SocketModeClient(app_token=workspace.app_token, web_client=web)
    client.web_client.base_url = sandbox.slack_api_url

    def answer(socket: BaseSocketModeClient, request: SocketModeRequest) -> None:
        socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        event = request.payload["event"]
        if event["type"] == "app_mention":
            web.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="Nothing.")

    client.socket_mode_request_listeners.append(answer)
    await asyncio.to_thread(client.connect)
    try:
        await workspace.until(lambda: workspace.connected)
        asked = await workspace.say("C0GENERAL", f"<@{workspace.bot_user}> what is new?")
        await workspace.until(lambda: len(workspace.thread("C0GENERAL", asked)) == 2)
        people = await asyncio.to_thread(web.users_list)
    finally:
        await asyncio.to_thread(client.close)
    assert [post.text for post in workspace.thread("C0GENERAL", asked)][1] == "Nothing."
    assert {"U0ADA1234", workspace.bot_user} <= {member["id"] for member in people["members"]}
