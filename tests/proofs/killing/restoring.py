"""The process that puts a copy of the database back, and is killed at one of its steps on the disk."""

import os
import runpy
import signal
import sys
from pathlib import Path

from tests.proofs.killing.life import CONTEXT

STEPS = frozenset({"open", "os.link", "os.remove", "os.rename", "os.truncate", "shutil.copyfile", "sqlite3.connect"})


def restore_mortally(source: Path, database: Path, deadly: int, record: Path) -> None:
    """Run `python -m bots restore` in this process; it dies before step `deadly` in the database's folder, from 1.

    Each step that Python's audit events tell of (PEP 578) is a line in the file `record`. With 0 it lives.
    """
    noted = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    number = 0

    def pass_step(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal number
        if event not in STEPS or str(database.parent) not in f"{arguments}":
            return
        number += 1
        os.write(noted, f"{event} {arguments}\n".encode())
        if number == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(pass_step)
    sys.argv = ["bots", "restore", str(source), "--database", str(database)]
    runpy.run_module("bots", run_name="__main__", alter_sys=True)


def restored(source: Path, database: Path, deadly: int, record: Path) -> int | None:
    """Let such a process live and die; return its exit code."""
    process = CONTEXT.Process(target=restore_mortally, args=(source, database, deadly, record), daemon=True)
    process.start()
    process.join(60.0)
    return process.exitcode
