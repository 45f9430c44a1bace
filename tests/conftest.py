"""What most tests at the wire begin with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from deploy.sandbox.server import Sandbox, serve
from tests.bot import Bot, running

settings.register_profile("confab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("confab")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Return a sandbox whose model answers at once."""
    async with serve() as sandbox:
        sandbox.model.delay_first = 0.0
        sandbox.model.tokens_per_second = None
        yield sandbox


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Bot]:
    """Return a bot that runs against the sandbox, on its defaults."""
    async with running(sandbox, tmp_path / "confab.db") as bot:
        yield bot
