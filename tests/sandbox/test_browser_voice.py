"""Words spoken into the page come back as words, in both pretend platforms, without a key."""

from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from deploy.sandbox.openai.listener import CAN_LISTEN
from deploy.sandbox.openai.sound import SoundRequest
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import Setup
from tests.support.bot import running as running_in_slack
from tests.support.browser import browsing, go_to, visit
from tests.support.discord_bot import DiscordSetup
from tests.support.discord_bot import running as running_in_discord
from tests.support.sound_files import WEATHER, spoken

DIRECT = "D0ADA1234"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CAN_LISTEN, reason="the sandbox's recogniser has no wheel for this interpreter"),
]


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


def are_heard(sandbox: Sandbox, number: int) -> bool:
    """Whether so many recordings were listened to."""
    return [each.status for each in sandbox.model.sounds.requests] == [200] * number


async def understood(sandbox: Sandbox, speech: Path, platform: str) -> SoundRequest:
    """Speak to Confab until most words arrive, three times at the most, and return what was uploaded.

    On a busy machine the browser's pretend microphone drops some of the sound.
    """
    for said in range(1, 4):
        async with browsing(speech) as browser:
            page = await visit(browser, sandbox.url)
            await page.get_by_role("navigation").get_by_role("button", name=platform).click()
            await go_to(page, "Confab")
            await speak(page)
            await sandbox.model.until(partial(are_heard, sandbox, said))
            request = sandbox.model.sounds.requests[-1]
            if is_understood(request.text):
                await expect(page.get_by_text(request.text).first).to_be_visible()
                return request
    pytest.fail(f"three times misheard, at last as {request.text!r}")


@pytest.mark.parametrize(
    "kind",
    [
        "webm",
        *(pytest.param(kind, marks=pytest.mark.prove) for kind in ("m4a, without a type", "m4a, called video/mp4")),
    ],
)
async def test_what_is_said_into_the_pretend_slack_is_heard(
    sandbox: Sandbox, tmp_path: Path, speech: Path, kind: str
) -> None:
    """As each kind of clip that Slack's clients send."""
    sandbox.workspace.faults.clip_kind = kind
    async with running_in_slack(sandbox, tmp_path / "c.db", Setup()):
        await understood(sandbox, speech, "Slack")
    (answer, *_) = [post.text for post in sandbox.workspace.posts(DIRECT) if post.user == "U0CONFAB1"]
    assert "a small recogniser in this sandbox, which mishears" in answer


async def test_what_is_said_into_the_pretend_discord_is_heard(sandbox: Sandbox, tmp_path: Path, speech: Path) -> None:
    """As a voice message: Ogg Opus, with its length and waveform."""
    async with running_in_discord(sandbox, tmp_path / "d.db", DiscordSetup()):
        request = await understood(sandbox, speech, "Discord")
    assert request.head[:4] == b"OggS"
