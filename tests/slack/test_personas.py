"""Personas in Slack where their names may not be shown, and own messages that bear another name."""

from pathlib import Path

from bots.slack.events import read_event
from core.policy import ChannelSettings, Policies
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Setup, running
from tests.support.cards import card_v2, keep_cards
from tests.support.room import answered, ask


async def test_without_the_scope_the_name_stands_above_the_answer_through_every_edit(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Which is learnt at the first refusal, and asked no more."""
    keep_cards(tmp_path / "confab.db", card_v2("Marsh Keeper"))
    setup = Setup(policies=Policies(ChannelSettings(persona="Marsh Keeper")))
    async with running(sandbox, tmp_path / "confab.db", setup):
        sandbox.model.script.append(Reply("slowly it grows " * 20, tokens_per_second=40.0))
        first = await ask(sandbox, "hi")
        second = await ask(sandbox, "hi")
        for thread in (first, second):
            await answered(sandbox, thread)
            [post] = [each for each in sandbox.workspace.thread(GENERAL, thread) if each.bot_id]
            assert post.shown.startswith("**Marsh Keeper**\n")
            assert post.username == ""
    refused = [call for call in sandbox.workspace.calls if call.outcome == "missing_scope"]
    assert [call.method for call in refused] == ["chat.postMessage"]


def test_an_own_message_under_a_persona_s_name_is_known_by_its_app() -> None:
    """It has no user; another app's of the same name is another's."""
    post = {"type": "message", "subtype": "bot_message", "username": "Ada", "text": "hi <@U0CONFAB1>", "channel": "C1"}
    body = {"team_id": "T1", "event": {**post, "ts": "1700000000.000100", "bot_id": "B1", "channel_type": "channel"}}
    assert read_event(body, "U0CONFAB1", bot_id="B1") is None
    assert read_event(body, "U0CONFAB1", bot_id="B2") is not None
