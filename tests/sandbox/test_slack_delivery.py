"""How the pretend Slack delivers events, over sockets and by signed requests, to real Bolt apps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession, WSMessage, WSServerHandshakeError, web
from aiohttp.typedefs import Handler
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.sandbox_slack import Ear, bolt, client_of, listening, web_served


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox whose retries follow each other at once."""
    async with serve() as running:
        running.workspace.courier.retry_waits = (0.0, 0.0, 0.0)
        yield running


@pytest.fixture
def workspace(sandbox: Sandbox) -> Workspace:
    """The workspace of that sandbox."""
    return sandbox.workspace


@pytest.fixture
def ear(workspace: Workspace) -> Ear:
    """What a Bolt app hears."""
    return Ear(workspace)


async def address_of_socket(sandbox: Sandbox) -> str:
    """Ask for one Socket Mode address."""
    return str((await client_of(sandbox).apps_connections_open(app_token=sandbox.workspace.app_token))["url"])


async def test_an_envelope_that_is_not_acknowledged_comes_again_three_times(
    sandbox: Sandbox, workspace: Workspace, ear: Ear
) -> None:
    """Each time it says so in retry_attempt, which Bolt shows as a header; then it is given up."""
    workspace.courier.ack_timeout = 0.05
    ear.fails = True
    async with listening(sandbox, ear):
        await workspace.say("D0ADA1234", "hello")
        await workspace.until(lambda: workspace.courier.given_up)
    assert ear.retries == [("0", ""), ("1", "timeout"), ("2", "timeout"), ("3", "timeout")]
    assert {body["event_id"] for body in ear.bodies} == set(workspace.courier.given_up)


async def test_an_envelope_that_was_acknowledged_does_not_come_again(
    sandbox: Sandbox, workspace: Workspace, ear: Ear
) -> None:
    """Two messages, two events, nothing waiting."""
    async with listening(sandbox, ear):
        await workspace.say("D0ADA1234", "one")
        await workspace.say("D0ADA1234", "two")
        await workspace.until(lambda: len(ear.bodies) == 2 and not workspace.courier.unacknowledged)
    assert [event["text"] for event in ear.events] == ["one", "two"]
    assert not workspace.courier.given_up


async def test_an_event_that_meets_no_socket_arrives_with_a_retry_once_there_is_one(
    sandbox: Sandbox, workspace: Workspace, ear: Ear
) -> None:
    """What was said while nobody listened is heard late, as a retry."""
    workspace.courier.retry_waits = (0.01,) * 1000
    await workspace.say("D0ADA1234", "anybody?")
    async with listening(sandbox, ear):
        await workspace.until(lambda: ear.bodies)
    assert int(ear.retries[0][0]) >= 1


async def test_an_event_that_never_meets_a_socket_is_given_up(workspace: Workspace) -> None:
    """After the last retry nobody hears it any more; history still has it."""
    await workspace.say("D0ADA1234", "anybody?")
    await workspace.until(lambda: workspace.courier.given_up)
    assert not workspace.courier.unacknowledged
    assert [post.text for post in workspace.posts("D0ADA1234")] == ["anybody?"]


async def test_an_app_told_to_go_comes_back_and_goes_on_hearing(
    sandbox: Sandbox, workspace: Workspace, ear: Ear
) -> None:
    """refresh_requested is an ordinary thing; the client asks for a new address."""
    async with listening(sandbox, ear):
        await workspace.disconnect("refresh_requested")
        await workspace.until(lambda: workspace.courier.sockets.opened == 2 and workspace.connected == 1)
        await workspace.say("D0ADA1234", "hello again")
        await workspace.until(lambda: ear.bodies)
    assert ear.events[0]["text"] == "hello again"


async def test_a_silent_socket_is_noticed_and_replaced_by_the_client(
    sandbox: Sandbox, workspace: Workspace, ear: Ear
) -> None:
    """It is open, but answers no ping and delivers nothing; what was swallowed comes as a retry."""
    workspace.courier.ack_timeout = 0.05
    workspace.courier.retry_waits = (0.05,) * 1000
    async with listening(sandbox, ear, ping_interval=0.1):
        workspace.faults.silent_sockets = True
        await workspace.say("D0ADA1234", "swallowed")
        await workspace.until(lambda: workspace.courier.sockets.opened >= 2)
        assert ear.bodies == []
        workspace.faults.silent_sockets = False
        await workspace.until(lambda: ear.bodies)
    assert ear.events[0]["text"] == "swallowed"


async def test_a_refused_socket_is_tried_again_by_the_client(sandbox: Sandbox, workspace: Workspace) -> None:
    """The address is given out, the door stays shut, then opens: to a new address, since the first is spent."""
    workspace.faults.refuse_sockets = True
    client = SocketModeClient(workspace.app_token, web_client=client_of(sandbox), ping_interval=0.05)
    connecting = asyncio.create_task(client.connect())  # type: ignore[no-untyped-call]  # slack-sdk has no annotation here
    await workspace.until(lambda: workspace.courier.sockets.turned_away >= 2)
    workspace.faults.refuse_sockets = False
    client.wss_uri = None  # the client by itself would try the spent one for ever
    await connecting
    assert await workspace.until(lambda: workspace.connected) == 1
    await client.close()  # type: ignore[no-untyped-call]  # the same


