"""Words spoken into the page come back as words, in both pretend platforms, without a key."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from deploy.sandbox.server import Sandbox
from tests.bot import Setup
from tests.bot import running as running_in_slack
from tests.browser import browsing, go_to, visit
from tests.discord_bot import DiscordSetup
from tests.discord_bot import running as running_in_discord
from tests.sound_files import WEATHER, spoken

pytestmark = pytest.mark.browser


async def speak(page: Page) -> None:
    """Record what is said into the microphone, and send it."""
    channel = page.locator("#channel")
    await channel.get_by_role("button", name="Record a voice message").click()
    await expect(channel.get_by_role("group", name="Recording")).to_contain_text("0:04")
    await channel.get_by_role("button", name="Done").click()
    await expect(channel.locator(".enclosed .file")).to_contain_text("Voice message")
    await channel.get_by_role("button", name="Send").click()


def is_understood(text: str) -> bool:
    """Whether most words arrived; on a busy machine the browser's pretend microphone drops some of the sound."""
    return len(set(text.split()) & set(WEATHER.split())) >= 3


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """Return a file with a sentence."""
    file = tmp_path / "speech.wav"
    file.write_bytes(spoken("weather.ogg"))
    return file


@pytest.mark.parametrize("kind", ["webm", "m4a, without a type"])
async def test_what_is_said_into_the_pretend_slack_is_heard(
    sandbox: Sandbox, tmp_path: Path, speech: Path, kind: str
) -> None:
    """As each kind of clip that Slack's clients send."""
    sandbox.workspace.faults.clip_kind = kind
    async with running_in_slack(sandbox, tmp_path / "c.db", Setup()), browsing(speech) as browser:
        page = await visit(browser, sandbox.url)
        await go_to(page, "Confab")
        await speak(page)
        await sandbox.model.until(lambda: sandbox.model.requests, 60.0)
        (request,) = sandbox.model.sounds.requests
        await expect(page.get_by_text(request.text).first).to_be_visible()
        await expect(page.get_by_text("a small recogniser in this sandbox, which mishears").first).to_be_visible()
    assert is_understood(request.text)


async def test_what_is_said_into_the_pretend_discord_is_heard(sandbox: Sandbox, tmp_path: Path, speech: Path) -> None:
    """As a voice message: Ogg Opus, with its length and waveform."""
    async with running_in_discord(sandbox, tmp_path / "d.db", DiscordSetup()), browsing(speech) as browser:
        page = await visit(browser, sandbox.url)
        await page.get_by_role("navigation").get_by_role("button", name="Discord").click()
        await go_to(page, "Confab")
        await speak(page)
        await sandbox.model.until(lambda: sandbox.model.requests, 60.0)
        (request,) = sandbox.model.sounds.requests
        await expect(page.get_by_text(request.text).first).to_be_visible()
    assert is_understood(request.text)
    assert request.head[:4] == b"OggS"
