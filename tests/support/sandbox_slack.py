"""The real Slack SDKs against the sandbox: what its tests share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.server import Sandbox

Body = dict[str, Any]


class Ear:
    """A Bolt app's listener that notes what it hears; it may fail, or be slow, before it acknowledges."""

    def __init__(self, workspace: Workspace) -> None:
        self.bodies: list[Body] = []
        self.retries: list[tuple[str, str]] = []
        self.fails = False
        self.waits: asyncio.Event | None = None
        self._workspace = workspace

    @property
    def events(self) -> list[Body]:
        """The events alone, without their wrapper."""
        return [body["event"] for body in self.bodies]

    async def hear(self, body: Body, req: AsyncBoltRequest) -> None:
        """Note one event, and what its headers say of a retry."""
        number, reason = (req.headers.get(f"x-slack-retry-{name}", [""])[0] for name in ("num", "reason"))
        self.bodies.append(body)
        self.retries.append((number, reason))
        self._workspace.changes.wake()
        if self.waits is not None:
            await self.waits.wait()
        if self.fails:
            raise RuntimeError("the listener fails, as the test wants")


def client_of(sandbox: Sandbox, token: str | None = None) -> AsyncWebClient:
    """The real client, with the app's bot token unless another is given."""
    return AsyncWebClient(token=sandbox.workspace.bot_token if token is None else token, base_url=sandbox.slack_api_url)


def bolt(sandbox: Sandbox, ear: Ear, signing_secret: str = Workspace.signing_secret) -> AsyncApp:
    """A real Bolt app that acknowledges once its listener is done, and hears the app's own messages too."""
    app = AsyncApp(
        client=client_of(sandbox),
        signing_secret=signing_secret,
        process_before_response=True,
        ignoring_self_events_enabled=False,
    )
    for event in ("message", "app_mention", "app_home_opened"):
        app.event(event)(ear.hear)
    return app


@asynccontextmanager
async def listening(
    sandbox: Sandbox, ear: Ear, ping_interval: float = 10, listen: Callable[[AsyncApp], AsyncApp] = lambda app: app
) -> AsyncIterator[None]:
    """Hear over Socket Mode until the block ends; `listen` adds further listeners to the app."""
    app = listen(bolt(sandbox, ear))
    handler = AsyncSocketModeHandler(app, sandbox.workspace.app_token, ping_interval=ping_interval)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack-bolt has no annotation here
    await sandbox.workspace.until(lambda: sandbox.workspace.connected)
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # the same


@asynccontextmanager
async def web_served(app: web.Application) -> AsyncIterator[str]:
    """Serve an app on a free port of loopback and give its address."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def refused(call: Awaitable[object]) -> Body:
    """Return the body of the answer with which a call of the SDK is refused."""
    with pytest.raises(SlackApiError) as refusal:
        await call
    data: Body = refusal.value.response.data
    return data


async def error_of(call: Awaitable[object]) -> str:
    """Return the error code with which a call of the SDK is refused."""
    return str((await refused(call))["error"])
