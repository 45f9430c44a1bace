"""A platform that never answered is said to be out of reach, and why; one that refused is not."""

import aiohttp
import pytest

from bots.discord.calls import DiscordRefusal
from bots.silence import explain_silence
from bots.slack.calls import NO_ANSWER, SlackRefusal
from core.errors import PlatformError


async def fail_to_reach(url: str, error: PlatformError) -> PlatformError:
    """Return an error that is raised where a real call to this address broke, as the platforms raise theirs."""
    try:
        async with aiohttp.ClientSession() as session:
            try:
                await session.get(url)
            except aiohttp.ClientError as broken:
                raise RuntimeError from broken
    except RuntimeError:
        try:
            raise error from None
        except PlatformError as raised:
            return raised
    raise AssertionError


@pytest.mark.parametrize("error", [SlackRefusal("auth.test", NO_ANSWER), DiscordRefusal("login", 0)])
async def test_what_cannot_be_reached_is_said_with_why(error: PlatformError) -> None:
    """And which setting holds its address; nothing of scopes."""
    for url, why in (
        ("http://confab-nowhere.invalid", "its name is not found"),
        ("http://127.0.0.1:9", "listens there"),
    ):
        told = explain_silence(await fail_to_reach(url, error), "slack.com", "SLACK_API_URL")
        assert str(told).startswith("Cannot reach slack.com: ")
        assert why in str(told)
        assert "SLACK_API_URL" in told.hint
        assert "scope" not in told.hint


@pytest.mark.parametrize("error", [SlackRefusal("auth.test", "invalid_auth"), DiscordRefusal("login", 50001)])
def test_a_refusal_stays_what_it_is(error: PlatformError) -> None:
    """Its code is what an operator looks for."""
    assert explain_silence(error, "slack.com", "SLACK_API_URL") is error


def test_a_platform_that_is_in_trouble_is_not_blamed_on_a_scope() -> None:
    """Where it can be reached, and does not answer."""
    for error in (SlackRefusal("auth.test", NO_ANSWER), DiscordRefusal("login", 0, 503)):
        assert "in trouble" in error.hint
        assert "scope" not in error.hint
