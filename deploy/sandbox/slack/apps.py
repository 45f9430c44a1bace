"""api.test, auth.test, apps.connections.open, team.info, bots.info and users.* (Slack docs, these methods)."""

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


METHODS = {
    "api.test": Method(api_test, TIER_4),
    "auth.test": Method(auth_test, _HUNDREDS),
    "apps.connections.open": Method(connections_open, TIER_1, app_level=True),
    "team.info": Method(team_info, TIER_3, ("team:read",)),
    "users.info": Method(users_info, TIER_4, ("users:read",)),
    "users.list": Method(users_list, TIER_2, ("users:read",)),
    "bots.info": Method(bots_info, TIER_3, ("users:read",)),
}
