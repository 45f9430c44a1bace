"""Why nothing can be found of a source, as people read it in the list."""

LARGEST = 32 * 1024 * 1024  # bytes of a file

NOT_READ = "it is of a kind that is not read"
NOT_HAD = "it could not be fetched"
TOO_LARGE = "it is larger than 32 MiB"
BROKEN = "it is broken, locked by a password, or takes too long to read"
EMPTY = "no text was found in it"
UNCHECKED = "nobody could be asked to check it"


class SourceUnreadable(Exception):
    """A source of which nothing can be found; its text says why, to people. `may_pass` if a later try may do better."""

    def __init__(self, why: str, *, may_pass: bool = False) -> None:
        super().__init__(why)
        self.may_pass = may_pass
