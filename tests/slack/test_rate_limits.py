"""Rate limits of Slack's that last: nobody waits for them, and the log says which it is and until when."""

import time

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.calls import SlackCalls, SlackRefusal
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL
from tests.support.room import answers, ask, mention, prompt

in_slack = pytest.mark.usefixtures("bot")

HOUR = 3_600.0


@pytest.mark.parametrize("method", ["users.info", "assistant.threads.setStatus", "conversations.replies"])
@in_slack
async def test_a_limit_for_an_hour_on_what_an_answer_can_do_without_delays_no_answer(
    sandbox: Sandbox, method: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is logged as what it is, not as a missing scope; what stays unknown is only a name or a line above."""
    sandbox.workspace.faults.rate_limited[method] = time.monotonic() + HOUR
    root = await sandbox.workspace.say(GENERAL, "lunch?")
    thread = await ask(sandbox, "please <@U0GRACE12>")
    await sandbox.workspace.say(GENERAL, mention("and?"), thread_ts=root)
    await sandbox.workspace.until(lambda: len(answers(sandbox, root)) == 1)
    told = "".join(capfd.readouterr())
    assert "missing_scope" not in told
    assert "users:read" not in told
    assert answers(sandbox, thread)
    if method == "users.info":
        assert "U0GRACE12" in prompt(sandbox.model.requests[0])[-1]
        assert f"method={method}" in told
        assert "until=" in told


@pytest.mark.parametrize("code", ["user_not_found", "account_inactive", "no_permission", "missing_scope"])
@in_slack
async def test_a_name_that_slack_does_not_tell_is_logged_for_what_it_is(
    sandbox: Sandbox, code: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """And only a missing scope as one; it is asked for again later, not kept for an hour."""
    sandbox.workspace.faults.codes["users.info"] = [code] * 20
    await ask(sandbox, "hi")
    told = "".join(capfd.readouterr())
    assert ("users:read" in told) == (code in {"missing_scope", "no_permission"})
    assert code in told


async def test_a_method_that_is_closed_for_long_is_left_alone_until_it_opens(
    sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    """At once and without another call; one of its other channels is not closed with it."""
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(sandbox.workspace.bot_token, base_url=sandbox.slack_api_url, session=session)
        calls = SlackCalls(client)
        sandbox.workspace.faults.rate_limited["chat.postMessage"] = time.monotonic() + HOUR
        for _ in range(2):
            with pytest.raises(SlackRefusal) as raised:
                await calls.post_json("chat.postMessage", {"channel": GENERAL, "text": "hi"}, repeatable=False)
            assert raised.value.is_silence
        sandbox.workspace.faults.clear()
        await calls.post_json("chat.postMessage", {"channel": "C0RANDOM1", "text": "hi"}, repeatable=False)
    made = [call.outcome for call in sandbox.workspace.calls if call.method == "chat.postMessage"]
    assert made == ["ratelimited", "ok"]
    assert "".join(capfd.readouterr()).count("slack rate limit") == 1
