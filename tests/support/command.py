"""Confab's command line as a process of its own, forked from one that has loaded it: loading it took most of a test."""

import asyncio
import multiprocessing
import os
import runpy
import signal
import sys
from asyncio import StreamReader, StreamReaderProtocol
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.support.started import ROOT

LOADED = ["bots.running", "bots.slack.adapter", "bots.discord.adapter", "bots.operator_commands", "bots.doctor.command"]
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(LOADED)


class Command:
    """A command that runs, with as much of asyncio's Process as tests use."""

    def __init__(self, process: ForkServerProcess, stdout: StreamReader, stderr: StreamReader) -> None:
        self._process = process
        self.stdout = stdout
        self.stderr = stderr

    @property
    def returncode(self) -> int | None:
        """The status with which it ended, minus a signal's number where one ended it; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing where it has ended."""
        if self.returncode is None and self._process.pid:
            os.kill(self._process.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int | None:
        """Wait for its end; return `returncode`."""
        await asyncio.to_thread(self._process.join)
        return self.returncode

    async def communicate(self) -> tuple[bytes, bytes]:
        """Wait for its end; return what it said since on both streams."""
        said = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return said[0], said[1]


async def start_command(*arguments: str, environ: Mapping[str, str], folder: Path = ROOT) -> Command:
    """Start `python -m bots` with these arguments in a folder, and in an environment that holds nothing else."""
    stdout, its_stdout = FORKS.Pipe(duplex=False)
    stderr, its_stderr = FORKS.Pipe(duplex=False)
    said = (its_stdout, its_stderr)
    process = FORKS.Process(target=_run_command, args=(arguments, dict(environ), folder, said))
    await asyncio.to_thread(process.start)
    its_stdout.close()
    its_stderr.close()
    return Command(process, await _reader_of(stdout), await _reader_of(stderr))


async def _reader_of(pipe: Connection) -> StreamReader:
    reader = StreamReader()
    with pipe:
        file = os.fdopen(os.dup(pipe.fileno()), "rb", 0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: StreamReaderProtocol(reader), file)
    return reader


def _run_command(
    arguments: Sequence[str], environ: Mapping[str, str], folder: Path, said: tuple[Connection, Connection]
) -> None:
    """Do what a new interpreter would, in the forked one."""
    for number, pipe in enumerate(said, 1):
        os.dup2(pipe.fileno(), number)
        pipe.close()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["bots", *arguments]
    runpy.run_module("bots", run_name="__main__", alter_sys=True)
