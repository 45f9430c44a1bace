"""Modals and the app's home: views.open and views.publish, and what stands open before whom.

Slack docs: views.open, views.publish, Modals (a trigger serves once, and for three seconds), View objects.
"""

import time
import uuid

from deploy.sandbox.slack.api import Answer, Method
from deploy.sandbox.slack.arguments import Arguments, decoded
from deploy.sandbox.slack.changes import Change
from deploy.sandbox.slack.limits import TIER_4
from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.view_rules import check_view
from deploy.sandbox.slack.view_state import View
from deploy.sandbox.slack.workspace import Workspace


def open_view(workspace: Workspace, arguments: Arguments) -> Answer:
    """Show a modal to whoever set off the interaction that the trigger is of."""
    view = decoded(arguments, "view")
    check_view(view, "modal")
    user = workspace.views.exchange(str(arguments.get("trigger_id") or ""))
    workspace.views.modals[user] = _shown(workspace, view)
    workspace.changes.tell(Change("view", "", "", None, user))
    return {"view": workspace.views.modals[user]}


def publish_view(workspace: Workspace, arguments: Arguments) -> Answer:
    """Show a person the app's home."""
    view, user = decoded(arguments, "view"), str(arguments.get("user_id"))
    if user not in workspace.users:
        raise Refused("user_not_found")
    check_view(view, "home")
    workspace.views.homes[user] = _shown(workspace, view)
    workspace.changes.tell(Change("view", "", "", None, user))
    return {"view": workspace.views.homes[user]}


def _shown(workspace: Workspace, view: View) -> View:
    own = {"id": f"V{uuid.uuid4().hex[:10].upper()}", "team_id": workspace.team, "app_id": workspace.app_id}
    return {
        "private_metadata": "",
        "callback_id": "",
        **view,
        **own,
        "bot_id": workspace.bot_id,
        "hash": f"{time.time()}",
    }


METHODS = {"views.open": Method(open_view, TIER_4), "views.publish": Method(publish_view, TIER_4)}
