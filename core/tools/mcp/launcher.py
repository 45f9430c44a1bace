"""Runs a command that serves over its pipes, in a group of processes that ends with the bot, whatever it began."""

import os
import signal
import subprocess
import sys

from core.child_process import end_with_parent

NOT_FOUND = 127  # as a shell counts it


def main() -> None:
    """Run the command whose parts follow the parent's id, and end with it; all that it began ends as well."""
    parent, *command = sys.argv[1:]
    signal.signal(signal.SIGTERM, _end_group)
    end_with_parent(int(parent), signal.SIGTERM)
    try:
        child = subprocess.Popen(command)  # noqa: S603 - the operator's own
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be started: {error.strerror}\n")
        sys.exit(NOT_FOUND)
    child.wait()
    _end_group()


def _end_group(*_: object) -> None:
    os.killpg(0, signal.SIGKILL)
