"""Lets the sandbox's page show the bot's own pages, and whether anybody moderates: where they are, it is told here."""

import asyncio
import secrets
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from aiohttp import ClientError, ClientSession

from deploy.model_choice import Environment

LOCAL = "127.0.0.1"
EVERY = 1.0  # seconds between two looks
MODERATED = "confab_moderated "
PERSONAS = Path(__file__).parent / "sandbox" / "personas"
IMPORT = (sys.executable, "-m", "bots", "personas", "import", str(PERSONAS))


def pages_environment(environ: Mapping[str, str]) -> Environment:
    """Return the settings that open the bot's pages to this machine, at a port that is free; a person's own stay."""
    port = environ.get("CONFAB_HEALTH_PORT", "0")
    key = environ.get("CONFAB_PAGES_KEY") or secrets.token_urlsafe(16)
    return {"CONFAB_HEALTH_PORT": _free_port() if port == "0" else port, "CONFAB_PAGES_KEY": key}


async def accompany_bot(session: ClientSession, environ: Mapping[str, str]) -> None:
    """Take in a few personas once the bot is on, and tell the sandbox where its pages are and whether it moderates.

    It is told again whenever that has changed, until the sandbox goes away.
    """
    pages, told = f"http://{LOCAL}:{environ['CONFAB_HEALTH_PORT']}", ""
    with suppress(ClientError):
        while True:
            moderation = await _moderation_at(session, f"{pages}/metrics")
            if moderation and not told:
                await _import_personas(environ)
            if moderation not in {"", told}:
                told = moderation
                bot = {"pages": pages, "key": environ["CONFAB_PAGES_KEY"], "moderation": told}
                async with session.post("/api/bot", json=bot) as answer:
                    await answer.read()
            await asyncio.sleep(EVERY)


async def _import_personas(environ: Mapping[str, str]) -> None:
    """Take in a few personas to choose from; nothing hangs on it."""
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*IMPORT, env=environ, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _moderation_at(session: ClientSession, url: str) -> str:
    """Return "on" or "off"; empty while the bot does not answer."""
    try:
        async with session.get(url) as answer:
            lines = (await answer.text()).splitlines()
    except (ClientError, TimeoutError):
        return ""
    values = [line.removeprefix(MODERATED) for line in lines if line.startswith(MODERATED)]
    return ("on" if values[0] == "1" else "off") if values else ""


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        return str(probe.getsockname()[1])
