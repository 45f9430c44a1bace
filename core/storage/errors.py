"""What storing and reading can end with, in words that name no engine."""


class StorageUnavailable(Exception):
    """Nothing can be stored or read just now; nothing is lost, so that it is tried again.

    `trouble` says why in a word: full, locked, damaged, not writable, out of memory.
    """

    hint = "Nothing is acknowledged that is not stored. Make room, end what locks the file, or put back a copy."

    def __init__(self, trouble: str, detail: str = "") -> None:
        super().__init__(f"{trouble}: {detail}" if detail else trouble)
        self.trouble = trouble


class StatementRefused(Exception):
    """The database takes a statement or a value at no time; its text says why."""


class TurnLost(Exception):
    """A turn that is being answered was claimed anew or ended meanwhile: whoever had it writes nothing more."""


class DatabaseBusy(Exception):
    """Another process holds the database; it ends the start."""

    def __init__(self, path: object) -> None:
        super().__init__(f"{path} is in use by another Confab: stop that one, or set CONFAB_DATABASE to another file.")


class DatabaseUnusable(Exception):
    """The database cannot be opened: it is damaged, or its disk is full or not to be written to; it ends the start."""

    def __init__(self, path: object, reason: object) -> None:
        super().__init__(
            f"{path} cannot be used ({reason}): make room, look at its rights, or put back a copy; SQLite's own "
            "`.recover` saves what can be read of a damaged one. Or set CONFAB_DATABASE to another file."
        )
