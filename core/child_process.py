"""What each of our programs does first that runs beside the bot: it ends when the bot does, and keeps to its bounds."""

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from contextlib import suppress

SET_PDEATHSIG = 1  # prctl(2): the signal that comes when the parent ends
PAUSE = 1.0  # seconds between two looks, where the system sends no signal
OPEN_FILES = 64  # at a time


def end_with_parent(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """End this process when `parent`, its parent's id, does, in the middle of its work too.

    It is sent the signal `by`, which a handler of its own may take. Called at the very beginning. Linux sends it even
    while a library holds the interpreter; elsewhere a thread looks. The parent starts it from its main thread, since
    Linux takes the thread that started it for the parent.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PDEATHSIG, by, 0, 0, 0)
    else:
        threading.Thread(target=_watch_parent, args=(parent, by), daemon=True).start()
    if os.getppid() != parent:  # it ended meanwhile
        os.kill(os.getpid(), by)


def limit_resources(*, seconds: int, memory: int, written: int) -> None:
    """Let this process take so many seconds of processor time and bytes of address space, and write files so long.

    It is killed where it goes on after its time. It opens few files, and leaves no memory behind on the disk.
    """
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: written,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        with suppress(ValueError, OSError):  # macOS sets no bound of address space
            resource.setrlimit(limit, (most, most))


def _watch_parent(parent: int, by: signal.Signals) -> None:
    while os.getppid() == parent:
        time.sleep(PAUSE)
    os.kill(os.getpid(), by)
