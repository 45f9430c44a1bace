"""Slack's events over signed HTTP: what is taken, what is refused, and what is logged of it."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from bots import http
from bots.metrics import EventLoopLag
from bots.slack.webhook import EVENTS
from core.storage.errors import StorageUnavailable
from deploy.sandbox.slack.interactions import use_command, use_shortcut
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Bot, Setup, running
from tests.support.database import locked
from tests.support.room import answered, ask

LOCAL = "127.0.0.1"


def health(bot: Bot) -> http.Health:
    """Return what is asked for the health of a bot."""
    return http.Health([bot.slack.is_ready], bot.store.find_trouble)


@pytest.fixture
async def address(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[str]:
    """Return the address of a bot that receives over HTTP."""
    async with running(sandbox, tmp_path / "confab.db", Setup(socket=False)) as bot:
        runner = await http.open_port(http.build_application(health(bot), EventLoopLag(), bot.slack.routes()), LOCAL, 0)
        yield f"http://{LOCAL}:{runner.addresses[0][1]}"
        await runner.cleanup()


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
    event = {"type": kind, "user": "U0ADA", "text": "<@U0CONFAB> hi", "channel": GENERAL, "ts": "1700000000.000100"}
    return json.dumps({"type": "event_callback", "team_id": "T0CONFAB", "event_id": "Ev1", "event": event})


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
    assert ["`/confab your question`" in told for told in workspace.whispers("U0ADA")] == [True]


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
        "not JSON": "mention=<@U0CONFAB>",
        "no event": '{"type": "event_callback", "team_id": "T0CONFAB"}',
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
        assert answer.status in {400, 401}
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    assert len((out + err).splitlines()) <= 1


async def test_a_body_without_end_is_refused(sandbox: Sandbox, address: str) -> None:
    """Nobody fills the memory from outside."""
    body = json.dumps({"x": "y" * 2_000_000})
    assert await posted(address, body, signed(sandbox, body)) == 413


async def test_health_says_when_the_bot_is_ready(sandbox: Sandbox, tmp_path: Path) -> None:
    """A load balancer or a container asks it."""
    async with running(sandbox, tmp_path / "confab.db") as bot, aiohttp.ClientSession() as session:
        runner = await http.open_port(http.build_application(health(bot), EventLoopLag()), LOCAL, 0)
        address = f"http://{LOCAL}:{runner.addresses[0][1]}"
        async with session.get(f"{address}/health") as answer:
            assert (answer.status, await answer.json()) == (200, {"ready": True, "database": "ok"})
        await bot.slack.stop()
        async with session.get(f"{address}/health") as answer:
            assert (answer.status, await answer.json()) == (503, {"ready": False, "database": "ok"})
        async with session.post(f"{address}{EVENTS}") as answer:
            assert answer.status == 404
        await runner.cleanup()


async def test_a_database_that_takes_nothing_shows_in_health_and_in_metrics(sandbox: Sandbox, tmp_path: Path) -> None:
    """As long as it does, and no longer, also where nobody writes meanwhile."""
    async with running(sandbox, tmp_path / "confab.db") as bot, aiohttp.ClientSession() as session:
        runner = await http.open_port(http.build_application(health(bot), EventLoopLag()), LOCAL, 0)
        address = f"http://{LOCAL}:{runner.addresses[0][1]}"
        with locked(tmp_path / "confab.db"):
            with pytest.raises(StorageUnavailable):
                await bot.store.write_state("name", "value")
            async with session.get(f"{address}/health") as answer:
                assert (answer.status, await answer.json()) == (503, {"ready": False, "database": "locked"})
        async with session.get(f"{address}/metrics") as answer:
            assert "confab_database_writable 1\n" in await answer.text()
        async with session.get(f"{address}/health") as answer:
            assert (answer.status, await answer.json()) == (200, {"ready": True, "database": "ok"})
        await runner.cleanup()


async def test_an_event_loop_that_is_blocked_shows_in_metrics(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its worst delay, in seconds."""
    lag = EventLoopLag()
    watching = asyncio.create_task(lag.watch_loop())
    await asyncio.sleep(0.05)
    time.sleep(0.6)  # noqa: ASYNC251 - it blocks the loop, which is the point
    await asyncio.sleep(0.05)
    watching.cancel()
    async with running(sandbox, tmp_path / "confab.db") as bot, aiohttp.ClientSession() as session:
        runner = await http.open_port(http.build_application(health(bot), lag), LOCAL, 0)
        async with session.get(f"http://{LOCAL}:{runner.addresses[0][1]}/metrics") as answer:
            told = await answer.text()
        await runner.cleanup()
    (line,) = (line for line in told.splitlines() if line.startswith("confab_event_loop_lag_seconds "))
    assert float(line.split()[1]) >= 0.3
