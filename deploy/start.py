"""What `make run` does: the bot where there are tokens for, else in a pretend Slack and Discord with a page."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import click
from aiohttp import ClientError, ClientSession
from dotenv import dotenv_values

from core.llm.local_servers import ADDRESSES
from deploy.bot_pages import accompany_bot, pages_environment
from deploy.children import Children, Died
from deploy.model_choice import AnsweringModel, Environment, announce_model, choose_model
from deploy.small_model import Restart, offer_small_model
from deploy.transcript import Transcript, play

PLATFORM_TOKENS = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "DISCORD_TOKEN")
MODEL_NAMES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL")
DATABASES = Path(".confab")
BOT = (sys.executable, "-m", "bots", "run")
SANDBOX = (sys.executable, "-m", "deploy.sandbox", "--quiet")
USUAL_PORT = "8090"
USUAL = {"CONFAB_GRACE": "3", "CONFAB_KNOWLEDGE": "files"}  # what there is can be tried
WELCOME = "It is on. Talk to it here; Ctrl-C stops it.\n\n{}\n"


def main(addresses: Sequence[str] = ADDRESSES) -> None:
    """Start what the environment asks for, with a model that runs on this machine where none is set.

    `addresses` are where model servers are looked for, without a path.
    """
    environ = environment(Path(".env"), os.environ)
    try:
        environ, model = choose_model(environ, addresses)
    except click.Abort:
        sys.exit(130)  # as a shell counts what Ctrl-C ended
    if any(name in environ for name in PLATFORM_TOKENS):
        if model.is_found:
            click.echo(announce_model(model))
        os.execve(BOT[0], BOT, environ)  # noqa: S606 - our own interpreter; its settings say what is missing
    sys.exit(asyncio.run(pretend(environ, model)))


def environment(file: Path, environ: Mapping[str, str]) -> Environment:
    """Return the file's variables under the real ones; an empty value counts as absent."""
    try:
        sources = (dotenv_values(file), environ)
    except UnicodeDecodeError:
        sys.exit(f"{file} is not UTF-8: save it as UTF-8, and run make again.")
    return {name: value for values in sources for name, value in values.items() if value}


async def pretend(environ: Environment, model: AnsweringModel) -> int:
    """Run sandbox and bot until a signal to stop (0) or until one of them dies (1)."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with Children() as children:
        running = asyncio.create_task(run(children, environ, model))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            running.cancel()
        return await outcome(running)


async def outcome(running: asyncio.Task[None]) -> int:
    """Return the exit status, and say why where it is not 0."""
    try:
        await running
    except asyncio.CancelledError:
        click.echo("\nStopping.")
        return 0
    except Died as died:
        click.echo(str(died), err=True)
    return 1


async def run(children: Children, environ: Environment, model: AnsweringModel) -> None:
    """Start both, show a conversation, and go on until one of them dies, which raises Died."""
    port = environ.get("CONFAB_SANDBOX_PORT", USUAL_PORT)
    page = await children.first_line("The sandbox", (*SANDBOX, "--any-port", "--port", port), environ)
    click.echo("Confab is starting in a pretend Slack and a pretend Discord.")
    async with ClientSession(base_url=page) as session:
        joined = await joining(session, environ, model, page.rstrip("/"))
        await children.start("The bot", BOT, joined)
        tasks = {
            asyncio.create_task(children.death()),
            asyncio.create_task(talk(session, model, page)),
            asyncio.create_task(accompany_bot(session, joined)),
        }
        if not model.host:
            kept = {name: value for name, value in joined.items() if name not in MODEL_NAMES}
            restart = partial(children.restart, "The bot", BOT)
            tasks.add(asyncio.create_task(offer(session, kept, restart)))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def offer(session: ClientSession, environ: Environment, restart: Restart) -> None:
    """Offer a small real model on the page, in place of the stand-in, until the sandbox goes away."""
    with suppress(ClientError):
        await offer_small_model(session, environ, restart)


async def joining(session: ClientSession, environ: Environment, model: AnsweringModel, page: str) -> Environment:
    """Return the environment in which the bot joins the sandbox, with the person's own model if there is one."""
    async with session.get("/api/environment") as response:
        pretended: Environment = await response.json()
    if model.host:
        pretended = {name: value for name, value in pretended.items() if name not in MODEL_NAMES}
    database = fresh_database(pretended["SLACK_API_URL"])
    quick = {**USUAL, **servers_of(page, database), **environ, **pages_environment(environ)}
    return {**direct(quick), **pretended, "CONFAB_DATABASE": str(database)}


def servers_of(page: str, database: Path) -> Environment:
    """Return the setting that names the sandbox's MCP server; nothing where the package for it is not installed."""
    if not find_spec("mcp"):
        return {}
    file = database.with_suffix(".mcp.json")
    file.write_text(json.dumps({"mcpServers": {"tasks": {"url": f"{page}/mcp"}}}), encoding="utf-8")
    return {"CONFAB_MCP": str(file)}


def fresh_database(url: str) -> Path:
    """Return where the bot of this sandbox keeps its database; what an earlier one left there is removed.

    Each port has its own, so that a second sandbox in the same folder leaves the first one's alone.
    """
    DATABASES.mkdir(exist_ok=True)
    database = DATABASES / f"sandbox-{urlsplit(url).port}.db"
    for stale in DATABASES.glob(f"{database.name}*"):
        stale.unlink()
    return database


def direct(environ: Environment) -> Environment:
    """Return the environment with its proxy for the model alone, as the sandbox is on this machine.

    slack-sdk sends even loopback through HTTPS_PROXY and HTTP_PROXY, whatever NO_PROXY says (slack_sdk,
    proxy_env_variable_loader). It does not know ALL_PROXY, which httpx uses for every other host.
    """
    known = {name.upper(): value for name, value in environ.items() if name.lower().endswith("_proxy")}
    rest = {name: value for name, value in environ.items() if not name.lower().endswith("_proxy")}
    proxy = known.get("HTTPS_PROXY") or known.get("ALL_PROXY") or known.get("HTTP_PROXY")
    if not proxy:
        return rest
    spared = ",".join(filter(None, ("127.0.0.1", "localhost", known.get("NO_PROXY"))))
    return {**rest, "ALL_PROXY": proxy, "NO_PROXY": spared}


async def talk(session: ClientSession, model: AnsweringModel, page: str) -> None:
    """Say who answers and where the page is, play the opening conversation, and print what is said from then on."""
    try:
        if model.host:
            async with session.post("/api/model", json=asdict(model)) as noted:
                await noted.read()
        click.echo(f"{announce_model(model)}\n")
        transcript = Transcript()
        async with session.ws_connect("/api/live") as socket, asyncio.TaskGroup() as group:
            group.create_task(transcript.follow(socket))
            group.create_task(play(session, transcript, WELCOME.format(page)))
    except* ClientError:
        pass  # the sandbox went away, and who waits for its death says so


if __name__ == "__main__":
    main()
