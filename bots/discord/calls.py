"""Calls of Discord's REST API that are made again where Discord or the network failed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import aiohttp
import discord
import structlog

from bots.discord.refusals import DiscordRefusal

log = structlog.get_logger()

T = TypeVar("T")

DEADLINE = 120.0  # seconds of trying one call again before its reply is given up
PAUSES = (0.3, 1.0, 3.0, 8.0, 15.0)  # seconds between two tries
PATIENCE = 75.0  # seconds for one try, in which discord.py may wait out a rate limit and repeat a 500, 502 or 504
TROUBLE = (discord.DiscordServerError, aiohttp.ClientError, OSError, TimeoutError)


async def persist(call: str, attempt: Callable[[], Awaitable[T]]) -> T:
    """Make a call until it is answered. It must bear repetition: a post carries a nonce, everything else does anyway.

    discord.py waits out rate limits and repeats 500, 502, 504 and 524, but neither 503 nor a connection that was
    dropped or reset (HTTPClient.request). `call` names it in the log. Raises DiscordRefusal.
    """
    deadline, pauses = time.monotonic() + DEADLINE, iter(PAUSES)
    while True:
        try:
            return await asyncio.wait_for(attempt(), PATIENCE)
        except TROUBLE as error:
            pause = next(pauses, None)
            log.info("discord call broke", call=call, error=type(error).__name__)
            if pause is None or time.monotonic() > deadline:
                raise DiscordRefusal(call, 0, getattr(error, "status", 0)) from error
        except discord.HTTPException as error:
            raise DiscordRefusal(call, error.code, error.status) from error
        await asyncio.sleep(pause)


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Await work that must not be left half done: a cancellation waits until it has ended."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise
