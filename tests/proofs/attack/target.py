"""The bot that is attacked: a process that is started again after each kill."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from pathlib import Path

from deploy.sandbox.wire.server import Sandbox


class Target:
    """A bot in the pretend Slack, with limits that are over soon."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._process: Process | None = None
        self.kills = 0
        self.most_memory = 0.0

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it, and return once it is connected."""
        workspace = self._sandbox.workspace
        environment = {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "SLACK_API_URL": self._sandbox.slack_api_url,
            "OPENAI_BASE_URL": self._sandbox.openai_base_url,
            "OPENAI_API_KEY": "sk-attacked",
            "OPENAI_MODEL": "stand-in",
            "CONFAB_MODERATION": "endpoint",
            "CONFAB_TRANSCRIBE_MODEL": "whisper-1",
            "CONFAB_DATABASE": str(self._folder / "confab.db"),
            "CONFAB_RETRY_DEADLINE": "3",
            "CONFAB_FIRST_TOKEN_TIMEOUT": "3",
            "CONFAB_SILENCE_TIMEOUT": "3",
            "CONFAB_ANSWER_TIMEOUT": "10",
            "CONFAB_TRANSCRIBE_TIMEOUT": "10",
            "CONFAB_CHECK_AT_START": "false",
        }
        with (self._folder / "log.txt").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bots", env=environment, stderr=log
            )
        await workspace.until(lambda: workspace.connected == 1, 90.0)

    async def kill(self) -> None:
        """Kill it, and return once it is dead."""
        self._note_memory()
        if self._process:
            self._process.kill()
            await self._process.wait()
        self.kills += 1
        await self._sandbox.workspace.until(lambda: self._sandbox.workspace.connected == 0, 90.0)

    async def stop(self) -> None:
        """Stop it."""
        self._note_memory()
        if self._process and self.is_alive:
            self._process.terminate()
            await self._process.wait()

    def _note_memory(self) -> None:
        if self._process and self.is_alive:
            status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
            peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
            self.most_memory = max(self.most_memory, int(peak.split()[1]) / 1024)
