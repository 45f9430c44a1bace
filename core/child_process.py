"""What each of our programs does first that runs beside the bot: it ends when the bot does, however that ends."""

import ctypes
import os
import signal
import sys
import threading
import time

SET_PDEATHSIG = 1  # prctl(2): the signal that comes when the parent ends
PAUSE = 1.0  # seconds between two looks, where the system sends no signal


def end_with_parent(parent: int) -> None:
    """End this process when `parent`, its parent's id, does, in the middle of its work too.

    Called at the very beginning. Linux sends a signal, even while a library holds the interpreter; elsewhere a thread
    looks. The parent starts it from its main thread, since Linux takes the thread that started it for the parent.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended meanwhile
        os._exit(1)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PAUSE)
    os._exit(1)
