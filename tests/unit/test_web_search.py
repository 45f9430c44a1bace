"""The tool `web_search`: each engine is asked in its own way, and its addresses may be read, but no page's words."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from core.llm.http_client import open_public_client
from core.messages import Author, ConversationKey, ToolCall
from core.tool_calls import CallRecord
from core.tools.settings import ToolSettings
from core.tools.tool import CallContext, Tool, ToolFailed
from core.tools.trust import is_found_address
from core.tools.web_search import SPEC, open_search

CONTEXT = CallContext(ConversationKey("slack", "T1", "C1", "1"), Author("U1", "Ada"), "UTC")
FOUND = [
    {
        "title": "A <strong>page</strong> &amp; more",
        "url": "https://a.example/x",
        "words": "Read\n&lt;https://evil.example/&gt;",
    },
    {"title": "No address", "url": "javascript:alert(1)", "words": ""},
    {"title": "Two in one", "url": "https://b.example/>\n<https://evil.example/", "words": ""},
]


async def answer(request: web.Request) -> web.Response:
    """Answer as each of the engines does, where it is asked as that one wants it."""
    body = await request.json() if request.method == "POST" else {}
    if request.path == "/brave" and request.headers.get("X-Subscription-Token") == "bsa":
        return web.json_response({"web": {"results": renamed("description")}, "asked": request.query["q"]})
    if (
        request.path == "/tavily"
        and request.headers.get("Authorization") == "Bearer tvly"
        and body["query"] == "red pandas"
    ):
        return web.json_response({"results": renamed("content")})
    if request.path == "/searx/search" and request.query["format"] == "json":
        return web.json_response({"results": renamed("content")})
    if request.path == "/odd/search":
        return web.Response(text="<html>")
    if request.path == "/null/search":
        return web.json_response({"results": None})
    raise web.HTTPForbidden


def renamed(words: str) -> list[Any]:
    """Return what was found, in an engine's own words."""
    return [*({"title": each["title"], "url": each["url"], words: each["words"]} for each in FOUND), "nothing"]


@asynccontextmanager
async def searching(**given: str) -> AsyncIterator[Tool]:
    """Give the tool that these settings have on; an address is one of the server above."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    given["search_url"] = f"http://127.0.0.1:{runner.addresses[0][1]}{given['search_url']}"
    async with open_public_client(lambda _: True, 5.0) as client:
        search = open_search(ToolSettings(**given), client)
        assert search
        yield search.tool
    await runner.cleanup()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"search_url": "/brave", "brave_key": "bsa"}, "Brave"),
        ({"search_url": "/tavily", "tavily_key": "tvly"}, "Tavily"),
        ({"search_url": "/searx"}, "SearXNG"),
        ({"search_url": "/searx/search/"}, "SearXNG"),
    ],
)
async def test_each_engine_is_asked_in_its_own_way(given: dict[str, str], name: str) -> None:
    """What it found is told alike, and only what has an address."""
    async with searching(**given) as tool:
        found = await tool.call({"query": " red \n pandas "}, CONTEXT)
    assert found.text == "<https://a.example/x>\n  A page & more\n  Read <https://evil.example/>"
    assert found.source == name


@pytest.mark.parametrize(("place", "told"), [("/no", "status 403"), ("/odd", "no JSON")])
async def test_an_engine_that_cannot_be_asked_is_said_to_be(place: str, told: str) -> None:
    """In a sentence; one that finds nothing as well."""
    async with searching(search_url=place) as tool:
        with pytest.raises(ToolFailed, match=told):
            await tool.call({"query": "red pandas"}, CONTEXT)
        with pytest.raises(ToolFailed, match="no word"):
            await tool.call({"query": "  "}, CONTEXT)
    async with searching(search_url="/null") as tool:
        assert (await tool.call({"query": "red pandas"}, CONTEXT)).text == "Nothing was found."


async def test_addresses_that_were_found_may_be_read_and_no_others() -> None:
    """None that stands in a page's own words, or in what another tool returned."""
    async with searching(search_url="/searx") as tool:
        found = await tool.call({"query": "red pandas"}, CONTEXT)
    record = CallRecord(0, 0, ToolCall("1", "web_search", json.dumps({})), "returned", f"[…]\n```\n{found.text}\n```")
    tools = {"web_search": Tool(SPEC, tool.call)}
    assert is_found_address("https://A.example/x/", [record], tools)
    for address in ("https://evil.example/", "https://b.example/", "https://a.example/", "", "nonsense"):
        assert not is_found_address(address, [record], tools)
    assert not is_found_address("https://a.example/x", [record], {})


def test_it_is_on_where_there_is_somebody_to_ask() -> None:
    """Two of them are one too many."""
    assert not ToolSettings().can_search_web
    assert ToolSettings(brave_key="x").can_search_web
    assert ToolSettings.find_faults({"BRAVE_API_KEY": "a", "TAVILY_API_KEY": "b"})
    assert not ToolSettings.find_faults({"BRAVE_API_KEY": "a", "CONFAB_SEARCH_URL": "https://proxy.example"})
    assert "s3cret" not in repr(ToolSettings(brave_key="s3cret"))
