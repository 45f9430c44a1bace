"""What the app is sent for a slash command, a shortcut, a button and a modal, as real payloads have it.

Slack docs, Slash commands (Preparing your app to receive commands), and Interaction payloads (message_action,
block_actions, view_submission).
"""

from typing import Any

from deploy.sandbox.slack.roster import APP, TEAM, Channel, User

Payload = dict[str, Any]
NAMES = {"im": "directmessage", "group": "privategroup"}  # what stands for the names of these kinds of channel
TOKEN = "deprecated-verification-token"  # noqa: S105 - Slack still sends it, and nobody should look at it
DOMAIN = "sandbox"


def command(name: str, text: str, room: Channel, person: User, trigger: str, response_url: str) -> Payload:
    """Return a slash command: all of its fields are strings, since over HTTP they are a form's."""
    return {
        "token": TOKEN,
        "team_id": TEAM,
        "team_domain": DOMAIN,
        "channel_id": room.id,
        "channel_name": NAMES.get(room.kind, room.name),
        "user_id": person.id,
        "user_name": person.name,
        "command": name,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger,
    }


def message_action(
    callback_id: str, room: Channel, body: Payload, person: User, stamp: str, trigger: str, response_url: str
) -> Payload:
    """Return a message shortcut; `body` is the whole message, and `stamp` the ts of the choice itself."""
    return {
        "type": "message_action",
        "token": TOKEN,
        "action_ts": stamp,
        **_who(person),
        "channel": {"id": room.id, "name": NAMES.get(room.kind, room.name)},
        "callback_id": callback_id,
        "trigger_id": trigger,
        "response_url": response_url,
        "message_ts": body["ts"],
        "message": body,
    }


def block_actions(person: User, view: Payload, button: Payload, stamp: str, trigger: str) -> Payload:
    """Return the press of a button in a view."""
    action = {name: button[name] for name in ("type", "action_id", "text")} | {
        "block_id": "actions",
        "action_ts": stamp,
    }
    return {
        "type": "block_actions",
        "token": TOKEN,
        "api_app_id": APP,
        **_who(person),
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": trigger,
        "view": {**view, "state": {"values": {}}},
        "actions": [action],
    }


def message_block_actions(
    person: User, room: Channel, body: Payload, button: Payload, stamp: str, trigger: str, response_url: str
) -> Payload:
    """Return the press of a button under a message; `body` is the whole message."""
    action = {
        name: button[name] for name in ("type", "action_id", "block_id", "text", "value", "style") if name in button
    }
    thread = {"thread_ts": body["thread_ts"]} if "thread_ts" in body else {}
    return {
        "type": "block_actions",
        "token": TOKEN,
        "api_app_id": APP,
        **_who(person),
        "container": {
            "type": "message",
            "message_ts": body["ts"],
            "channel_id": room.id,
            "is_ephemeral": False,
            **thread,
        },
        "trigger_id": trigger,
        "channel": {"id": room.id, "name": NAMES.get(room.kind, room.name)},
        "message": body,
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [{**action, "action_ts": stamp}],
    }


def view_submission(person: User, view: Payload, values: Payload, trigger: str) -> Payload:
    """Return a modal that was sent; `values` by block_id and action_id."""
    return {
        "type": "view_submission",
        "token": TOKEN,
        "api_app_id": APP,
        **_who(person),
        "trigger_id": trigger,
        "view": {**view, "state": {"values": values}},
        "response_urls": [],
    }


def _who(person: User) -> Payload:
    user = {"id": person.id, "username": person.name, "team_id": TEAM, "name": person.name}
    team = {"id": TEAM, "domain": DOMAIN}
    return {"team": team, "user": user, "is_enterprise_install": False, "enterprise": None}
