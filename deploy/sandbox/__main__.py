"""Runs the sandbox alone: `python -m deploy.sandbox`."""

import asyncio
import signal
from contextlib import AsyncExitStack

import click

from deploy.sandbox.wire.server import Sandbox, serve

PERSONAS_SCOPE = "chat:write.customize"  # optional in the manifest: here a persona has its own name at once
JOINING = """
A pretend Slack and a pretend Discord, on this machine alone. A bot joins the first with:

export SLACK_API_URL={slack}
export SLACK_BOT_TOKEN={bot_token}
export SLACK_APP_TOKEN={app_token}

the second with:

export DISCORD_API_URL={discord}
export DISCORD_TOKEN={token}

and talks to a stand-in for a language model with:

export OPENAI_BASE_URL={model}
export OPENAI_API_KEY=stand-in
export OPENAI_MODEL=stand-in

An MCP server with a list of tasks is at {mcp}.

Ctrl-C ends it, and everything in it is gone.
"""


@click.command()
@click.option("--port", default=8090, show_default=True, help="Where the page is served; 0 takes any free port.")
@click.option("--any-port", is_flag=True, help="Take any free port where that one is in use.")
@click.option("--quiet", is_flag=True, help="Print the page's address and nothing else.")
def main(*, port: int, any_port: bool, quiet: bool) -> None:
    """Serve a pretend Slack, a pretend Discord and a stand-in model, with a page to talk in."""
    asyncio.run(run(port, any_port=any_port, quiet=quiet))


async def run(port: int, *, any_port: bool, quiet: bool) -> None:
    """Serve until a signal to stop; the page's address is the first line printed."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with AsyncExitStack() as stack:
        sandbox = await opened(stack, port, any_port=any_port)
        sandbox.workspace.scopes.add(PERSONAS_SCOPE)
        click.echo(f"{sandbox.url}/")
        if not quiet:
            click.echo(joining(sandbox))
        await stop.wait()


async def opened(stack: AsyncExitStack, port: int, *, any_port: bool) -> Sandbox:
    """Return a sandbox on this port, or on any where it is in use and that is allowed."""
    try:
        return await stack.enter_async_context(serve(port))
    except OSError as error:
        if not any_port:
            raise click.ClickException(f"port {port} cannot be opened: {error.strerror}; try --port 0") from None
    return await stack.enter_async_context(serve(0))


def joining(sandbox: Sandbox) -> str:
    """Return what a person must know to let a bot of theirs join."""
    workspace = sandbox.workspace
    return JOINING.format(
        slack=sandbox.slack_api_url,
        bot_token=workspace.bot_token,
        app_token=workspace.app_token,
        discord=sandbox.discord_api_url,
        token=sandbox.guild.token,
        model=sandbox.openai_base_url,
        mcp=sandbox.mcp_url,
    )


if __name__ == "__main__":
    main()
