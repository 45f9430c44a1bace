"""A real Chromium on the sandbox's page."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NONE_FOUND = (
    "No Chromium was found: install one (on Debian and Ubuntu, apt-get install chromium), or name it in CHROMIUM."
)
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),  # a microphone that beeps
)
PATIENCE = 60_000.0  # milliseconds; a slow machine, not a slow page


def chromium() -> str:
    """Return the path of an installed Chromium, or skip the test."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    return found or pytest.skip(NONE_FOUND)


@asynccontextmanager
async def browsing(spoken: Path | None = None) -> AsyncIterator[Browser]:
    """Run Chromium until the block ends; with `spoken`, a WAV file is said once into its microphone."""
    path = chromium()
    said = (f"--use-file-for-fake-audio-capture={spoken}%noloop",) if spoken else ()
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *said], timeout=PATIENCE)
        try:
            yield browser
        finally:
            await browser.close()


async def open_tab(browser: Browser, width: int = 1280, height: int = 800) -> Page:
    """Return an empty tab; `width` and `height` in pixels."""
    tab = await browser.new_page(viewport={"width": width, "height": height})
    tab.set_default_timeout(PATIENCE)
    return tab


async def visit_in(tab: Page, url: str) -> Page:
    """Return a tab with the page at its first sight."""
    await tab.goto(url)
    await expect(tab.locator("#channel-title")).to_be_visible()
    return tab


async def visit(browser: Browser, url: str, width: int = 1280, height: int = 800) -> Page:
    """Return the page at its first sight, in a tab of its own."""
    return await visit_in(await open_tab(browser, width, height), url)


async def write(column: Locator, text: str) -> None:
    """Type into a column's message box, and send."""
    await column.locator(".composer").get_by_role("textbox").fill(text)
    await column.get_by_role("button", name="Send").click()


async def go_to(page: Page, name: str) -> None:
    """Open a channel or a direct message from the rail."""
    await page.get_by_role("navigation").get_by_role("button", name=name, exact=True).click()
