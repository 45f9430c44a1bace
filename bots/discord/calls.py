"""Calls of Discord's REST API that are made again where Discord or the network failed, and what it may refuse."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import discord
import structlog

from core.errors import PlatformError, StartRefused
from core.retry import RetryBudget, clock_time_in

log = structlog.get_logger()

T = TypeVar("T")

DEADLINE = 120.0  # seconds of trying one call again before its reply is given up
RETRIES, PAUSE, LONGEST_PAUSE = 6, 0.3, 15.0  # how often at the most, and seconds before the first and the last
PATIENCE = 75.0  # seconds for one try, in which discord.py may wait out a rate limit and repeat a 500, 502 or 504
LONGEST_WAIT = 30.0  # seconds that discord.py waits out a rate limit, its smallest bound; a longer one raises at once
TROUBLE = (discord.DiscordServerError, aiohttp.ClientError, OSError, TimeoutError)
UNREADABLE = (
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    RecursionError,
    discord.InvalidData,
)  # discord.py parsed an odd answer
TOO_MANY = 429  # the status of a rate limit, and of a ban by Cloudflare
OK = 200  # the status of an answer that cannot be read: asking again would bring the same
BLOCKED = {200000, 240000}  # AutoMod or the filter for links took offence at our text
GONE = {10008}  # somebody took the message away: it is not put back
NO_THREAD = {10008, 50001, 50013, 50021, 50024, 50035}  # the right, the message or the kind of channel is missing
HAS_THREAD = 160004
ARCHIVED = 50083
TOKEN_SPENT = {10008, 10015, 10062, 50027}  # an interaction's token holds for 15 minutes


SILENCE_HINT = "Discord did not answer in time: discordstatus.com tells whether it is in trouble."
UNCERTAIN_HINT = (
    "The channel could not be read for an answer that was under way: the bot may lack Read Message History there."
)


class DiscordRefusal(PlatformError):
    """A call that Discord refused, with its JSON error code, or one that it never answered (`is_silence`)."""

    notice = PlatformError.notice
    hint = "Discord refused a part of the answer: its code is in this line, and what to do about it in the README."

    def __init__(self, call: str, code: int, status: int = 0) -> None:
        self.is_silence = not code and (status >= 500 or not status)
        told = f"{call}: {code}" if code else f"{call}: status {status}" if status else f"{call}: no answer"
        super().__init__(told, SILENCE_HINT if self.is_silence else "")
        self.code = code


class DiscordRateLimit(DiscordRefusal):
    """A call that is closed for longer than is waited for; `seconds` is for how long, 0 where Discord does not say."""

    notice = DiscordRefusal.notice
    hint = "Discord limits how often this may be done: its call and until when are in the line before."

    def __init__(self, call: str, seconds: float = 0.0) -> None:
        super().__init__(f"{call} (rate limit)", 0)
        self.seconds = seconds


class WrongToken(StartRefused):
    """Discord does not know the token."""

    status = 77  # sysexits.h, EX_NOPERM

    def __init__(self) -> None:
        super().__init__(
            "Discord does not accept DISCORD_TOKEN: discord.com/developers/applications -> your application -> Bot -> "
            "Reset Token, and copy the new one."
        )


class IntentNotEnabled(StartRefused):
    """The message-content intent was asked for, and its switch is off."""

    status = 76  # sysexits.h, EX_PROTOCOL

    def __init__(self) -> None:
        super().__init__(
            "Discord does not let Confab read what does not mention it: discord.com/developers/applications -> your "
            "application -> Bot -> Message Content Intent, or set CONFAB_DISCORD_MESSAGE_CONTENT=off."
        )


async def call_persistently(call: str, attempt: Callable[[], Awaitable[T]]) -> T:
    """Make a call until it is answered. It must bear repetition: a post carries a nonce, everything else does anyway.

    discord.py waits out rate limits and repeats 500, 502, 504 and 524, but neither 503 nor a connection that was
    dropped or reset (HTTPClient.request). `call` names it in the log. Raises DiscordRefusal; DiscordRateLimit where
    Discord takes it later.
    """
    retries = RetryBudget(time.monotonic() + DEADLINE, most=RETRIES, first=PAUSE, longest=LONGEST_PAUSE)
    while True:
        try:
            return await finish_unawaited(attempt(), PATIENCE)
        except TROUBLE as error:
            log.info("discord call broke", call=call, error=type(error).__name__)
            await retries.pause(call, DiscordRefusal(call, 0, getattr(error, "status", 0)))
        except discord.RateLimited as error:
            _log_limit(call, error.retry_after)
            raise DiscordRateLimit(call, error.retry_after) from None
        except discord.HTTPException as error:
            if error.status == TOO_MANY:
                _log_limit(call, 0.0)
                raise DiscordRateLimit(call) from None
            raise DiscordRefusal(call, error.code, error.status) from error
        except UNREADABLE as error:
            log.warning("discord answer unreadable", call=call, error=type(error).__name__)
            raise DiscordRefusal(call, 0, OK) from error


async def finish_unawaited(call: Awaitable[T], seconds: float | None = None) -> T:
    """Return what a call returns; it goes on where whoever awaits it is cancelled, or waits no longer (TimeoutError).

    A call that is cancelled while discord.py waits out a limit on all calls would close all others for good: it opens
    them again after the wait alone (HTTPClient.request, `_global_over`).
    """
    task = asyncio.ensure_future(call)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    await asyncio.wait((task,), timeout=seconds)
    if not task.done():
        raise TimeoutError
    return task.result()


def _log_limit(call: str, seconds: float) -> None:
    until = clock_time_in(seconds) if seconds else "Discord does not say"
    log.warning("discord rate limit", call=call, seconds=round(seconds), until=until)
