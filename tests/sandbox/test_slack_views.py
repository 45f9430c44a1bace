"""Modals and the app's home in the pretend Slack, to a real Bolt app over sockets and by signed requests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from deploy.sandbox.slack.interactions import use_command
from deploy.sandbox.slack.modals import open_home, press_button, read_view, submit_modal
from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.sandbox_slack import Body, Ear, bolt, client_of, error_of, listening, web_served

GENERAL = "C0GENERAL"
OPTIONS = [{"text": {"type": "plain_text", "text": word}, "value": word} for word in ("tea", "coffee")]
SELECT = {"type": "static_select", "action_id": "choice", "options": OPTIONS, "initial_option": OPTIONS[0]}
DRINK = {
    "type": "input",
    "block_id": "drink",
    "label": {"type": "plain_text", "text": "Which drink?"},
    "element": SELECT,
}
MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "drinks",
    "title": {"type": "plain_text", "text": "Drinks"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [DRINK],
}
BUTTON = {"type": "button", "action_id": "again", "text": {"type": "plain_text", "text": "Again"}}
HOME = {"type": "home", "blocks": [{"type": "actions", "elements": [BUTTON]}]}
DONE = {"type": "section", "text": {"type": "mrkdwn", "text": "Done"}}


class Waiter:
    """A Bolt app that shows a modal, and notes what comes back."""

    def __init__(self, ear: Ear) -> None:
        self.ear = ear
        self.chosen: list[str] = []
        self.pressed: list[str] = []
        self.triggers: list[str] = []

    async def show(self, body: Body, ack: AsyncAck, client: AsyncWebClient) -> None:
        """Answer a command with the modal."""
        self.triggers.append(body["trigger_id"])
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        await ack()

    async def take(self, body: Body, ack: AsyncAck) -> None:
        """Note what was chosen, and put a view in the modal's place."""
        self.chosen.append(body["view"]["state"]["values"]["drink"]["choice"]["selected_option"]["value"])
        frame = {name: MODAL[name] for name in ("type", "title")}
        await ack(response_action="update", view={**frame, "blocks": [DONE]})

    async def press(self, body: Body, ack: AsyncAck) -> None:
        """Note a button."""
        self.pressed.append(body["actions"][0]["action_id"])
        await ack()

    def listen(self, app: AsyncApp) -> AsyncApp:
        """Add the listeners to an app."""
        app.command("/confab")(self.show)
        app.view("drinks")(self.take)
        app.action("again")(self.press)
        return app


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of its own for each test."""
    async with serve() as running:
        yield running


@pytest.fixture
def workspace(sandbox: Sandbox) -> Workspace:
    """The workspace of that sandbox."""
    return sandbox.workspace


@pytest.fixture(params=["socket", "http"])
async def waiter(request: pytest.FixtureRequest, sandbox: Sandbox, workspace: Workspace) -> AsyncIterator[Waiter]:
    """A real Bolt app, over Socket Mode and over signed HTTP."""
    waiter = Waiter(Ear(workspace))
    async with AsyncExitStack() as stack:
        if request.param == "socket":
            await stack.enter_async_context(listening(sandbox, waiter.ear, listen=waiter.listen))
        else:
            app = waiter.listen(bolt(sandbox, waiter.ear)).web_app("/slack/events")
            address = await stack.enter_async_context(web_served(app))
            assert await workspace.register(f"{address}/slack/events")
        yield waiter


async def test_a_modal_is_shown_sent_and_replaced(workspace: Workspace, waiter: Waiter) -> None:
    """What is not chosen anew is sent as it stood first; what is no option cannot be chosen."""
    await use_command(workspace, GENERAL, "drinks", "U0GRACE12")
    assert read_view(workspace.views.modals["U0GRACE12"]) == "Which drink?\ntea"
    with pytest.raises(LookupError):
        await submit_modal(workspace, {"drink": "wine"}, "U0GRACE12")
    assert not await submit_modal(workspace, {"drink": "coffee"}, "U0GRACE12")
    assert waiter.chosen == ["coffee"]
    assert read_view(workspace.views.modals["U0GRACE12"]) == "Done"
    with pytest.raises(LookupError):
        await submit_modal(workspace, {}, "U0ADA1234")


async def test_a_home_is_told_when_it_is_opened_and_its_button_when_it_is_pressed(
    workspace: Workspace, waiter: Waiter, sandbox: Sandbox
) -> None:
    """The tab is named, so that the one of messages is told apart."""
    with pytest.raises(LookupError):
        await press_button(workspace, "again")
    await open_home(workspace)
    await workspace.until(lambda: waiter.ear.bodies)
    assert waiter.ear.bodies[0]["event"]["tab"] == "home"
    await client_of(sandbox).views_publish(user_id="U0ADA1234", view=HOME)
    assert not await press_button(workspace, "again")
    assert waiter.pressed == ["again"]


async def test_a_trigger_serves_once(workspace: Workspace, waiter: Waiter, sandbox: Sandbox) -> None:
    """A second modal needs a second click."""
    await use_command(workspace, GENERAL, "drinks")
    call = client_of(sandbox).views_open(trigger_id=waiter.triggers[0], view=MODAL)
    assert await error_of(call) == "exchanged_trigger_id"


async def test_a_trigger_that_is_too_old_is_refused(workspace: Workspace, sandbox: Sandbox) -> None:
    """Nobody waits three seconds for a form."""
    trigger = workspace.views.give_trigger("U0ADA1234")
    workspace.views.lasts = 0.0
    call = client_of(sandbox).views_open(trigger_id=trigger, view=MODAL)
    assert await error_of(call) == "expired_trigger_id"


async def test_a_trigger_of_ones_own_making_is_refused(sandbox: Sandbox) -> None:
    """An app shows nothing to people who did not ask for it."""
    call = client_of(sandbox).views_open(trigger_id="1.2.3", view=MODAL)
    assert await error_of(call) == "invalid_trigger_id"


async def test_a_view_that_is_too_large_is_refused(workspace: Workspace, sandbox: Sandbox) -> None:
    """Whatever makes it large."""
    view = {**MODAL, "external_id": "x" * 250_000}
    call = client_of(sandbox).views_open(trigger_id=workspace.views.give_trigger("U0ADA1234"), view=view)
    assert await error_of(call) == "view_too_large"


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in MODAL.items() if key != name}


def _select(**changes: Any) -> dict[str, Any]:
    return {**MODAL, "blocks": [{**DRINK, "element": {**SELECT, **changes}}]}


BAD_VIEWS: list[dict[str, Any]] = [
    _without("title"),
    _without("submit"),
    {**MODAL, "blocks": []},
    {**MODAL, "blocks": [DRINK] * 101},
    {**MODAL, "title": {"type": "plain_text", "text": "x" * 25}},
    {**MODAL, "private_metadata": "x" * 3001},
    {**MODAL, "callback_id": "x" * 256},
    {**MODAL, "blocks": [{**DRINK, "label": {"type": "plain_text", "text": ""}}]},
    _select(action_id=""),
    _select(options=[]),
    _select(options=OPTIONS * 51),
    _select(options=[{"text": {"type": "plain_text", "text": "x" * 76}, "value": "x"}]),
    _select(options=[{"text": {"type": "plain_text", "text": "x"}, "value": "x" * 151}]),
    _select(initial_option={"text": {"type": "plain_text", "text": "wine"}, "value": "wine"}),
]


async def test_a_view_beyond_its_limits_is_refused(workspace: Workspace, sandbox: Sandbox) -> None:
    """Each in one way; nobody is shown anything."""
    client = client_of(sandbox)
    for view in BAD_VIEWS:
        call = client.views_open(trigger_id=workspace.views.give_trigger("U0ADA1234"), view=view)
        assert await error_of(call) == "invalid_arguments", view
    assert not workspace.views.modals
