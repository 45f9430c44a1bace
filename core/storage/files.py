"""Files that their owner alone may read, and names that are on the disk."""

import os
from contextlib import suppress
from pathlib import Path


def make_private_file(path: Path) -> None:
    """Make an empty file that its owner alone may read and write, whatever the umask; one that is there stays."""
    with suppress(OSError):  # whoever opens it says what is wrong
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.fchmod(made, 0o600)
        os.close(made)


def sync_folder(folder: Path) -> None:
    """Have a folder's names on the disk: a file that was renamed has its new name after a power cut, too."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
