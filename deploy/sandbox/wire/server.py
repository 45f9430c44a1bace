"""The sandbox: one server on loopback that holds all of its parts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Middleware

from deploy.sandbox.discord import routes as discord
from deploy.sandbox.discord.api import BASE
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.mcp.server import TaskServer
from deploy.sandbox.openai import model
from deploy.sandbox.openai.model import Model
from deploy.sandbox.page import api as page
from deploy.sandbox.page.discord import DiscordPlace
from deploy.sandbox.page.slack import SlackPlace
from deploy.sandbox.page.slack_modals import SlackModals
from deploy.sandbox.slack import routes as slack
from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.guard import guard

MOST_UPLOAD = 200 * 1024 * 1024  # bytes


@dataclass(slots=True)
class Sandbox:
    """What runs behind one port; `url` is its address, as in `http://127.0.0.1:8000`."""

    workspace: Workspace
    guild: Guild
    model: Model
    url: str
    tasks: TaskServer = field(default_factory=TaskServer)

    @property
    def slack_api_url(self) -> str:
        """The value for SLACK_API_URL."""
        return f"{self.url}/slack/api/"

    @property
    def discord_api_url(self) -> str:
        """The value for DISCORD_API_URL."""
        return f"{self.url}{BASE}"

    @property
    def openai_base_url(self) -> str:
        """The value for OPENAI_BASE_URL."""
        return f"{self.url}/v1"

    @property
    def mcp_url(self) -> str:
        """The address of the pretend MCP server, for a file of CONFAB_MCP."""
        return f"{self.url}/mcp"


@asynccontextmanager
async def serve(
    port: int = 0, host: str = "127.0.0.1", middlewares: Sequence[Middleware] = ()
) -> AsyncIterator[Sandbox]:
    """Serve a new sandbox until the block ends; port 0 takes any free one.

    `middlewares` see every request that comes from this machine, and from no foreign web page.
    """
    sandbox = Sandbox(Workspace(), Guild(), Model(), "")
    app = web.Application(client_max_size=MOST_UPLOAD, middlewares=(guard, *middlewares))
    app.add_routes(slack.routes(sandbox.workspace))
    app.add_routes(discord.routes(sandbox.guild))
    app.add_routes(model.routes(sandbox.model))
    app.add_routes(sandbox.tasks.routes())
    app.add_routes(page.routes([SlackPlace(sandbox.workspace), DiscordPlace(sandbox.guild)], sandbox.model))
    app.add_routes(SlackModals(sandbox.workspace).routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    sandbox.url = sandbox.workspace.url = sandbox.guild.url = f"http://{host}:{runner.addresses[0][1]}"
    try:
        yield sandbox
    finally:
        await sandbox.workspace.courier.close()
        sandbox.guild.gateway.drop(resumable=False)
        await runner.cleanup()
        await sandbox.model.sounds.listener.close()
