"""Socket Mode: a socket that dies, loudly or in silence, is replaced, and what was said meanwhile is answered."""

from pathlib import Path

import pytest

from bots.slack.calls import SlackRefusal
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Bot, Setup, running
from tests.support.room import answered, ask, mention


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_socket_that_slack_closes_is_replaced(sandbox: Sandbox, bot: Bot, reason: str) -> None:
    """Slack does this every few hours; nobody notices."""
    assert bot
    await ask(sandbox, "before")
    opened = sum(call.method == "apps.connections.open" for call in sandbox.workspace.calls)
    await sandbox.workspace.disconnect(reason)  # type: ignore[arg-type]
    await sandbox.workspace.until(
        lambda: sum(call.method == "apps.connections.open" for call in sandbox.workspace.calls) > opened
    )
    await sandbox.workspace.until(lambda: sandbox.workspace.connected == 1)
    await ask(sandbox, "after")


async def test_a_socket_that_is_silent_is_noticed_and_replaced(sandbox: Sandbox, bot: Bot) -> None:
    """It stays open but answers nothing: the missing answers to our pings give it away."""
    assert bot
    sandbox.workspace.courier.retry_waits = (1.0, 4.0, 4.0)
    sandbox.workspace.faults.silent_sockets = True
    thread = await sandbox.workspace.say(GENERAL, mention("do you hear me?"))
    await sandbox.workspace.until(lambda: sandbox.workspace.connected == 0, 90.0)
    sandbox.workspace.faults.silent_sockets = False
    assert len(await answered_in(sandbox, thread)) == 1


async def test_sockets_refused_for_a_while_do_not_end_the_bot(sandbox: Sandbox, bot: Bot) -> None:
    """When Slack takes connections again, the bot is there: with a new address, since the old one is spent."""
    assert bot
    sandbox.workspace.faults.refuse_sockets = True
    await sandbox.workspace.disconnect("refresh_requested")
    await sandbox.workspace.until(lambda: sandbox.workspace.courier.sockets.turned_away > 0)
    sandbox.workspace.faults.refuse_sockets = False
    await sandbox.workspace.until(lambda: sandbox.workspace.connected == 1, 90.0)
    await ask(sandbox, "back?")


async def test_an_address_that_is_spent_is_not_tried_for_ever(sandbox: Sandbox, bot: Bot) -> None:
    """The socket dies while new ones are refused: the address at hand serves once, and a new one must be asked for."""
    assert bot
    sandbox.workspace.faults.silent_sockets = sandbox.workspace.faults.refuse_sockets = True
    await sandbox.workspace.until(lambda: sandbox.workspace.courier.sockets.turned_away > 0, 90.0)
    sandbox.workspace.faults.silent_sockets = sandbox.workspace.faults.refuse_sockets = False
    await sandbox.workspace.until(lambda: sandbox.workspace.connected == 1, 90.0)
    await ask(sandbox, "back?")


async def test_a_token_that_slack_refuses_ends_the_start_with_its_code(sandbox: Sandbox, tmp_path: Path) -> None:
    """The operator reads what Slack said, not a trace."""
    with pytest.raises(SlackRefusal, match=r"auth\.test: invalid_auth"):
        async with running(sandbox, tmp_path / "other.db", Setup(bot_token="xoxb-other")):
            pass


async def answered_in(sandbox: Sandbox, thread: str) -> list[str]:
    """Wait longer than usual for an answer: a silent socket is given up after seconds."""
    await sandbox.workspace.until(lambda: len(sandbox.workspace.thread(GENERAL, thread)) > 1, 90.0)
    return await answered(sandbox, thread)
