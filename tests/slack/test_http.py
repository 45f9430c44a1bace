"""Slack's events over signed HTTP: what is taken, what is refused, and what is logged of it."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from bots import http
from bots.http_settings import HttpSettings
from bots.metrics import EventLoopLag
from bots.slack.webhook import EVENTS
from core.storage.errors import StorageUnavailable
from deploy.sandbox.slack.interactions import use_command, use_shortcut
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Bot, Setup, running
from tests.support.database import locked
from tests.support.room import answered, ask

LOCAL = "127.0.0.1"


@asynccontextmanager
async def health_address(bot: Bot, lag: EventLoopLag | None = None) -> AsyncIterator[str]:
    """Tell a bot's health on a port; give its address."""
    health = http.Health([bot.slack.is_ready], bot.store.find_trouble)
    routes = http.health_routes(health, lag or EventLoopLag())
    async with http.serve_routes("health on", routes, LOCAL, 0, HttpSettings()) as port:
        yield f"http://{LOCAL}:{port}"


@pytest.fixture
async def address(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[str]:
    """Return the address of a bot that receives over HTTP."""
    async with (
        running(sandbox, tmp_path / "confab.db", Setup(socket=False)) as bot,
        http.serve_routes("http on", bot.slack.routes(), LOCAL, 0, HttpSettings()) as port,
    ):
        yield f"http://{LOCAL}:{port}"


def signed(sandbox: Sandbox, body: str, age: float = 0.0) -> dict[str, str]:
    """Return the headers with which Slack signs a body (Slack docs, verifying requests)."""
    stamp = str(int(time.time() - age))
    base = f"v0:{stamp}:{body}".encode()
    signature = hmac.new(sandbox.workspace.signing_secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={signature}",
        "Content-Type": "application/json",
    }


def mention_body(kind: str = "app_mention") -> str:
    """Return a body that would be answered."""
    event = {
        "type": kind,
        "user": "U0ADA1234",
        "text": "<@U0CONFAB1> hi",
        "channel": GENERAL,
        "ts": "1700000000.000100",
    }
    return json.dumps({"type": "event_callback", "team_id": "T0CONFAB1", "event_id": "Ev1", "event": event})


async def posted(address: str, body: str, headers: dict[str, str]) -> int:
    """Post a body; return the status."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(address + EVENTS, data=BytesIO(body.encode()), headers=headers) as answer,
    ):
        return answer.status


async def test_signed_events_are_answered_once(sandbox: Sandbox, address: str) -> None:
    """Slack accepts the address, and a mention delivered over it is answered like over a socket."""
    assert await sandbox.workspace.register(address + EVENTS)
    sandbox.workspace.faults.deliveries = 2
    await ask(sandbox, "over HTTP")
    await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
    assert len(sandbox.model.requests) == 1


async def test_slash_commands_and_shortcuts_come_to_the_same_address(sandbox: Sandbox, address: str) -> None:
    """Slack posts them as forms, and reads the acknowledgement."""
    workspace = sandbox.workspace
    assert await workspace.register(address + EVENTS)
    await use_command(workspace, GENERAL, "help")
    root = await workspace.say(GENERAL, "lunch?")
    await use_shortcut(workspace, "confab_ask", GENERAL, root)
    await answered(sandbox, root)
    await use_command(workspace, GENERAL, "when?")
    await workspace.until(lambda: len(sandbox.model.requests) == 2)
    assert ["`/confab your question`" in told for told in workspace.whispers("U0ADA1234")] == [True]


@pytest.mark.parametrize("form", ["", "a=b", "payload=", "payload=[]", "payload=%7B"])
async def test_a_form_that_is_no_interaction_is_refused(
    sandbox: Sandbox, address: str, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """In one line of the log, and without a trace."""
    headers = {**signed(sandbox, form), "Content-Type": "application/x-www-form-urlencoded"}
    capfd.readouterr()
    assert await posted(address, form, headers) == 400
    out, err = capfd.readouterr()
    assert len((out + err).splitlines()) == 1


@pytest.mark.parametrize("fault", ["signature", "stamp", "unsigned", "not JSON", "no event", "unknown event"])
async def test_what_is_not_an_event_of_slacks_is_refused_or_ignored_and_logged_once(
    sandbox: Sandbox, address: str, fault: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing is stored, nobody is answered, and the log says so in one line."""
    body = {
        "not JSON": "mention=<@U0CONFAB1>",
        "no event": '{"type": "event_callback", "team_id": "T0CONFAB1"}',
        "unknown event": mention_body("team_rename"),
    }.get(fault, mention_body())
    headers = signed(sandbox, body, age=3600 if fault == "stamp" else 0)
    if fault == "signature":
        headers["X-Slack-Signature"] = "v0=" + "0" * 64
    if fault == "unsigned":
        headers = {"Content-Type": "application/json"}
    capfd.readouterr()
    status = await posted(address, body, headers)
    out, err = capfd.readouterr()
    assert status == {"not JSON": 400, "no event": 404, "unknown event": 200}.get(fault, 401)
    assert len((out + err).splitlines()) == 1
    assert "hi" not in (out + err).split()
    assert not sandbox.model.requests


STRANGE: dict[str, tuple[bytes, dict[str, str]]] = {
    "a body that is longer than any event": (b"x" * 2_000_000, {}),
    "a charset that nobody knows": (b"{}", {"Content-Type": "application/json; charset=klingon"}),
    "bytes that are no text": (b"\xff\xfe\x00", {"Content-Type": "application/json"}),
    "deep JSON": (b"[" * 200_000, {"Content-Type": "application/json"}),
    "a number without end": (b"9" * 100_000, {"Content-Type": "application/json"}),
    "a form of a million fields": (b"a=1&" * 250_000, {"Content-Type": "application/x-www-form-urlencoded"}),
    "broken gzip": (b"not gzip", {"Content-Encoding": "gzip"}),
    "a stamp that is no time": (b"{}", {"X-Slack-Request-Timestamp": "\u0661" * 9, "X-Slack-Signature": "v0=\u00e9"}),
    "a stamp without end": (b"{}", {"X-Slack-Request-Timestamp": "9" * 5_000}),
    "a broken multipart": (b"--x", {"Content-Type": "multipart/form-data; boundary=x"}),
}


@pytest.mark.parametrize("kind", STRANGE)
async def test_what_nobody_signed_is_refused_unread_in_one_line_and_without_a_trace(
    address: str, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever it looks like."""
    body, headers = STRANGE[kind]
    capfd.readouterr()
    async with (
        aiohttp.ClientSession() as session,
        session.post(address + EVENTS, data=BytesIO(body), headers=headers) as answer,
    ):
        assert answer.status in {400, 401, 413}
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    assert len((out + err).splitlines()) <= 1


async def test_a_body_without_end_is_refused(sandbox: Sandbox, address: str) -> None:
    """Nobody fills the memory from outside."""
    body = json.dumps({"x": "y" * 2_000_000})
    assert await posted(address, body, signed(sandbox, body)) == 413


async def test_health_says_when_the_bot_is_ready(sandbox: Sandbox, tmp_path: Path) -> None:
    """A load balancer or a container asks it, on a port where no event comes in."""
    async with (
        running(sandbox, tmp_path / "confab.db") as bot,
        aiohttp.ClientSession() as session,
        health_address(bot) as address,
    ):
        async with session.get(f"{address}/health") as answer:
            assert (answer.status, await answer.json()) == (200, {"ready": True, "database": "ok"})
        await bot.slack.stop()
        async with session.get(f"{address}/health") as answer:
            assert (answer.status, await answer.json()) == (503, {"ready": False, "database": "ok"})
        async with session.post(f"{address}{EVENTS}") as answer:
            assert answer.status == 404


async def test_a_database_that_takes_nothing_shows_in_health_and_in_metrics(sandbox: Sandbox, tmp_path: Path) -> None:
    """As long as it does, and no longer, also where nobody writes meanwhile."""
    async with (
        running(sandbox, tmp_path / "confab.db") as bot,
        aiohttp.ClientSession() as session,
        health_address(bot) as address,
    ):
        with locked(tmp_path / "confab.db"):
            with pytest.raises(StorageUnavailable):
                await bot.store.write_state("name", "value")
            async with session.get(f"{address}/health") as answer:
                assert (answer.status, await answer.json()) == (503, {"ready": False, "database": "locked"})
        async with session.get(f"{address}/metrics") as answer:
            assert "confab_database_writable 1\n" in await answer.text()
        async with session.get(f"{address}/health") as answer:
            assert (answer.status, await answer.json()) == (200, {"ready": True, "database": "ok"})


async def test_an_event_loop_that_is_blocked_shows_in_metrics(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its worst delay, in seconds."""
    lag = EventLoopLag()
    watching = asyncio.create_task(lag.watch_loop())
    await asyncio.sleep(0.05)
    time.sleep(0.6)  # noqa: ASYNC251 - it blocks the loop, which is the point
    await asyncio.sleep(0.05)
    watching.cancel()
    async with (
        running(sandbox, tmp_path / "confab.db") as bot,
        aiohttp.ClientSession() as session,
        health_address(bot, lag) as address,
        session.get(f"{address}/metrics") as answer,
    ):
        told = await answer.text()
    (line,) = (line for line in told.splitlines() if line.startswith("confab_event_loop_lag_seconds "))
    assert float(line.split()[1]) >= 0.3


async def test_health_is_told_to_this_machine_alone_and_nowhere_where_events_come_in(address: str) -> None:
    """Until an operator opens its port wider."""
    assert (HttpSettings().health_host, HttpSettings().health_port) == (LOCAL, None)
    async with aiohttp.ClientSession() as session:
        for path in ("/health", "/metrics"):
            async with session.get(address + path) as answer:
                assert answer.status == 404


HEAD = f"POST {EVENTS} HTTP/1.1\r\nHost: bot\r\n"
SLOW: dict[str, tuple[str, str]] = {  # what is sent at first, and then again and again
    "nothing at all": ("", ""),
    "a request line that never ends": ("POST /sl", "a"),
    "a head that never ends": (HEAD, "X-A: b\r\n"),
    "a body that never comes": (HEAD + "Content-Length: 900\r\n\r\n", ""),
    "a body that drips": (HEAD + "Content-Length: 90000\r\n\r\n", "a"),
    "a body that drips in chunks": (HEAD + "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
    "a second head that never ends": ("GET / HTTP/1.1\r\nHost: bot\r\n\r\nGET / HTTP/1.1\r\n", "X-A: b\r\n"),
}


@pytest.fixture
async def impatient(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[int]:
    """Return the port of a bot that waits for nobody."""
    limits = HttpSettings(timeout=0.3)
    async with (
        running(sandbox, tmp_path / "confab.db", Setup(socket=False)) as bot,
        http.serve_routes("http on", bot.slack.routes(), LOCAL, 0, limits) as port,
    ):
        yield port


async def drip(port: int, first: str, then: str) -> None:
    """Send a request's beginning and go on without an end; return once the connection is closed from the other side."""
    reader, writer = await asyncio.open_connection(LOCAL, port)
    closed = asyncio.create_task(reader.read())
    writer.write(first.encode())
    try:
        async with asyncio.timeout(30):
            while not closed.done():
                writer.write(then.encode())
                await asyncio.wait((closed,), timeout=0.02)
    finally:
        closed.cancel()
        await asyncio.gather(closed, return_exceptions=True)
        writer.transport.abort()


async def test_a_slow_connection_is_cut_and_keeps_nobody_from_being_heard(
    sandbox: Sandbox, impatient: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever of a request it is slow with; events are answered meanwhile, and nothing of it leaves a trace."""
    assert await sandbox.workspace.register(f"http://{LOCAL}:{impatient}{EVENTS}")
    dripping = [asyncio.create_task(drip(impatient, first, then)) for first, then in SLOW.values()]
    await ask(sandbox, "anybody there?")
    await asyncio.gather(*dripping)
    assert "Traceback" not in "".join(capfd.readouterr())


async def is_open(port: int, address: str) -> bool:
    """Tell whether a request from a local address is answered."""
    reader, writer = await asyncio.open_connection(LOCAL, port, local_addr=(address, 0))
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n")
        return (await reader.read()).startswith(b"HTTP/1.1 404")
    except ConnectionError:
        return False
    finally:
        writer.transport.abort()


async def test_one_address_holds_a_part_of_the_connections_and_all_of_them_have_a_bound(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """One more is closed unread, in one line of the log; as soon as one has gone there is room again."""
    limits = HttpSettings(connections=5, connections_per_address=3)
    async with http.serve_routes("http on", [], LOCAL, 0, limits) as port:
        addresses = ["127.0.0.2"] * 3 + ["127.0.0.3"]
        held = [await asyncio.open_connection(LOCAL, port, local_addr=(address, 0)) for address in addresses]
        assert not await is_open(port, "127.0.0.2")
        assert await is_open(port, "127.0.0.3")
        held.append(await asyncio.open_connection(LOCAL, port, local_addr=("127.0.0.4", 0)))
        assert not await is_open(port, "127.0.0.5")
        assert "".join(capfd.readouterr()).count("connection closed") == 1
        _, last = held.pop()
        last.transport.abort()
        async with asyncio.timeout(30):
            while not await is_open(port, "127.0.0.5"):
                pass
        for _, writer in held:
            writer.transport.abort()
