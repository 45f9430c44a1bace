"""Slash commands and message shortcuts of the pretend Slack, to real Bolt apps over sockets and by signed requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.webhook.async_client import AsyncWebhookClient

from deploy.sandbox.slack.interactions import use_command, use_shortcut
from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.sandbox_slack import Body, Ear, bolt, listening, web_served

GENERAL = "C0GENERAL"


class Hand:
    """A Bolt app's listeners to commands and shortcuts, which note what comes, and acknowledge with `says`."""

    def __init__(self, workspace: Workspace) -> None:
        self.bodies: list[Body] = []
        self.says = ""
        self.waits: asyncio.Event | None = None
        self._workspace = workspace

    async def take(self, body: Body, ack: AsyncAck) -> None:
        """Note one interaction, and acknowledge it, in time or not."""
        self.bodies.append(body)
        if self.waits is not None:
            await self.waits.wait()
        await ack(self.says)

    def listen(self, app: AsyncApp) -> AsyncApp:
        """Add the listeners to an app."""
        app.command("/confab")(self.take)
        app.shortcut({"type": "message_action", "callback_id": "confab_ask"})(self.take)
        return app


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of its own for each test."""
    async with serve() as running:
        yield running


@pytest.fixture
def workspace(sandbox: Sandbox) -> Workspace:
    """The workspace of that sandbox."""
    return sandbox.workspace


@pytest.fixture(params=["socket", "http"])
async def hand(request: pytest.FixtureRequest, sandbox: Sandbox, workspace: Workspace) -> AsyncIterator[Hand]:
    """A real Bolt app, over Socket Mode and over signed HTTP."""
    hand, ear = Hand(workspace), Ear(workspace)
    async with AsyncExitStack() as stack:
        if request.param == "socket":
            await stack.enter_async_context(listening(sandbox, ear, listen=hand.listen))
        else:
            app = hand.listen(bolt(sandbox, ear)).web_app("/slack/events")
            address = await stack.enter_async_context(web_served(app))
            assert await workspace.register(f"{address}/slack/events")
        yield hand


async def test_a_slash_command_arrives_with_all_that_slack_tells(workspace: Workspace, hand: Hand) -> None:
    """It has no ts: nothing stands in the channel."""
    await use_command(workspace, "C0BUDGET1", "what & <@U0GRACE12>?", user="U0GRACE12")
    (body,) = hand.bodies
    assert (body["command"], body["text"], body["user_id"]) == ("/confab", "what & <@U0GRACE12>?", "U0GRACE12")
    assert (body["channel_id"], body["channel_name"], body["team_id"]) == (
        "C0BUDGET1",
        "privategroup",
        workspace.team,
    )
    assert body["trigger_id"] and body["response_url"].startswith(workspace.url)  # noqa: PT018 - both are needed
    assert not workspace.posts("C0BUDGET1")
    assert workspace.whispers("U0GRACE12") == []


async def test_an_acknowledgement_with_words_is_read_by_who_typed_the_command_alone(
    workspace: Workspace, hand: Hand
) -> None:
    """An ephemeral message, which no channel holds."""
    hand.says = "at your service"
    await use_command(workspace, GENERAL, "help")
    assert workspace.whispers("U0ADA1234") == ["at your service"]
    assert workspace.whispers("U0GRACE12") == []
    assert not workspace.posts(GENERAL)


async def test_a_message_shortcut_arrives_with_the_whole_message_and_its_thread(
    workspace: Workspace, hand: Hand
) -> None:
    """Also where the message is a reply."""
    root = await workspace.say(GENERAL, "lunch?", user="U0GRACE12")
    reply = await workspace.say(GENERAL, "at <https://example.com>", user="U0LINUS12", thread_ts=root)
    await use_shortcut(workspace, "confab_ask", GENERAL, reply)
    (body,) = hand.bodies
    assert (body["type"], body["callback_id"], body["user"]["id"]) == ("message_action", "confab_ask", "U0ADA1234")
    assert (body["channel"]["id"], body["message_ts"]) == (GENERAL, reply)
    message = body["message"]
    assert (message["ts"], message["thread_ts"], message["user"]) == (reply, root, "U0LINUS12")
    assert (message["text"], float(body["action_ts"]) > float(reply)) == ("at <https://example.com>", True)


async def test_a_slash_command_in_a_thread_never_reaches_the_app(workspace: Workspace, hand: Hand) -> None:
    """Slack itself says so."""
    root = await workspace.say(GENERAL, "lunch?")
    await use_command(workspace, GENERAL, "stop", thread_ts=root)
    assert not hand.bodies
    assert workspace.whispers("U0ADA1234") == ["/confab is not supported in threads. Sorry!"]


async def test_without_its_scope_the_app_has_no_slash_command_and_no_shortcut(workspace: Workspace, hand: Hand) -> None:
    """Nor has it one that its manifest does not name."""
    await use_command(workspace, GENERAL, "", name="/other")
    workspace.scopes.discard("commands")
    await use_command(workspace, GENERAL, "")
    root = await workspace.say(GENERAL, "lunch?")
    with pytest.raises(LookupError):
        await use_shortcut(workspace, "confab_ask", GENERAL, root)
    assert not hand.bodies
    assert workspace.whispers("U0ADA1234") == ["/other is not a valid command.", "/confab is not a valid command."]


async def test_an_interaction_that_is_not_acknowledged_in_time_fails_before_the_person(
    workspace: Workspace, hand: Hand
) -> None:
    """It does not come again."""
    workspace.courier.ack_timeout = 0.05
    hand.waits = asyncio.Event()
    root = await workspace.say(GENERAL, "lunch?")
    await use_command(workspace, GENERAL, "hello")
    await use_shortcut(workspace, "confab_ask", GENERAL, root)
    hand.waits.set()
    assert workspace.whispers("U0ADA1234") == [
        '/confab failed with the error "operation_timeout"',
        'The shortcut failed with the error "operation_timeout"',
    ]
    assert len(hand.bodies) == 2


async def test_an_interaction_that_meets_nobody_fails_before_the_person(workspace: Workspace) -> None:
    """There is no socket, or nothing listens at the address."""
    await use_command(workspace, GENERAL, "hello")
    workspace.courier.endpoint.url = "http://127.0.0.1:9/slack/events"
    await use_command(workspace, GENERAL, "hello")
    assert workspace.whispers("U0ADA1234") == ['/confab failed with the error "dispatch_failed"'] * 2


async def test_an_interaction_is_delivered_twice_on_request(workspace: Workspace, hand: Hand) -> None:
    """It has one trigger_id, by which it is known."""
    workspace.faults.deliveries = 2
    await use_command(workspace, GENERAL, "hello")
    assert len(hand.bodies) == 2
    assert len({body["trigger_id"] for body in hand.bodies}) == 1


async def test_a_response_is_read_by_one_person_or_by_the_whole_channel(workspace: Workspace, hand: Hand) -> None:
    """As it says itself; by default only who asked reads it."""
    await use_command(workspace, GENERAL, "hello")
    respond = AsyncRespond(response_url=hand.bodies[0]["response_url"])
    await respond("only you")
    await respond("all of you", response_type="in_channel")
    assert workspace.whispers("U0ADA1234") == ["only you"]
    assert [post.text for post in workspace.posts(GENERAL)] == ["all of you"]


async def test_a_response_url_serves_five_times(workspace: Workspace, hand: Hand) -> None:
    """The sixth is refused."""
    await use_command(workspace, GENERAL, "hello")
    client = AsyncWebhookClient(hand.bodies[0]["response_url"])
    answers = [await client.send(text=str(number)) for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[5].body


async def test_a_response_url_that_is_too_old_is_refused(workspace: Workspace, hand: Hand) -> None:
    """After half an hour."""
    await use_command(workspace, GENERAL, "hello")
    workspace.invitations.lasts = 0.0
    answer = await AsyncWebhookClient(hand.bodies[0]["response_url"]).send(text="late")
    assert (answer.status_code, "expired_url" in answer.body) == (404, True)


@pytest.mark.parametrize("body", ["text=hello", '"hello"'])
async def test_a_response_that_is_no_object_is_refused(workspace: Workspace, hand: Hand, body: str) -> None:
    """It is a message as JSON, whatever else the address would take."""
    await use_command(workspace, GENERAL, "hello")
    url = hand.bodies[0]["response_url"]
    async with ClientSession() as session, session.post(url, data=body) as answer:
        assert (answer.status, "invalid_payload" in await answer.text()) == (400, True)
    assert workspace.whispers("U0ADA1234") == []


async def test_a_response_keeps_to_the_rules_of_any_message(workspace: Workspace, hand: Hand) -> None:
    """One without words is refused."""
    await use_command(workspace, GENERAL, "hello")
    answer = await AsyncWebhookClient(hand.bodies[0]["response_url"]).send(text="")
    assert "no_text" in answer.body
