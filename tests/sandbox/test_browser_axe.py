"""The page keeps nothing from anybody: axe-core looks at it light and dark, wide and narrow, on both platforms."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no annotations
from playwright.async_api import Browser, Page, expect

from deploy.sandbox.discord.roster import GENERAL
from deploy.sandbox.slack.changes import Change
from deploy.sandbox.slack.modals import close_modal
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.browser import browsing, open_tab, visit
from tests.support.pages import KEY, served_pages

WORDS = {"type": "plain_text", "text": "Settings"}
OPTION = {"text": WORDS, "value": "on"}
SELECT = {"type": "static_select", "action_id": "choice", "options": [OPTION], "initial_option": OPTION}
MODAL = {
    "id": "V1",
    "hash": "1",
    "title": WORDS,
    "submit": WORDS,
    "close": WORDS,
    "blocks": [
        {"type": "header", "text": WORDS},
        {"type": "section", "text": {"type": "mrkdwn", "text": "What *holds* here"}},
        {"type": "input", "block_id": "one", "label": WORDS, "element": SELECT},
    ],
}

SEEN: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 1280), ("dark", 390))

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
    """In a channel, a thread, Slack's home and a modal, with the drawer open on each tab; one h1, and a main always."""
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
    await page.goto(f"{sandbox.url}/#/slack/D0ADA1234")
    await page.get_by_role("button", name="Home", exact=True).click()
    found += await faults(page)
    sandbox.workspace.views.modals["U0ADA1234"] = MODAL
    sandbox.workspace.changes.tell(Change("view", "", "", None, "U0ADA1234"))
    await expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    found += await faults(page)
    close_modal(sandbox.workspace)
    await expect(page.get_by_role("dialog", name="Settings")).to_be_hidden()
    await page.evaluate("import('/script/drawer.js').then(({ toggleDrawer }) => toggleDrawer(true))")
    for tab in ("Faults", "What reached the model"):
        await page.get_by_role("tab", name=tab).click()
        found += await faults(page)
    assert found == []


async def test_axe_finds_nothing_on_the_bot_s_own_pages(browser: Browser, tmp_path: Path) -> None:
    """Light and wide, dark and narrow, and nothing wider than its window."""
    async with served_pages(tmp_path) as address:
        for scheme, width in SEEN:
            page = await open_tab(browser, width)
            await page.emulate_media(color_scheme=scheme)
            for path in ("usage", f"usage?key={KEY}", f"sources?key={KEY}", f"personas?key={KEY}", "personas"):
                await page.goto(f"{address}/{path}")
                assert await faults(page) == []
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
            await page.close()


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
