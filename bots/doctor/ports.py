"""Whether the ports that are to be opened can be; nothing is said of those that can."""

import asyncio
import socket

import aiohttp

from bots.bounded_response import open_bounded_session
from bots.doctor.check import Check
from bots.http_settings import USUAL_PORT
from bots.settings import Settings

OURS = b"confab_ready"  # in what /metrics says
PATIENCE = 2.0  # seconds
LARGEST = 4096  # bytes that are read of it


async def check_ports(settings: Settings) -> list[Check]:
    """Return what is wrong with PORT and CONFAB_HEALTH_PORT: the same twice, another program's, or not to be had."""
    http, wanted = settings.http, dict[str, tuple[str, int]]()
    if http.health_port:
        wanted["CONFAB_HEALTH_PORT"] = (http.health_host, http.health_port)
    if any(getattr(each.settings, "signing_secret", "") for each in settings.platforms) or http.port:
        wanted["PORT"] = (http.host, USUAL_PORT if http.port is None else http.port)
    numbers = [number for _, number in wanted.values() if number]
    if len(numbers) > len(set(numbers)):
        told = f"PORT and CONFAB_HEALTH_PORT are both {numbers[0]}."
        return [Check("ports.twice", "fail", told, "Give CONFAB_HEALTH_PORT another number.")]
    found = [await _check_port(name, *place) for name, place in wanted.items() if place[1]]
    return [each for each in found if each]


async def _check_port(name: str, host: str, number: int) -> Check | None:
    fault = await asyncio.to_thread(_try_port, host, number)
    if not fault or await _is_ours(number):
        return None
    mend = f"Set {name} to another number, or end what holds this one (ss -ltnp tells what does)."
    return Check("ports.taken", "fail", f"Port {number} of {host} cannot be opened: {fault}.", mend)


def _try_port(host: str, number: int) -> str:
    """Return why a port cannot be opened, empty where it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            return str(error.strerror or error).lower()
    return ""


async def _is_ours(number: int) -> bool:
    """Whether a bot that runs already is behind a port of this machine."""
    url = f"http://127.0.0.1:{number}/metrics"
    try:
        async with open_bounded_session(PATIENCE) as session, session.get(url) as answer:
            return OURS in await answer.content.read(LARGEST)
    except (aiohttp.ClientError, TimeoutError):
        return False
