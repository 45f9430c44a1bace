"""Settings in Slack: the modal, the App Home, and who may."""

import asyncio
from dataclasses import replace

from deploy.sandbox.openai.model import Reply
from deploy.sandbox.slack.interactions import use_command
from deploy.sandbox.slack.modals import open_home, press_button, read_view, submit_modal
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Bot
from tests.support.room import answered, answers, mention

OWN = {"person.follow_ups", "person.language", "person.streaming"}


def asked(sandbox: Sandbox, user: str = "U0ADA1234") -> set[str]:
    """Return the ids of what a person's modal asks."""
    blocks = sandbox.workspace.views.modals[user]["blocks"]
    return {block["block_id"] for block in blocks if block["type"] == "input"}


async def test_the_app_home_shows_what_holds_for_a_person_and_lets_them_change_it(sandbox: Sandbox, bot: Bot) -> None:
    """It is shown anew once they did; the tab of messages shows none."""
    workspace = sandbox.workspace
    await workspace.open_messages("U0ADA1234")
    await open_home(workspace, "U0GRACE12")
    await workspace.until(lambda: "U0GRACE12" in workspace.views.homes)
    assert "U0ADA1234" not in workspace.views.homes
    assert "Language of the answers: that of the question" in read_view(workspace.views.homes["U0GRACE12"])
    assert not await press_button(workspace, "confab_settings_open", "U0GRACE12")
    assert asked(sandbox, "U0GRACE12") == OWN
    assert not await submit_modal(workspace, {"person.language": "French"}, "U0GRACE12")
    assert "Language of the answers: French" in read_view(workspace.views.homes["U0GRACE12"])
    assert "Saved" in read_view(workspace.views.modals["U0GRACE12"])
    assert bot.store is not None


async def test_in_a_direct_message_there_is_no_channel_to_set(sandbox: Sandbox, bot: Bot) -> None:
    """Whoever it is."""
    await use_command(sandbox.workspace, sandbox.workspace.direct("U0ADA1234"), "settings")
    assert asked(sandbox) == OWN
    assert bot.store is not None


async def test_a_guest_s_rank_at_home_counts_for_nothing(sandbox: Sandbox, bot: Bot) -> None:
    """An owner of another workspace is nobody's administrator here."""
    users = sandbox.workspace.users
    users["U0ADA1234"] = replace(users["U0ADA1234"], team="T0OTHER12")
    await use_command(sandbox.workspace, GENERAL, "settings")
    assert asked(sandbox) == OWN
    assert bot.store is not None


async def test_who_loses_their_rank_meanwhile_changes_nothing(sandbox: Sandbox, bot: Bot) -> None:
    """It is asked for when the modal is sent, not when it was opened."""
    users = sandbox.workspace.users
    await use_command(sandbox.workspace, GENERAL, "settings")
    users["U0ADA1234"] = replace(users["U0ADA1234"], is_admin=False)
    assert not await submit_modal(sandbox.workspace, {"channel.language": "French"})
    assert "not, or no longer, yours" in read_view(sandbox.workspace.views.modals["U0ADA1234"])
    assert await bot.store.read_choices() == {}


async def test_where_slack_shows_no_modal_who_asked_is_told(sandbox: Sandbox, bot: Bot) -> None:
    """In place of silence."""
    sandbox.workspace.views.lasts = 0.0
    await use_command(sandbox.workspace, GENERAL, "settings")
    assert "try that again" in sandbox.workspace.whispers("U0ADA1234")[0]
    assert bot.store is not None


async def test_an_answer_to_who_wants_it_whole_is_posted_once(sandbox: Sandbox, bot: Bot) -> None:
    """While it is made, nothing of it stands there; another's answer grows."""
    workspace, hold = sandbox.workspace, asyncio.Event()
    await use_command(workspace, GENERAL, "settings")
    assert not await submit_modal(workspace, {"person.streaming": "off"})
    sandbox.model.script.extend(Reply(pieces=("so far", " and whole"), hold=hold) for _ in range(2))
    whole = await workspace.say(GENERAL, mention("count"))
    await workspace.until(lambda: len(sandbox.model.requests) == 1)
    grows = await workspace.say(GENERAL, mention("count"), "U0GRACE12")
    await workspace.until(lambda: answers(sandbox, grows) == ["so far"])
    assert answers(sandbox, whole) == []
    hold.set()
    assert await answered(sandbox, whole) == ["so far and whole"]
    assert bot.store is not None
