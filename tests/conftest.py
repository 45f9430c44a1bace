"""What most tests at the wire begin with."""

import asyncio
import gc
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import pytest
import structlog
from hypothesis import HealthCheck, settings

from deploy.sandbox.openai.listener import Listener
from deploy.sandbox.openai.recogniser import answer
from deploy.sandbox.wire.server import Sandbox, serve
from tests.contract.platform_room import Capability, Room
from tests.contract.rooms import ROOMS
from tests.support.bot import Bot, running
from tests.support.discord_bot import DiscordBot
from tests.support.discord_bot import running as running_in_discord

# No test fails because the machine is busy: an example may take as long as it takes, and so may making one.
settings.register_profile("explore", deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
# Nor by chance: a change is tried with the same examples on each machine, and `make prove` looks for new and more ones.
settings.register_profile("confab", settings.get_profile("explore"), derandomize=True, max_examples=40)
settings.load_profile("confab")


class QuickListener(Listener):
    """Really listens to each recording once in all the tests, and begins no process to look a length up."""

    def __init__(self, heard: dict[bytes, Mapping[str, Any]]) -> None:
        super().__init__()
        self._heard = heard

    async def hear(self, path: Path, *, listen: bool) -> Mapping[str, Any]:
        """Return a recording's `seconds`, and its `text` where that is asked for; or the `fault` that it has."""
        if not listen:
            return await asyncio.to_thread(answer, {"path": str(path), "listen": False})
        key = sha256(await asyncio.to_thread(path.read_bytes)).digest()
        if key not in self._heard:
            self._heard[key] = await super().hear(path, listen=True)
        return self._heard[key]


def pytest_collection_finish() -> None:
    """Look for garbage as the bot does, never among what lasts: half a million objects for each test of a few."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def leave_log_as_it_was() -> Iterator[None]:
    """Take back how a command that ran in a test has set the log up: every logger that spoke since keeps to it."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        for name, module in list(sys.modules.items()):
            if name.startswith(("bots.", "core.")) and hasattr(module, "log"):
                vars(module.log).pop("bind", None)


@pytest.fixture(scope="session")
def heard() -> dict[bytes, Mapping[str, Any]]:
    """Return what the sandbox has heard so far in each recording, by the digest of its bytes."""
    return {}


@pytest.fixture
async def sandbox(heard: dict[bytes, Mapping[str, Any]]) -> AsyncIterator[Sandbox]:
    """Return a sandbox whose model answers at once."""
    async with serve() as sandbox:
        sandbox.model.delay_first = 0.0
        sandbox.model.tokens_per_second = None
        sandbox.model.sounds.listener = QuickListener(heard)
        sandbox.guild.gateway.identify_interval = 0.0  # a test connects more often than every five seconds
        yield sandbox


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Bot]:
    """Return a bot that runs against the sandbox, on its defaults."""
    async with running(sandbox, tmp_path / "confab.db") as bot:
        yield bot


@pytest.fixture
async def discord_bot(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[DiscordBot]:
    """Return a bot that runs in the pretend Discord, on its defaults."""
    async with running_in_discord(sandbox, tmp_path / "discord.db") as bot:
        yield bot


@pytest.fixture(params=ROOMS)
async def room(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Room]:
    """Return a room of each platform in its turn, left out where a capability that the test needs is not declared."""
    platform = ROOMS[request.param]
    needed = {name for mark in request.node.iter_markers("needs") for name in mark.args}
    assert needed <= set(get_args(Capability)), "a test needs what nobody could declare"
    request.node.user_properties.append(("platform", request.param))
    if missing := ", ".join(sorted(needed - platform.capabilities)):
        request.node.user_properties.append(("lacks", missing))
        pytest.skip(f"{request.param} does not declare: {missing}")
    async with platform.opened(sandbox, tmp_path / "confab.db") as room:
        yield room


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many of the contract's tests each platform has met, and what was left out for want of what."""
    counts: Counter[tuple[str, str]] = Counter()
    for outcome, reports in terminalreporter.stats.items():
        for report in reports:
            told = dict(getattr(report, "user_properties", ()))
            if "platform" in told and outcome in {"passed", "failed", "error", "skipped"}:
                lacks = f"left out: {told['lacks']}" if "lacks" in told else outcome
                counts[told["platform"], lacks] += 1
    for platform in dict.fromkeys(name for name, _ in counts):
        found = ", ".join(
            f"{number} {outcome}" for (name, outcome), number in sorted(counts.items()) if name == platform
        )
        terminalreporter.write_line(f"contract of {platform}: {found}")
