"""What is said of a platform that never answered when the bot signed in: why, and what mends it."""

import aiohttp

from bots.doctor.check import unreachable_check
from core.errors import PlatformError

NETWORK = (aiohttp.ClientError, OSError, TimeoutError)


def explain_silence(error: PlatformError, host: str, setting: str) -> PlatformError:
    """Return an error that says that a host cannot be reached, and why; the error itself where it was.

    `setting` holds the host's address. The network's own error is found among the causes of the one that is given.
    """
    cause: BaseException | None = error
    while cause and not isinstance(cause, NETWORK):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return error
    check = unreachable_check("", host, f"{type(cause).__name__} {cause}", setting)
    return PlatformError(check.sentence.removesuffix("."), check.mend)
