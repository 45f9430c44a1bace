"""What a person does with the app's views: opens its home, presses a button there, sends a modal.

Slack docs: app_home_opened, Interaction payloads (block_actions, view_submission), Modals (response_action).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.sandbox.slack import interaction_payloads as payloads
from deploy.sandbox.slack.changes import Change
from deploy.sandbox.slack.view_rules import check_view
from deploy.sandbox.slack.workspace import Workspace

View = dict[str, Any]


async def open_home(workspace: Workspace, user: str = "U0ADA1234") -> None:
    """Open the app's home: app_home_opened, tab `home`, with the view that stands there already."""
    room, now = workspace.direct(user), workspace.stamp()
    event = {"type": "app_home_opened", "user": user, "channel": room, "tab": "home", "event_ts": now}
    if "app_home_opened" in workspace.subscriptions:
        home = workspace.views.homes.get(user)
        await workspace.send_event({**event, "view": home} if home else event)


async def press_button(workspace: Workspace, action_id: str, user: str = "U0ADA1234") -> str:
    """Press a button in the app's home; return the fault that the person sees, empty for none.

    Raises LookupError if there is none of this id.
    """
    home = workspace.views.homes.get(user, {"blocks": []})
    button = next((each for each in _elements(home) if each.get("action_id") == action_id), None)
    if button is None:
        raise LookupError(f"No button {action_id!r} is in this home.")
    trigger = workspace.views.give_trigger(user)
    pressed = payloads.block_actions(workspace.users[user], home, button, workspace.stamp(), trigger)
    return (await workspace.courier.interact("interactive", pressed)).fault


async def submit_modal(workspace: Workspace, choices: Mapping[str, str], user: str = "U0ADA1234") -> str:
    """Choose these values, by block_id, in the modal that is open, and send it; return the fault that is seen.

    What is not chosen anew stays at its initial option. Raises LookupError if no modal is open, or it has no such block
    or option.
    """
    view = workspace.views.modals.get(user)
    if view is None:
        raise LookupError("No modal is open.")
    inputs = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    if strangers := set(choices) - set(inputs):
        raise LookupError(f"The modal has no {strangers}.")
    values = {name: {element["action_id"]: _chosen(element, choices.get(name))} for name, element in inputs.items()}
    sent = payloads.view_submission(workspace.users[user], view, values, workspace.views.give_trigger(user))
    receipt = await workspace.courier.interact("interactive", sent)
    if not receipt.fault:
        _respond(workspace, user, receipt.body)
    return receipt.fault


def close_modal(workspace: Workspace, user: str = "U0ADA1234") -> None:
    """Close the modal that is open, if one is; no app here asks to be told of it (Slack docs, notify_on_close)."""
    if workspace.views.modals.pop(user, None):
        workspace.changes.tell(Change("view", "", "", None, user))


def read_view(view: View) -> str:
    """Return all that a view shows, line by line."""
    return "\n".join(_texts(view["blocks"]))


def _respond(workspace: Workspace, user: str, body: View) -> None:
    """Close the modal, or show what takes its place."""
    if body.get("response_action") == "update":
        check_view(body["view"], "modal")
        workspace.views.modals[user] = {**workspace.views.modals[user], **body["view"]}
    elif body.get("response_action") != "errors":
        del workspace.views.modals[user]
    workspace.changes.tell(Change("view", "", "", None, user))


def _chosen(element: View, value: str | None) -> View:
    if value is None:
        return {"type": element["type"], "selected_option": element.get("initial_option")}
    option = next((each for each in element["options"] if each["value"] == value), None)
    if option is None:
        raise LookupError(f"There is no option {value!r}.")
    return {"type": element["type"], "selected_option": option}


def _elements(view: View) -> Iterator[View]:
    for block in view["blocks"]:
        yield from block.get("elements", [])


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in blocks, those of options left out."""
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            elif name != "options":
                yield from _texts(inner)
