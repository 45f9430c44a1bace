"""The page keeps nothing from anybody: axe-core looks at it light and dark, wide and narrow, on both platforms."""

from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no annotations
from playwright.async_api import Browser, Page, expect

from deploy.sandbox.discord.roster import GENERAL
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.browser import browsing, visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox with a conversation on each platform."""
    async with serve() as running:
        asked = await running.workspace.say("C0GENERAL", "What did we *decide* about <https://example.com>?")
        await running.workspace.say("C0GENERAL", "And when?")
        await running.workspace.say("C0GENERAL", "On Friday: `ship it`", user="U0GRACE12", thread_ts=asked)
        question = await running.guild.say(GENERAL, "What did we **decide**?")
        await running.guild.open_thread(GENERAL, "Decisions", post=question)
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium."""
    async with browsing() as running:
        yield running


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1280),
        ("dark", 390),
        *(pytest.param(*each, marks=pytest.mark.prove) for each in (("light", 390), ("dark", 1280))),
    ],
)
async def test_axe_finds_nothing(
    sandbox: Sandbox, browser: Browser, scheme: Literal["light", "dark"], width: int
) -> None:
    """In a channel, in a thread, with the drawer open on each of its tabs; one h1, and a main landmark always."""
    page = await visit(browser, sandbox.url, width)
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    found = []
    thread = sandbox.workspace.posts("C0GENERAL")[0].ts
    post = sandbox.guild.posts(GENERAL)[0].id
    for place in (
        "slack/C0GENERAL",
        f"slack/C0GENERAL/{thread}",
        f"discord/{GENERAL}",
        f"discord/{GENERAL}/{post}",
    ):
        await page.goto(f"{sandbox.url}/#/{place}")
        found += await faults(page)
    await page.evaluate("import('/script/drawer.js').then(({ toggleDrawer }) => toggleDrawer(true))")
    for tab in ("Faults", "What reached the model"):
        await page.get_by_role("tab", name=tab).click()
        found += await faults(page)
    assert found == []


async def faults(page: Page) -> list[str]:
    """Return what axe finds, each with its place, and what it does not look at."""
    await expect(page.locator("main")).to_have_count(1)
    await expect(page.locator("h1")).to_have_count(1)
    results = await Axe().run(page)
    return [
        f"{fault['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for fault in results.response["violations"]
        for node in fault["nodes"]
    ]
