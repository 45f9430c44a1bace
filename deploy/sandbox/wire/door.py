"""The door of a platform's API: what the faults do to a call before and after it is answered."""

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate

from aiohttp import web

from deploy.sandbox.wire.faults import CallFaults

SIGN_IN = "<!DOCTYPE html><html><body>Sign in to the network</body></html>"


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
    if faults.web_page:
        return web.Response(text=SIGN_IN, content_type="text/html")
    answered = await answer()
    if faults.clock_ahead:
        answered.headers["Date"] = formatdate(time.time() + faults.clock_ahead, usegmt=True)
    return hang_up(request) if faults.strikes("dropped_reply", name) else answered


def hang_up(request: web.Request, *, reset: bool = False) -> web.Response:
    """Cut the connection, with a TCP reset if asked for; the response is written to nobody."""
    if request.transport is not None:
        if reset:
            at_once = struct.pack("ii", 1, 0)  # lingering for no time is what makes it a reset
            request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        request.transport.abort()
    return web.Response()