async def test_an_eleventh_socket_is_sent_away(sandbox: Sandbox, workspace: Workspace) -> None:
    """It is told why; the ten stay."""
    workspace.limits_on = False
    said: list[str] = []

    async def note(message: WSMessage) -> None:
        said.append(str(message.data))
        workspace.changes.wake()

    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())
        for _ in range(10):
            await stack.enter_async_context(session.ws_connect(await address_of_socket(sandbox)))
        await workspace.until(lambda: workspace.connected == 10)
        client = SocketModeClient(workspace.app_token, web_client=client_of(sandbox), on_message_listeners=[note])
        await client.connect()  # type: ignore[no-untyped-call]  # slack-sdk has no annotation here
        await workspace.until(lambda: said)
        await client.close()  # type: ignore[no-untyped-call]  # the same
        assert workspace.connected == 10
    assert '"too_many_websockets"' in said[0]


async def test_a_ticket_opens_one_socket_once(sandbox: Sandbox) -> None:
    """The address of a connection cannot be used again, nor made up."""
    address = await address_of_socket(sandbox)
    async with ClientSession() as session, session.ws_connect(address) as connection:
        hello = await connection.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        for used in (address, f"{address}-made-up"):
            with pytest.raises(WSServerHandshakeError, match="403"):
                await session.ws_connect(used)


async def test_events_are_shared_out_between_sockets(sandbox: Sandbox, workspace: Workspace) -> None:
    """Each event goes to one of the connections, not to both."""
    one, two = Ear(workspace), Ear(workspace)
    async with listening(sandbox, one), listening(sandbox, two):
        await workspace.until(lambda: workspace.connected == 2)
        for number in range(4):
            await workspace.say("D0ADA1234", str(number))
        await workspace.until(lambda: len(one.bodies) + len(two.bodies) == 4)
    assert (len(one.bodies), len(two.bodies)) == (2, 2)


async def test_a_registered_app_hears_signed_requests(sandbox: Sandbox, workspace: Workspace, ear: Ear) -> None:
    """Bolt checks the signature, and answers the url_verification by itself."""
    async with web_served(bolt(sandbox, ear).web_app("/slack/events")) as address:
        assert await workspace.register(f"{address}/slack/events")
        await workspace.say("C0GENERAL", "<@U0CONFAB1> hello")
        await workspace.until(lambda: len(ear.bodies) == 2 and not workspace.courier.unacknowledged)
    assert {event["type"] for event in ear.events} == {"app_mention", "message"}
    assert ear.retries == [("", "")] * 2


async def test_an_event_that_bolt_refuses_comes_again_three_times(
    sandbox: Sandbox, workspace: Workspace, ear: Ear
) -> None:
    """With another signing secret every request is a 401, and nothing is heard."""
    asked: list[tuple[str, str]] = []

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        number, reason = (request.headers.get(f"X-Slack-Retry-{name}", "") for name in ("Num", "Reason"))
        asked.append((number, reason))
        return await handler(request)

    app = bolt(sandbox, ear, signing_secret="another").web_app("/slack/events")
    app.middlewares.append(note)
    async with web_served(app) as address:
        workspace.courier.endpoint.url = f"{address}/slack/events"
        await workspace.say("D0ADA1234", "hello")
        await workspace.until(lambda: workspace.courier.given_up)
    assert asked == [("", ""), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert ear.bodies == []


async def test_an_event_answered_too_late_comes_again(sandbox: Sandbox, workspace: Workspace, ear: Ear) -> None:
    """The listener has heard it, but Slack did not know in time."""
    workspace.courier.ack_timeout = 0.05
    ear.waits = asyncio.Event()
    async with web_served(bolt(sandbox, ear).web_app("/slack/events")) as address:
        workspace.courier.endpoint.url = f"{address}/slack/events"
        await workspace.say("D0ADA1234", "hello")
        await workspace.until(lambda: len(ear.bodies) == 2)
        ear.waits.set()
        await workspace.until(lambda: not workspace.courier.unacknowledged)
    assert ear.retries[1] == ("1", "http_timeout")


async def test_an_app_that_asks_for_no_retry_gets_none(workspace: Workspace) -> None:
    """X-Slack-No-Retry: 1 beside an error ends it."""
    asked: list[str] = []

    async def fail(request: web.Request) -> web.Response:
        asked.append(await request.text())
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    app = web.Application()
    app.add_routes([web.post("/", fail)])
    async with web_served(app) as address:
        workspace.courier.endpoint.url = address
        await workspace.say("D0ADA1234", "hello")
        await workspace.until(lambda: asked and not workspace.courier.unacknowledged)
    assert len(asked) == 1


async def test_an_url_that_does_not_repeat_the_challenge_is_not_registered(
    sandbox: Sandbox, workspace: Workspace, ear: Ear
) -> None:
    """An app with another secret refuses the request, so it never repeats the challenge."""
    async with web_served(bolt(sandbox, ear, signing_secret="another").web_app("/slack/events")) as address:
        assert not await workspace.register(f"{address}/slack/events")
    assert workspace.courier.endpoint.url == ""


async def test_events_leave_in_the_order_in_which_they_happened(sandbox: Sandbox, workspace: Workspace) -> None:
    """Over one socket nothing overtakes."""
    async with ClientSession() as session, session.ws_connect(await address_of_socket(sandbox)) as connection:
        await connection.receive_json()
        for number in range(300):
            await workspace.say("D0ADA1234", str(number))
        texts = [(await connection.receive_json())["payload"]["event"]["text"] for _ in range(300)]
    assert texts == [str(number) for number in range(300)]
