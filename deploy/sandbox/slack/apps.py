"""api.test, auth.test, apps.*, team.info, bots.info and users.* (Slack docs, these methods)."""

import json
from typing import Any

from deploy.sandbox.slack.api import Answer, Method
from deploy.sandbox.slack.arguments import Arguments
from deploy.sandbox.slack.limits import TIER_1, TIER_2, TIER_3, TIER_4, Rate
from deploy.sandbox.slack.paging import page
from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.workspace import Workspace

_HUNDREDS = Rate(600, 600)  # Slack docs, auth.test: "special, hundreds of requests a minute"


def auth_test(workspace: Workspace, _arguments: Arguments) -> Answer:
    """Tell the app who it is."""
    return {
        "url": "https://sandbox.slack.com/",
        "team": "Sandbox",
        "user": workspace.users[workspace.bot_user].name,
        "team_id": workspace.team,
        "user_id": workspace.bot_user,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def api_test(_workspace: Workspace, arguments: Arguments) -> Answer:
    """Give the arguments back, or refuse with the `error` that they ask for."""
    if "error" in arguments:
        raise Refused(str(arguments["error"]), {"args": arguments})
    return {"args": arguments}


def connections_open(workspace: Workspace, _arguments: Arguments) -> Answer:
    """Give the address of one new Socket Mode connection."""
    address = workspace.url.replace("http", "ws", 1)
    return {"url": f"{address}/slack/socket?ticket={workspace.courier.sockets.ticket()}&app_id={workspace.app_id}"}


def team_info(workspace: Workspace, _arguments: Arguments) -> Answer:
    """Describe the workspace."""
    return {"team": {"id": workspace.team, "name": "Sandbox", "domain": "sandbox", "email_domain": ""}}


def users_info(workspace: Workspace, arguments: Arguments) -> Answer:
    """Describe one member."""
    user = workspace.users.get(str(arguments.get("user", "")))
    if user is None:
        raise Refused("user_not_found")
    return {"user": user.as_json()}


def users_list(workspace: Workspace, arguments: Arguments) -> Answer:
    """Describe every member, in pages."""
    return page("members", [user.as_json() for user in workspace.users.values()], arguments)


def bots_info(workspace: Workspace, arguments: Arguments) -> Answer:
    """Describe one bot, by its bot id."""
    found = [user for user in workspace.users.values() if user.bot_id and user.bot_id == arguments.get("bot")]
    if not found:
        raise Refused("bot_not_found")
    bot = found[0]
    own = bot.id == workspace.bot_user
    app = workspace.app_id if own else "A0OTHER12"
    return {"bot": {"id": bot.bot_id, "name": bot.real_name, "app_id": app, "user_id": bot.id, "deleted": False}}


def manifest_create(workspace: Workspace, arguments: Arguments) -> Answer:
    """Make an app, this workspace's own, of a manifest with a name and a bot (Slack docs, App manifests)."""
    manifest = _manifest_of(arguments.get("manifest"))
    faults = [
        {"message": f"Missing required field: {field}", "pointer": f"/{area}/{field}"}
        for area, field in (("display_information", "name"), ("features", "bot_user"), ("oauth_config", "scopes"))
        if not isinstance(manifest.get(area), dict) or field not in manifest[area]
    ]
    if faults:
        raise Refused("invalid_manifest", {"errors": faults})
    secrets = {
        "client_id": "1.2",
        "client_secret": f"{5:032x}",
        "verification_token": "v",
        "signing_secret": f"{6:032x}",
    }
    asking = f"https://slack.com/oauth/v2/authorize?client_id={secrets['client_id']}"
    return {"app_id": workspace.app_id, "credentials": secrets, "oauth_authorize_url": asking}


def _manifest_of(given: object) -> dict[str, Any]:
    try:
        manifest = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        raise Refused("invalid_manifest", {"errors": [{"message": "manifest is no JSON", "pointer": "/"}]})
    return manifest


METHODS = {
    "api.test": Method(api_test, TIER_4),
    "auth.test": Method(auth_test, _HUNDREDS),
    "apps.connections.open": Method(connections_open, TIER_1, caller="app"),
    "apps.manifest.create": Method(manifest_create, TIER_1, caller="configuration"),
    "team.info": Method(team_info, TIER_3, ("team:read",)),
    "users.info": Method(users_info, TIER_4, ("users:read",)),
    "users.list": Method(users_list, TIER_2, ("users:read",)),
    "bots.info": Method(bots_info, TIER_3, ("users:read",)),
}
