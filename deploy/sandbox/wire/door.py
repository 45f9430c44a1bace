"""The door of a platform's API: what the faults do to a call before and after it is answered."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

from aiohttp import web

from deploy.sandbox.wire.faults import CallFaults


async def answer_under_faults(
    faults: CallFaults,
    name: str,
    request: web.Request,
    answer: Callable[[], Awaitable[web.Response]],
    fail: Callable[[int], web.Response],
) -> web.Response:
    """Answer one call, or do to it what the faults ask for.

    `fail` notes a call that nothing is done for, and gives the answer with a status; 0 if the connection is cut.
    """
    if delay := faults.delay(name):
        await asyncio.sleep(delay)
    if faults.strikes("reset", name):
        fail(0)
        return hang_up(request, reset=True)
    if faults.strikes("server_error", name):
        await request.read()
        return fail(faults.error_status)
    answered = await answer()
    return hang_up(request) if faults.strikes("dropped_reply", name) else answered


def hang_up(request: web.Request, *, reset: bool = False) -> web.Response:
    """Cut the connection, with a TCP reset if asked for; the response is written to nobody."""
    if request.transport is not None:
        if reset:
            at_once = struct.pack("ii", 1, 0)  # lingering for no time is what makes it a reset
            request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        request.transport.abort()
    return web.Response()
