"""Pages that people add by command are looked up like what is posted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from core.knowledge.lookup import NOTHING
from deploy.sandbox.openai.model import Reply
from tests.contract.platform_room import Room, ask
from tests.contract.test_knowledge import QUESTION, answer_to, states, switched_on, told
from tests.support.database import column, rows, wait_for_column
from tests.support.moderated import Moderated

PAGES = {"/wifi": "<h1>Wifi</h1><p>The password of the guest wifi is swordfish.</p>", "/bad": "<p>Flag me now.</p>"}


@pytest.fixture
async def served() -> AsyncIterator[tuple[str, dict[str, str]]]:
    """Return the address of a small web, and its pages by their path."""
    pages = dict(PAGES)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path not in pages:
            raise web.HTTPNotFound
        return web.Response(text=pages[request.path], content_type="text/html")

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", pages
    await runner.cleanup()


async def test_a_page_is_added_cited_read_anew_and_taken_away(
    room: Room, tmp_path: Path, served: tuple[str, dict[str, str]]
) -> None:
    """In its channel alone; added again it is read again, and what moderation refuses of it is not kept."""
    await switched_on(room, Moderated())
    web_address, pages = served
    database = tmp_path / "confab.db"
    assert "It is read now" in await answer_to(room, f"sources add {web_address}/wifi?a=1&b=2")
    await states(tmp_path, "indexed")
    assert column(database, "SELECT file_id FROM sources") == [f"{web_address}/wifi?a=1&b=2"]
    room.model.script.append(Reply("It is swordfish [S1]."))
    answer = await answer_to(room, QUESTION, by="grace")
    assert "/wifi?a=1" in answer.partition("Sources")[2]
    assert NOTHING in room.answers(await ask(room, QUESTION, channel="random"))[-1]
    pages["/wifi"] = "<p>The password of the guest wifi is herring.</p>"
    await answer_to(room, f"sources add <{web_address}/wifi?a=1&b=2>")
    await wait_for_column(database, "SELECT text FROM passages", lambda found: "herring" in str(found))
    await answer_to(room, QUESTION)
    assert "herring" in told(room)
    assert "swordfish" not in told(room)
    await answer_to(room, f"sources add {web_address}/bad")
    await answer_to(room, f"sources add {web_address}/missing")
    await wait_for_column(
        database, "SELECT state FROM sources WHERE attempts > 0", lambda found: "refused" in found and len(found) == 3
    )
    listed = await answer_to(room, "sources")
    assert "moderation refuses it" in listed
    assert "/wifi" in listed
    assert "no longer looked up" in await answer_to(room, "sources remove 1")
    assert not rows(database, "SELECT 1 FROM passages")
