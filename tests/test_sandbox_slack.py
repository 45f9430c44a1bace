"""The pretend Slack, spoken to by the real SDKs: events over Socket Mode, and what a person does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from deploy.sandbox.server import Sandbox, serve
from deploy.sandbox.slack.workspace import Workspace

Body = dict[str, Any]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of its own for each test."""
    async with serve() as running:
        yield running


@pytest.fixture
def workspace(sandbox: Sandbox) -> Workspace:
    """The workspace of that sandbox."""
    return sandbox.workspace


def client_of(sandbox: Sandbox) -> AsyncWebClient:
    """The real client, with the app's token."""
    return AsyncWebClient(token=sandbox.workspace.bot_token, base_url=sandbox.slack_api_url)


@asynccontextmanager
async def listening(sandbox: Sandbox, seen: list[Body], ping_interval: float = 10) -> AsyncIterator[AsyncWebClient]:
    """Run a real Bolt app over Socket Mode that notes the body of each event it is sent."""
    app = AsyncApp(client=client_of(sandbox), process_before_response=True)

    async def note(body: Body) -> None:
        seen.append(body)
        sandbox.workspace.changes.wake()

    app.event("message")(note)
    app.event("app_mention")(note)
    handler = AsyncSocketModeHandler(app, sandbox.workspace.app_token, ping_interval=ping_interval)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack-bolt has no annotation here
    await sandbox.workspace.until(lambda: sandbox.workspace.connected)
    try:
        yield app.client
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # the same


async def test_a_mention_arrives_as_app_mention_and_as_message_with_one_ts_and_two_event_ids(sandbox: Sandbox) -> None:
    """One mention is two events, which only the ts joins."""
    seen: list[Body] = []
    async with listening(sandbox, seen):
        ts = await sandbox.workspace.say("C0GENERAL", "<@U0CONFAB> what did we decide?")
        await sandbox.workspace.until(lambda: len(seen) == 2 and not sandbox.workspace.courier.unacknowledged)
    assert [body["event"]["type"] for body in seen] == ["app_mention", "message"]
    assert {body["event"]["ts"] for body in seen} == {ts}
    assert len({body["event_id"] for body in seen}) == 2


async def test_a_post_grows_by_updates_and_goes_by_delete(sandbox: Sandbox, workspace: Workspace) -> None:
    """A post, its edit and its end, each seen in the channel."""
    client = client_of(sandbox)
    posted = await client.chat_postMessage(channel="C0GENERAL", text="one")
    await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="one two")
    assert [post.shown for post in workspace.posts("C0GENERAL")] == ["one two"]
    await client.chat_delete(channel="C0GENERAL", ts=posted["ts"])
    assert workspace.posts("C0GENERAL") == []
    assert [call.outcome for call in workspace.calls] == ["ok", "ok", "ok"]


async def test_until_says_what_it_waited_for_and_how_things_stand(workspace: Workspace) -> None:
    """What did not come true is found in the error's text."""
    with pytest.raises(TimeoutError, match=r"test_sandbox_slack\.py:\d+ did not come true within 0\.01 s\. 0 posts"):
        await workspace.until(lambda: workspace.posts("C0GENERAL"), timeout=0.01)


async def test_until_wakes_on_a_change(workspace: Workspace) -> None:
    """Who waits for a post is woken by it."""
    waiting = asyncio.create_task(workspace.until(lambda: workspace.posts("C0GENERAL")))
    await workspace.say("C0GENERAL", "hello")
    assert [post.text for post in await waiting] == ["hello"]
